//! This program started again: as a process that appends, or as a user who may only read.

use std::env;
use std::fs;
use std::io::{ErrorKind, Read, Write, stdin, stdout};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use fractalaw_ledger::*;

use crate::lab::*;

const LEDGER: &str = "FRACTALAW_TEST_LEDGER";
const TASK: &str = "FRACTALAW_TEST_TASK";
/// The name of a process's runs.
const NAME: &str = "FRACTALAW_TEST_NAME";
const THREADS: u64 = 3;

/// The entries of the run with this number.
pub(crate) fn trail(number: u64) -> Vec<Event> {
    (0..number % 5)
        .map(|index| event(number * 10 + index))
        .collect()
}

fn command(program: &Path, ledger: &Path, task: &str) -> Command {
    let mut command = Command::new(program);
    command
        .args(["--exact", "child::task", "--nocapture"])
        .env(LEDGER, ledger)
        .env(TASK, task)
        .stdin(Stdio::null());
    command
}

/// A process with three threads that append: `runs` runs each, or without end. Standard output has a line `ack
/// begun RUN NUMBER` or `ack finished RUN NUMBER` for each run that was acknowledged.
pub(crate) fn appends(ledger: &Path, durability: &str, runs: u64) -> Child {
    appends_as("load", ledger, durability, runs, Stdio::null())
}

/// The same with another name for the runs. The last run begins when standard input is at its end, which is at
/// once unless it is set.
pub(crate) fn appends_as(
    name: &str,
    ledger: &Path,
    durability: &str,
    runs: u64,
    stdin: Stdio,
) -> Child {
    command(
        &env::current_exe().unwrap(),
        ledger,
        &format!("{durability} {runs}"),
    )
    .env(NAME, name)
    .stdin(stdin)
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .unwrap()
}

/// What opening the ledger says to another user.
pub(crate) fn opens(ledger: &Path) -> String {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    let place = tempfile::tempdir().unwrap();
    let program = place.path().join("child");
    fs::copy(env::current_exe().unwrap(), &program).unwrap();
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = command(&program, ledger, "open");
    if fs::metadata(&program).unwrap().uid() == 0 {
        command.uid(65534).gid(65534);
    }
    command.current_dir("/");
    // A process that another test starts meanwhile may have the new file open for writing until it runs its program.
    let output = loop {
        match command.output() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => thread::yield_now(),
            output => break output.unwrap(),
        }
    };
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .filter(|line| line.starts_with("append: ") || line.starts_with("read: "))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// Does nothing, unless the environment tells it to.
#[test]
fn task() {
    let (Some(path), Ok(task)) = (env::var_os(LEDGER), env::var(TASK)) else {
        return;
    };
    let path = PathBuf::from(path);
    // The harness has begun a line.
    say("\n");
    if task == "open" {
        return open(&path);
    }
    let (durability, runs) = task.split_once(' ').unwrap();
    let durability = match durability {
        "entry" => Durability::Entry,
        "run" => Durability::Run,
        _ => Durability::Group,
    };
    let options = Options {
        durability,
        ..Options::default()
    };
    let ledger = Ledger::open(&path, options).unwrap();
    let runs: u64 = runs.parse().unwrap();
    let name = env::var(NAME).unwrap();
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (ledger, name) = (&ledger, &*name);
            scope.spawn(move || {
                for number in 0..runs {
                    if (thread, number) == (0, runs - 1) {
                        stdin().read_to_end(&mut Vec::new()).unwrap();
                    }
                    append(ledger, durability, name, number * THREADS + thread);
                }
            });
        }
    });
    ledger.settle().unwrap();
}

fn append(ledger: &Ledger, durability: Durability, name: &str, number: u64) {
    let run = ledger.begin_run(&opening(name), T0).unwrap();
    let id = run.run_id();
    say(&format!("ack begun {id} {number}\n"));
    finish(run, durability, trail(number));
    say(&format!("ack finished {id} {number}\n"));
}

fn open(path: &Path) {
    if let Err(error) = Ledger::open(path, Options::default()) {
        say(&format!("append: {error}\n"));
    }
    match verify_file(path, &Trust::default()) {
        Ok(verified) => say(&format!("read: {} entries\n", verified.entries)),
        Err(error) => say(&format!("read: {error}\n")),
    }
}

/// Written at once, so that the text is in the pipe when the process is killed.
fn say(text: &str) {
    let mut out = stdout().lock();
    out.write_all(text.as_bytes()).unwrap();
    out.flush().unwrap();
}
