//! `fractalaw run --ledger` with a ledger that cannot be used, and the auditor's program beside it.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use fractalaw_testing::{Lab, component, guest};

use crate::ledger::{fractalaw, signal, start, text, told};

#[test]
fn a_ledger_that_stays_locked_keeps_runs_from_starting_and_from_being_acknowledged() {
    let lab = Lab::new();
    let args = [
        "--timeout",
        "1h",
        "--ledger-wait",
        "300ms",
        "--grace",
        "1ms",
    ];
    let mut running = start(&lab, &args);
    let other = rusqlite::Connection::open(&lab.path).unwrap();
    other.busy_timeout(Duration::from_secs(5)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    signal(&running, "-TERM");
    let mut said = told(&mut running);
    let late = fractalaw(&lab, &guest("hello-world"), &["--ledger-wait", "300ms"])
        .spawn()
        .unwrap();
    let path = lab.path.display();
    let why = format!(
        "`{path}` is locked by another program, waited 300ms\nhint: end the program that holds a transaction \
         open, or wait longer\n"
    );
    for (child, code, what) in [
        (
            running,
            14,
            "the run is not acknowledged: the ledger could not be written",
        ),
        (late, 10, "the ledger cannot be written, so nothing runs"),
    ] {
        let mut output = child.wait_with_output().unwrap();
        if code == 14 {
            said.read_to_end(&mut output.stderr).unwrap();
        }
        assert_eq!(text(&output.stderr), format!("error: {what}: {why}"));
        assert_eq!(output.status.code(), Some(code));
        // A result that is not recorded is not handed out.
        assert_eq!(text(&output.stdout), "");
    }
    other.execute_batch("ROLLBACK").unwrap();
    drop(other);
    let verified = lab.verified();
    assert_eq!((verified.entries, verified.open_runs), (3, vec![2]));
}

#[test]
fn a_ledger_that_may_only_be_read_keeps_the_run_from_starting() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    let lab = Lab::new();
    // As another user, because permissions do not restrict root.
    let program = lab.folder.path().join("fractalaw");
    fs::copy(env!("CARGO_BIN_EXE_fractalaw"), &program).unwrap();
    let wasm = lab.folder.path().join("a.wasm");
    fs::write(&wasm, component("", "")).unwrap();
    let mode = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(&wasm, 0o444);
    mode(&lab.path, 0o444);
    mode(lab.folder.path(), 0o555);
    let mut command = Command::new(&program);
    command
        .args(["run", "--no-cache"])
        .arg(&wasm)
        .arg("--ledger")
        .arg(&lab.path)
        .stdin(Stdio::null());
    if fs::metadata(&program).unwrap().uid() == 0 {
        command.uid(65534).gid(65534);
    }
    let output = command.output().unwrap();
    mode(lab.folder.path(), 0o755);
    assert_eq!(
        text(&output.stderr),
        format!(
            "error: the ledger cannot be written, so nothing runs: `{}` is read-only, expected to append \
             to it\nhint: give the host's user write access to the file and its folder\n",
            lab.path.display()
        )
    );
    assert_eq!(output.status.code(), Some(10));
    assert_eq!(text(&output.stdout), "");
    assert_eq!(lab.count(), 1);
}

#[test]
fn a_ledger_that_is_not_there_is_wrong_usage_unless_it_is_to_be_made() {
    let mut lab = Lab::new();
    lab.path = lab.folder.path().join("new/audit.ledger");
    let hello = guest("hello-world");
    let output = fractalaw(&lab, &hello, &[]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        text(&output.stderr),
        format!(
            "error: the ledger cannot be written, so nothing runs: there is no ledger `{0}`\n\
             hint: make one with `fractalaw ledger init {0} --key {0}.key --node NAME`\n",
            lab.path.display()
        )
    );
    for runs in [1, 2] {
        let output = fractalaw(&lab, &hello, &["--create-ledger"])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert_eq!(lab.verified().runs, runs);
    }
    let key = lab.folder.path().join("new/audit.ledger.key");
    assert!(key.is_file());
    // SQLite counts milliseconds in 32 bits.
    let output = fractalaw(&lab, &hello, &["--ledger-wait", "25days"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

#[test]
fn ledger_is_the_auditors_program_beside_our_own_or_on_the_path() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bin");
    fs::create_dir(&path).unwrap();
    let program = folder.path().join("fractalaw");
    if fs::hard_link(env!("CARGO_BIN_EXE_fractalaw"), &program).is_err() {
        fs::copy(env!("CARGO_BIN_EXE_fractalaw"), &program).unwrap();
    }
    let ledger = || {
        Command::new(&program)
            .args(["ledger", "verify", "a.ledger", "--help", "--", "-x"])
            .env("PATH", format!("{}:/usr/bin:/bin", path.display()))
            .output()
            .unwrap()
    };
    let output = ledger();
    assert_eq!(output.status.code(), Some(10));
    assert_eq!(
        text(&output.stderr),
        "error: `fractalaw-ledger` is neither beside `fractalaw` nor on the path\nhint: build it with \
         `cargo build -p fractalaw-auditor`, or use `cargo xtask ledger`\n"
    );
    let stand_in = |folder: &Path, name: &str| {
        let file = folder.join("fractalaw-ledger");
        fs::write(&file, format!("#!/bin/sh\necho {name} \"$@\"\nexit 7\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    };
    for (folder, name) in [(&*path, "path"), (folder.path(), "beside")] {
        stand_in(folder, name);
        let output = ledger();
        assert_eq!(output.status.code(), Some(7), "{}", text(&output.stderr));
        assert_eq!(
            text(&output.stdout),
            format!("{name} verify a.ledger --help -- -x\n")
        );
    }
}
