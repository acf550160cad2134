//! A process that may open only a few files says so, blames nothing else, and loses nothing that was recorded.

use std::fs;
use std::process::{Command, Output};

use fractalaw_ledger::event;
use fractalaw_testing::{DURABILITIES, Lab, guest};

const HINT: &str =
    "hint: the process has as many files open as it may: raise `ulimit -n`, or run fewer at once\n";

fn fractalaw(limit: u32, args: &[&str]) -> Output {
    limited(limit, args).output().unwrap()
}

fn limited(limit: u32, args: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(format!("ulimit -n {limit}; exec \"$0\" \"$@\""));
    command.arg(env!("CARGO_BIN_EXE_fractalaw"));
    command.args(args).env_remove("RUST_LOG");
    command
}

/// However few files the process may open, it says so and blames nothing else.
#[test]
fn too_many_open_files_are_the_hosts_failure() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let granted = format!("{}::/data", folder.path().display());
    let component = guest("file-facts").display().to_string();
    let (mut failed, mut completed) = (Vec::new(), 0);
    for limit in 4..40 {
        let args = ["run", "--no-cache", "--dir", &granted, &component];
        let output = fractalaw(limit, &args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.code() == Some(0) {
            completed += 1;
            continue;
        }
        assert_eq!(output.status.code(), Some(10), "{limit}: {said}");
        let (error, hint) = said.split_once('\n').unwrap();
        assert_eq!(hint, HINT, "{limit}: {said}");
        let (what, why) = error.rsplit_once(": ").unwrap();
        assert_eq!(why, "Too many open files (os error 24)");
        failed.push(what.to_owned());
    }
    failed.dedup();
    let folder = format!(
        "error: could not open granted folder `{}`",
        folder.path().display()
    );
    assert!(failed.contains(&folder), "{failed:?}");
    assert!(
        failed.contains(&"error: could not open a file for the guest".to_owned()),
        "{failed:?}"
    );
    assert!(completed > 0);
}

/// A user's limit is what systems set at first. The host raises it to what they allow at most.
#[test]
fn a_limit_that_can_be_raised_is_raised() {
    let component = guest("hello-world").display().to_string();
    for (limit, code) in [("-n 8", 10), ("-S -n 8", 0)] {
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(format!("ulimit {limit}; exec \"$0\" \"$@\""))
            .arg(env!("CARGO_BIN_EXE_fractalaw"))
            .args(["run", "--no-cache", &component]);
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{limit}: {said}");
    }
}

/// The folders on the way to it are opened one after another. It does not matter which of them fails.
#[test]
fn the_cache_folder_is_what_could_not_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().display().to_string();
    let component = guest("hello-world").display().to_string();
    let mut warned = 0;
    for limit in 4..40 {
        let mut command = limited(limit, &["run", &component]);
        let output = command.env("XDG_CACHE_HOME", &home).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let expected = format!(
            "could not use `{home}/fractalaw` as cache folder: Too many open files (os error 24), going on without it"
        );
        for line in said.lines().filter(|line| line.contains("as cache folder")) {
            assert!(line.contains(&expected), "{limit}: {said}");
            warned += 1;
        }
    }
    assert!(warned > 1);
}

/// SQLite only says that it is "unable to open database file".
#[test]
fn a_ledger_that_cannot_be_opened_for_want_of_descriptors_says_so() {
    let component = guest("hello-world").display().to_string();
    let (mut of_the_ledger, mut completed) = (0, 0);
    for limit in 4..40 {
        let lab = Lab::new();
        let ledger = lab.path.display().to_string();
        let args = ["run", "--no-cache", "--ledger", &ledger, &component];
        let output = fractalaw(limit, &args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.code() == Some(0) {
            completed += 1;
            continue;
        }
        let (error, hint) = said.split_once('\n').unwrap();
        assert!(
            error.ends_with(": Too many open files (os error 24)"),
            "{limit}: {said}"
        );
        assert_eq!(hint, HINT, "{limit}: {said}");
        let is_begun = error.contains("the run is not acknowledged");
        let code = if is_begun { 14 } else { 10 };
        assert_eq!(output.status.code(), Some(code), "{limit}: {said}");
        of_the_ledger += u32::from(error.contains("the ledger"));
    }
    assert!(of_the_ledger > 0 && completed > 0);
}

/// The guest records an entry, and then opens more files than the host can.
#[test]
fn what_a_run_recorded_before_the_host_failed_is_in_the_ledger() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let granted = format!("{}::/data", folder.path().display());
    let component = wat::parse_str(include_str!("../components/opens-files.wat")).unwrap();
    let path = folder.path().join("opens-files.wasm");
    fs::write(&path, component).unwrap();
    let path = path.display().to_string();
    for (_, durability) in DURABILITIES {
        let lab = Lab::new();
        let ledger = lab.path.display().to_string();
        let with = ["--ledger", &ledger, "--durability", durability];
        let args = [
            &["run", "--no-cache", "--dir", &granted],
            &with[..],
            &[&path],
        ]
        .concat();
        let output = fractalaw(100, &args);
        assert_eq!(
            String::from_utf8_lossy(&output.stderr),
            format!(
                "error: could not open a file for the guest: Too many open files (os error 24)\n{HINT}"
            ),
            "{durability}"
        );
        assert_eq!(output.status.code(), Some(10));
        let entries = lab.entries();
        let types: Vec<&str> = entries.iter().map(|entry| &*entry.event_type).collect();
        assert_eq!(
            types,
            [event::RUN_OPENED, "file", event::RUN_CLOSED],
            "{durability}"
        );
        assert_eq!(lab.outcomes(), [Some("host-failed".to_owned())]);
        // It used some fuel. The amount depends on how many files the process had open.
        assert!(!entries[2].detail.contains("\"consumed\":0"));
        lab.verified();
    }
}

/// The call that exceeds the quota does nothing: it makes no file, and leaves what is in the folder.
#[test]
fn a_file_that_the_guest_may_not_hold_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    // Writes to files that it makes, each with another name: `e`, `d` and so on.
    let text = include_str!("../components/opens-files.wat")
        .replace("i32.const 200", "i32.const 101")
        .replace(
            "(loop $again",
            "(loop $again (i32.store8 (i32.const 32) (local.get $left))",
        )
        .replace(
            "(i32.const 32) (i32.const 4) (i32.const 0) (i32.const 1) (i32.const 80)",
            "(i32.const 32) (i32.const 1) (i32.const 9) (i32.const 2) (i32.const 80)",
        );
    let path = folder.path().join("makes-files.wasm");
    fs::write(&path, wat::parse_str(text).unwrap()).unwrap();
    // The folder has a handle, and one more while it is lent to a call.
    for (handles, made) in [(2, ""), (3, "e"), (4, "de"), (5, "cde")] {
        let data = tempfile::tempdir().unwrap();
        let granted = format!("{}::/data:rw", data.path().display());
        let quota = format!("quotas.handles = {handles}");
        let args = ["run", "--no-cache", "--dir", &granted, "--grant", &quota];
        let output = fractalaw(1000, &[&args[..], &[&path.display().to_string()]].concat());
        assert_eq!(output.status.code(), Some(9), "{output:?}");
        let names = fs::read_dir(data.path()).unwrap();
        let mut names: Vec<_> = names
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names.concat(), made, "{handles}");
    }
}
