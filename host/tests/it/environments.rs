//! Nothing of the host's environment shows in a deterministic run. The cases of `tests/cases`, in processes with
//! surroundings that differ as much as possible, give the same reports, byte for byte.
//!
//! The features of the processor are not among the rows. Wasmtime takes them from the machine, and other features
//! would be another configuration of the engine, of which there is only one.

use std::env;
use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use fractalaw_host::{Certainty, DirGrant, Host, LoadError, Run};
use serde_json::Value;
use tempfile::TempDir;

use crate::components::{RUNTIME, cache, guest_bytes, policy_of_cases, workspace};

/// Where a process that is started here writes its reports.
const REPORTS: &str = "FRACTALAW_TEST_REPORTS";

/// Where it keeps compiled code.
const COMPILED: &str = "FRACTALAW_TEST_COMPILED";

/// Whether it runs every case, as `cargo xtask test --all` does, or only those of [`TELLING`], which takes
/// seconds.
const EVERY_CASE: &str = "FRACTALAW_TEST_EVERY_CASE";

/// The guests that look at their surroundings most, and those that do not end by returning.
const TELLING: [&str; 7] = [
    "exits",
    "file-facts",
    "granted-inputs",
    "panics",
    "sleeper",
    "time-and-chance",
    "waits-and-streams",
];

/// A user who owns nothing, on every system.
const NOBODY: u32 = 65_534;

/// A process's surroundings: their name, the program that it is started through, and what else is changed.
type Row = (&'static str, &'static [&'static str], fn(&mut Command));

const ROWS: [Row; 13] = [
    ("no variables", &[], |command| {
        command.env_clear();
    }),
    ("backtraces", &[], |command| {
        command.env("RUST_BACKTRACE", "full");
        command.env("WASMTIME_BACKTRACE_DETAILS", "1");
    }),
    ("another language", &[], |command| {
        command.envs([("LC_ALL", "de_DE.UTF-8"), ("LANGUAGE", "ja"), ("LANG", "C")]);
    }),
    ("another time zone", &[], |command| {
        command.env("TZ", "Pacific/Kiritimati");
    }),
    ("logs", &[], |command| {
        command.envs([("RUST_LOG", "trace"), ("WASMTIME_LOG", "trace")]);
    }),
    ("one thread of each kind", &[], |command| {
        command.envs([("RAYON_NUM_THREADS", "1"), ("TOKIO_WORKER_THREADS", "1")]);
    }),
    ("another folder", &[], |command| {
        command.current_dir("/").envs([("HOME", "/"), ("PWD", "/")]);
    }),
    // This file system lists files in another order than a disk.
    ("files in memory", &[], |command| {
        command.env("TMPDIR", "/dev/shm");
    }),
    (
        "a mask that leaves nothing to others",
        &["sh", "-c", "umask 077; exec \"$@\"", "sh"],
        |_| (),
    ),
    (
        "small limits",
        &["sh", "-c", "ulimit -n 128 -c 0 -s 4096; exec \"$@\"", "sh"],
        |_| (),
    ),
    ("one processor", &["taskset", "-c", "0"], |_| ()),
    (
        "addresses that are the same each time",
        &["setarch", "-R"],
        |_| (),
    ),
    ("nobody", &[], |command| {
        command.uid(NOBODY).gid(NOBODY).env("USER", "nobody");
    }),
];

#[test]
fn reports_are_the_same_in_every_environment() {
    let expected = reports("as it is", &[], |_| ());
    assert_eq!(expected.lines().count(), cases().len(), "{expected}");
    let busy = AtomicBool::new(true);
    thread::scope(|scope| {
        scope.spawn(|| {
            while busy.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
        });
        let idle = Idle(&busy);
        let possible = ROWS.iter().filter(|row| is_possible(row));
        let found: Vec<_> = possible
            .map(|&(name, through, change)| (name, reports(name, through, change)))
            .collect();
        drop(idle);
        for (name, found) in found {
            let pairs = expected.lines().zip(found.lines());
            let differ = pairs
                .into_iter()
                .find(|(expected, found)| expected != found);
            assert_eq!(differ, None, "{name}");
            assert_eq!(expected.len(), found.len(), "{name}");
        }
    });
}

/// Ends the thread that keeps a processor busy, also if a row fails.
struct Idle<'a>(&'a AtomicBool);

impl Drop for Idle<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// Whether this machine has what the row needs, and lets another user read the workspace.
fn is_possible((name, through, _): &&Row) -> bool {
    let reads = |place: &Path| {
        let mut test = Command::new("test");
        test.arg("-r").arg(place).uid(NOBODY).gid(NOBODY);
        test.status().is_ok_and(|status| status.success())
    };
    match *name {
        "nobody" => {
            reads(&env::current_exe().unwrap()) && reads(&workspace().join("tests/policy.toml"))
        }
        "files in memory" => Path::new("/dev/shm").is_dir(),
        _ => through
            .first()
            .is_none_or(|program| Command::new(program).arg("--version").output().is_ok()),
    }
}

/// The reports of a process in these surroundings: this program, in which one test runs the cases.
fn reports(name: &str, through: &[&str], change: fn(&mut Command)) -> String {
    let place = tempfile::tempdir().unwrap();
    let (reports, copy) = (place.path().join("reports"), place.path().join("cache"));
    fs::write(&reports, "").unwrap();
    let this = env::current_exe().unwrap();
    let mut command = match through {
        [] => Command::new(this),
        [program, rest @ ..] => {
            let mut command = Command::new(program);
            command.args(rest).arg(this);
            command
        }
    };
    command.args(["--exact", "environments::every_case_once", "--nocapture"]);
    command.env("TMPDIR", place.path());
    change(&mut command);
    command.env(REPORTS, &reports);
    for name in ["FRACTALAW_GUESTS", "CARGO_TARGET_DIR"] {
        command.envs(env::var_os(name).map(|value| (name, value)));
    }
    if let Some(every) = env::var_os(EVERY_CASE) {
        command.env(EVERY_CASE, every);
    }
    if name == "nobody" {
        copy_folder(&cache(), &copy);
        give_away(place.path());
        command.env(COMPILED, copy);
    }
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{name}: {said}");
    fs::read_to_string(&reports).unwrap()
}

fn give_away(path: &Path) {
    chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            give_away(&entry.unwrap().path());
        }
    }
}

/// Does nothing unless the program was started for it.
#[test]
fn every_case_once() {
    let Some(reports) = env::var_os(REPORTS).map(PathBuf::from) else {
        return;
    };
    let policy = policy_of_cases();
    let compiled = env::var_os(COMPILED).map_or_else(cache, PathBuf::from);
    let host = Host::builder()
        .slots(1)
        .cache(compiled)
        .policy(policy)
        .build()
        .unwrap();
    let lines: Vec<_> = cases().iter().map(|case| report(&host, case)).collect();
    fs::write(reports, lines.join("\n")).unwrap();
}

fn cases() -> Vec<PathBuf> {
    let entries = |folder: &Path| {
        let entries = fs::read_dir(folder).unwrap();
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    };
    let mut subjects = entries(&workspace().join("tests/cases"));
    if env::var_os(EVERY_CASE).is_none() {
        subjects.retain(|subject| TELLING.iter().any(|name| subject.ends_with(name)));
    }
    let files = subjects.iter().flat_map(|subject| entries(subject));
    files
        .filter(|file| file.extension().is_some_and(|kind| kind == "toml"))
        .collect()
}

/// The name of the case and its report on one line, without what depends on the machine: the durations, and the
/// fuel of a run that was cut off by the clock or the stack.
fn report(host: &Host, case: &Path) -> String {
    let folder = case.parent().unwrap();
    let subject = folder.file_name().unwrap().to_str().unwrap();
    let name = format!("{subject}/{}", case.file_stem().unwrap().to_str().unwrap());
    let app = match host.load(&guest_bytes(subject)) {
        Ok(app) => app,
        Err(LoadError::Refused(refusal)) => return format!("{name}: {refusal}"),
        Err(LoadError::Host(error)) => panic!("{name}: {error}"),
    };
    let text = fs::read_to_string(case).unwrap();
    let (run, _folders) = request(&toml::from_str(&text).unwrap(), folder);
    let report = RUNTIME.block_on(host.run(&app, &run)).unwrap();
    if report.fuel.certainty == Certainty::Unrepeatable {
        return format!(
            "{name}: {} after {} entries",
            report.outcome,
            report.audit.len()
        );
    }
    let mut report: Value = serde_json::from_str(&report.json()).unwrap();
    report.as_object_mut().unwrap().remove("durations_us");
    format!("{name}: {report}")
}

/// What a case asks for, with copies of its folders.
fn request(case: &toml::Table, folder: &Path) -> (Run, Vec<TempDir>) {
    let text = |value: &toml::Value| value.as_str().map(str::to_owned).unwrap();
    let (mut run, mut copies) = (Run::new().deterministic().trace(), Vec::new());
    if let Some(seed) = case.get("seed").and_then(|seed| seed.as_integer()) {
        run = run.seed(seed.try_into().unwrap());
    }
    let table = |key: &str| case.get(key).and_then(|value| value.as_table());
    for (key, value) in table("limits").into_iter().flatten() {
        run = match &**key {
            "tier" => run.tier(text(value).parse().unwrap()),
            "fuel" => run.fuel(value.as_integer().unwrap().try_into().unwrap()),
            "timeout" => run.deadline(humantime::parse_duration(&text(value)).unwrap()),
            "memory" => {
                let size: bytesize::ByteSize = text(value).parse().unwrap();
                run.memory_bytes(size.as_u64().try_into().unwrap())
            }
            other => panic!("{other}"),
        };
    }
    for (key, value) in table("grants").into_iter().flatten() {
        run = match (&**key, value) {
            ("args", toml::Value::Array(args)) => args.iter().map(text).fold(run, Run::arg),
            ("env", toml::Value::Table(env)) => env
                .iter()
                .fold(run, |run, (name, value)| run.env(name, text(value))),
            ("stdin", value) => run.stdin(text(value)),
            ("stdin-file", value) => run.stdin(fs::read(folder.join(text(value))).unwrap()),
            ("dirs", toml::Value::Array(dirs)) => dirs.iter().fold(run, |run, dir| {
                let copy = tempfile::tempdir().unwrap();
                copy_folder(&folder.join(text(&dir["host"])), copy.path());
                let grant = DirGrant {
                    host: copy.path().to_owned(),
                    guest: text(&dir["guest"]),
                    writable: dir.get("writable").and_then(|value| value.as_bool()) == Some(true),
                };
                copies.push(copy);
                run.dir(grant)
            }),
            (other, _) => panic!("{other}"),
        };
    }
    (run, copies)
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            // Other processes may delete files of the cache meanwhile.
            let _ = fs::copy(entry.path(), to);
        }
    }
}
