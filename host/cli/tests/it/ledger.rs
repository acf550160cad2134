//! The ledger from the command line: processes that are killed, told to end, and that wait for each other.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use fractalaw_host::Inspection;
use fractalaw_testing::{DURABILITIES, Lab, component, guest, slow_to_compile};

const ENDLESS: &str = "(call $record) (loop $again (br $again))";

pub(crate) fn fractalaw(lab: &Lab, component: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fractalaw"));
    command
        .args(["run", "--no-cache"])
        .arg(component)
        .arg("--ledger")
        .arg(&lab.path)
        .args(args)
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn endless(lab: &Lab) -> PathBuf {
    let path = lab.folder.path().join("endless.wasm");
    fs::write(&path, component("", ENDLESS)).unwrap();
    path
}

/// Starts an endless run and waits until its first entry is on disk.
pub(crate) fn start(lab: &Lab, args: &[&str]) -> Child {
    let before = lab.count();
    let mut all = vec!["--durability", "entry", "--fuel", "18446744073709551615"];
    all.extend(args);
    let mut child = fractalaw(lab, &endless(lab), &all).spawn().unwrap();
    wait_for(lab, &mut child, before + 2);
    child
}

fn wait_for(lab: &Lab, child: &mut Child, entries: u64) {
    while lab.count() < entries {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        std::thread::yield_now();
    }
}

pub(crate) fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn is_one_file(lab: &Lab) -> bool {
    ["-wal", "-shm"].iter().all(|suffix| {
        let mut name = lab.path.as_os_str().to_owned();
        name.push(suffix);
        !Path::new(&name).exists()
    })
}

#[test]
fn a_process_that_is_killed_leaves_its_run_cut_off_and_its_trail() {
    let lab = Lab::new();
    let mut child = start(&lab, &["--timeout", "1h"]);
    child.kill().unwrap();
    child.wait().unwrap();
    let verified = lab.verified();
    assert_eq!((verified.entries, verified.open_runs), (3, vec![2]));
    // The next run can use it.
    let output = fractalaw(&lab, &guest("hello-world"), &[])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(lab.outcomes(), [None, Some("completed".to_owned())]);
    assert_eq!(lab.verified().entries, 6);
}

/// As if a component overflowed the compiler's stack: the ledger says which component it was.
#[test]
fn a_process_that_ends_while_it_compiles_leaves_an_opening() {
    for (name, code, outcome) in [
        ("-KILL", None, None),
        ("-TERM", Some(13), Some("interrupted".to_owned())),
    ] {
        let lab = Lab::new();
        let path = lab.folder.path().join("slow.wasm");
        fs::write(&path, slow_to_compile()).unwrap();
        let args = ["--grace", "10ms"];
        let mut child = fractalaw(&lab, &path, &args).spawn().unwrap();
        wait_for(&lab, &mut child, 2);
        signal(&child, name);
        let status = child.wait_with_output().unwrap().status;
        assert_eq!(status.code(), code, "{name}");
        assert_eq!(lab.outcomes(), [outcome]);
        let opened: serde_json::Value = serde_json::from_str(&lab.entries()[0].detail).unwrap();
        let digest = Inspection::of(&slow_to_compile()).unwrap().app.digest;
        assert_eq!(opened["sha256"], *digest);
        assert_eq!(lab.verified().runs, 1);
    }
}

#[test]
fn a_process_that_is_told_to_end_cuts_the_run_off_and_closes_the_ledger() {
    for name in ["-TERM", "-INT"] {
        let lab = Lab::new();
        let child = start(&lab, &["--timeout", "1h", "--grace", "100ms"]);
        signal(&child, name);
        let Output {
            status,
            stdout,
            stderr,
        } = child.wait_with_output().unwrap();
        assert_eq!(status.code(), Some(13), "{}", text(&stderr));
        let begin = "interrupted: the host was told to stop\n\n--- Audit Trail (1 entries) ---\n";
        assert!(text(&stdout).starts_with(begin), "{}", text(&stdout));
        let told = "told to end: the run has 100ms, and a second signal cuts it off at once\n";
        assert!(text(&stderr).starts_with(told), "{}", text(&stderr));
        assert!(is_one_file(&lab));
        assert_eq!(lab.outcomes(), [Some("interrupted".to_owned())]);
        assert_eq!(lab.verified().entries, 4);
    }
}

/// Waits until the process says that it was told to end, because two signals that arrive together count as one.
pub(crate) fn told(child: &mut Child) -> BufReader<ChildStderr> {
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut told = String::new();
    said.read_line(&mut told).unwrap();
    assert!(told.starts_with("told to end: "), "{told}");
    said
}

/// Whether it handles `SIGTERM`, as Linux shows it.
fn listens(child: &Child) -> bool {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = u64::from_str_radix(caught.unwrap().trim(), 16).unwrap();
    caught & (1 << (15 - 1)) != 0
}

#[cfg(target_os = "linux")]
#[test]
fn a_process_that_waits_for_the_ledger_ends_when_it_is_told_to() {
    let lab = Lab::new();
    let other = rusqlite::Connection::open(&lab.path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let args = ["--ledger-wait", "1h", "--grace", "1h"];
    let mut child = fractalaw(&lab, &guest("hello-world"), &args)
        .spawn()
        .unwrap();
    // Until it listens, a signal ends it at once. That is right too, but not what this tests.
    while !listens(&child) {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        std::thread::yield_now();
    }
    signal(&child, "-TERM");
    let mut said = told(&mut child);
    signal(&child, "-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(10));
    let mut why = String::new();
    said.read_to_string(&mut why).unwrap();
    let begin = "error: the ledger cannot be written, so nothing runs: ";
    assert!(
        why.starts_with(begin) && why.contains(" is locked by another program, waited "),
        "{why}"
    );
    other.execute_batch("ROLLBACK").unwrap();
    drop(other);
    assert_eq!(lab.verified().entries, 1);
}

#[test]
fn a_run_whose_ledger_was_moved_meanwhile_is_not_acknowledged() {
    type Happens = fn(&Path);
    let beside = |path: &Path, suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let moved = "the name of `audit.ledger` no longer leads to the ledger that is open: ";
    let cases: [(Happens, String); 3] = [
        (
            |path| fs::rename(path, path.with_extension("moved")).unwrap(),
            format!("{moved}it was moved or removed"),
        ),
        (
            |path| fs::hard_link(path, path.with_extension("other")).unwrap(),
            "`audit.ledger` has 2 names, expected one".to_owned(),
        ),
        (
            |path| fs::remove_file(path.with_extension("ledger-wal")).unwrap(),
            format!("{moved}its `-wal` file was removed"),
        ),
    ];
    for (happens, why) in cases {
        let lab = Lab::new();
        let child = start(&lab, &["--timeout", "1h", "--grace", "1ms"]);
        happens(&lab.path);
        signal(&child, "-TERM");
        let output = child.wait_with_output().unwrap();
        let folder = format!("{}/", lab.folder.path().display());
        let said = text(&output.stderr).replace(&folder, "");
        let error = "\nerror: the run is not acknowledged: the ledger could not be written: ";
        assert!(said.contains(&format!("{error}{why}\nhint: ")), "{said}");
        assert_eq!(output.status.code(), Some(14));
        assert_eq!(text(&output.stdout), "");
        // No new ledger is made where it would use what is left of another.
        if !lab.path.exists() {
            let hello = guest("hello-world");
            let output = fractalaw(&lab, &hello, &["--create-ledger"])
                .output()
                .unwrap();
            let log = beside(&lab.path, "-wal");
            let begin = format!("error: `{}` is left of something else", log.display());
            assert!(text(&output.stderr).starts_with(&begin));
            assert_eq!(output.status.code(), Some(10));
            assert!(!lab.path.exists());
        }
    }
}

/// The system answers a write past a limit with a signal that ends the process, unless the process is prepared.
#[test]
fn a_limit_to_the_size_of_files_is_an_error_and_nothing_is_lost() {
    let lab = Lab::new();
    let wasm = lab.folder.path().join("long.wasm");
    let record =
        "(call $record-raw (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 4) (i32.const 0)
                  (i32.const 30000))";
    fs::write(&wasm, component("", &record.repeat(3))).unwrap();
    // In blocks of 512 bytes: an opening fits, three long entries do not.
    let output = Command::new("sh")
        .args(["-c", "ulimit -f 128; exec \"$@\"", "sh"])
        .arg(env!("CARGO_BIN_EXE_fractalaw"))
        .args(["run", "--no-cache", "--ledger"])
        .args([&lab.path, &wasm])
        .env_remove("RUST_LOG")
        .output()
        .unwrap();
    let path = lab.path.display();
    let begin = format!(
        "error: the run is not acknowledged: the ledger could not be written: the system did not write to \
         `{path}`\nhint: look for a limit to the size of files (`ulimit -f`), "
    );
    assert!(
        text(&output.stderr).starts_with(&begin),
        "{}",
        text(&output.stderr)
    );
    assert_eq!(output.status.code(), Some(14));
    assert_eq!(text(&output.stdout), "");
    assert_eq!(lab.outcomes(), [None]);
    let output = fractalaw(&lab, &wasm, &[]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(lab.outcomes(), [None, Some("completed".to_owned())]);
    assert_eq!(lab.verified().entries, 1 + 1 + 5);
}

#[test]
fn within_the_grace_period_a_run_ends_by_itself() {
    let lab = Lab::new();
    let child = start(&lab, &["--timeout", "3s", "--grace", "1h"]);
    signal(&child, "-TERM");
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(5));
    assert_eq!(lab.outcomes(), [Some("deadline-exceeded".to_owned())]);
}

#[test]
fn a_second_signal_ends_the_grace_period() {
    let lab = Lab::new();
    let mut child = start(&lab, &["--timeout", "1h", "--grace", "1h"]);
    signal(&child, "-TERM");
    let _said = told(&mut child);
    assert!(child.try_wait().unwrap().is_none());
    signal(&child, "-TERM");
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(13));
    assert_eq!(lab.outcomes(), [Some("interrupted".to_owned())]);
}

#[test]
fn several_processes_append_to_one_ledger() {
    let lab = Lab::new();
    let hello = guest("hello-world");
    let children: Vec<Child> = (0..9)
        .map(|index| {
            let (_, durability) = DURABILITIES[index % 3];
            let args = ["--durability", durability];
            fractalaw(&lab, &hello, &args).spawn().unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    }
    let verified = lab.verified();
    assert_eq!((verified.runs, verified.open_runs), (9, vec![]));
    assert_eq!(verified.entries, 1 + 9 * 3);
}
