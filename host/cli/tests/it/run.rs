//! The program `fractalaw`: exit codes, streams and messages.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use fractalaw_testing::{cache, guest, workspace};

fn fractalaw(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fractalaw"));
    command
        .arg("run")
        .args(args)
        .arg("--cache")
        .arg(cache())
        .env_remove("RUST_LOG");
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn run(component: &str, args: &[&str]) -> Output {
    let component = if component.contains('/') {
        workspace().join(component)
    } else {
        guest(component)
    };
    fractalaw(args)
        .arg(component)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn a_deterministic_run_begins_when_and_with_what_it_is_told() {
    let entries = |args: &[&str]| {
        let output = run("time-and-chance", &[&["--deterministic"], args].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let lines = text(&output.stdout);
        let lines = lines.lines().map(str::to_owned);
        let [wall, _, random, _]: [String; 4] =
            lines.take(4).collect::<Vec<_>>().try_into().unwrap();
        (wall, random)
    };
    let usual = entries(&[]);
    assert_eq!(
        entries(&["--clock", "2025-01-01T00:00:00Z", "--seed", "1"]),
        usual
    );
    let (wall, random) = entries(&["--clock", "1970-01-01T00:00:01.5Z"]);
    assert_eq!(wall, "wall clock: 1.500000000 s of Unix time");
    assert_eq!(random, usual.1);
    let (wall, random) = entries(&["--seed", "18446744073709551615"]);
    assert_eq!(wall, usual.0);
    assert_ne!(random, usual.1);
    for (args, said) in [
        (&["--clock", "2025-01-01T00:00:00Z"][..], "--deterministic"),
        (&["--seed", "1"], "--deterministic"),
        (
            &["--deterministic", "--clock", "yesterday"],
            "expected a time from 1970 to 2150",
        ),
        (
            &["--deterministic", "--clock", "1969-12-31T23:59:59Z"],
            "expected a time from 1970 to 2150",
        ),
        (
            &["--deterministic", "--clock", "2150-01-01T00:00:01Z"],
            "expected a time from 1970 to 2150",
        ),
        (&["--deterministic", "--seed", "one"], "invalid value 'one'"),
    ] {
        let output = run("time-and-chance", args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(
            text(&output.stderr).contains(said),
            "{}",
            text(&output.stderr)
        );
    }
}

#[test]
fn a_path_of_the_guest_is_written_in_one_way_and_given_once() {
    let data = workspace().join("tests/cases/file-facts/data");
    let at = |guest: &str| format!("{}::{guest}", data.display());
    let listed = run(
        "file-facts",
        &["--deterministic", "--dir", &at("//data/./")],
    );
    assert_eq!(listed.status.code(), Some(0), "{}", text(&listed.stderr));
    let plain = run("file-facts", &["--deterministic", "--dir", &at("/data")]);
    assert_eq!(text(&listed.stdout), text(&plain.stdout));
    let twice = run(
        "file-facts",
        &["--dir", &at("/data/"), "--dir", &at("/data")],
    );
    assert_eq!(twice.status.code(), Some(2));
    assert_eq!(
        text(&twice.stderr),
        "error: two folders are granted at `/data`, expected one\n\
         hint: give each its own path in the guest, as `--dir HOST::GUEST`\n"
    );
}

#[test]
fn every_outcome_has_its_exit_code() {
    let cases: [(&str, &[&str], i32); 14] = [
        ("hello-world", &[], 0),
        ("guest-error", &[], 1),
        ("hello-world", &["--no-such-flag"], 2),
        ("hello-world", &["--tier", "huge"], 2),
        ("hello-world", &["--dir", "/no/such/folder"], 2),
        ("tests/no-such-file.wasm", &[], 2),
        ("asks-for-ai", &[], 3),
        ("tests/fixtures/malformed/random.bin", &[], 3),
        ("fuel-hog", &["--fuel", "1_000_000"], 4),
        ("endless-loop", &["--timeout", "50ms"], 5),
        ("memory-bomb", &["--memory", "2MiB"], 6),
        ("deep-recursion", &[], 7),
        ("panics", &[], 8),
        ("huge-entry", &[], 9),
    ];
    for (component, args, code) in cases {
        let output = run(component, args);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{component} {args:?}: {}",
            text(&output.stderr)
        );
    }
}

#[test]
fn the_report_is_all_of_standard_output() {
    let output = run("hello-world", &["--deterministic"]);
    let stdout = text(&output.stdout);
    let promised = "Hello from the first Fractalaw micro-app!\n\n--- Audit Trail (1 entries) ---\n  \
                    [app-started] hello-world — Bootstrap test — first micro-app execution\nFuel: ";
    assert!(stdout.starts_with(promised), "{stdout}");
    assert_eq!(stdout.lines().count(), 5, "{stdout}");
    assert!(text(&output.stderr).starts_with("loaded in "));
}

#[test]
fn json_carries_every_part_of_the_report() {
    let output = run("hello-world", &["--json", "--deterministic"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["version"], 2);
    assert_eq!(report["app"]["name"], "hello-world");
    assert_eq!(report["outcome"]["kind"], "completed");
    assert_eq!(
        report["outcome"]["ok"],
        "Hello from the first Fractalaw micro-app!"
    );
    assert_eq!(report["audit"][0]["event_type"], "app-started");
    assert_eq!(
        report["audit"][0]["time_unix_ns"],
        1_735_689_600_000_000_000_u64
    );
    assert_eq!(report["fuel"]["certainty"], "exact");
    assert_eq!(report["limits"]["tier"], "lightweight");
    assert_eq!(report["stdout"]["bytes"], 0);
    let refused: serde_json::Value =
        serde_json::from_slice(&run("asks-for-ai", &["--json"]).stdout).unwrap();
    assert_eq!(refused["outcome"]["refusal"], "not-granted");
}

#[test]
fn what_is_granted_arrives_and_our_own_surroundings_do_not() {
    let data = workspace().join("tests/cases/granted-inputs/data");
    let dir = format!("{}::/data", data.display());
    let mut child = fractalaw(&[
        "--arg=--site",
        "--arg",
        "seven",
        "--env",
        "SITE=7",
        "--stdin",
        "-",
        "--dir",
        &dir,
    ])
    .arg(guest("granted-inputs"))
    .stdin(Stdio::piped())
    .stdout(Stdio::piped())
    .stderr(Stdio::null())
    .spawn()
    .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"from the pipe")
        .unwrap();
    let given = text(&child.wait_with_output().unwrap().stdout);
    for line in [
        r#"    "--site""#,
        "    SITE=7",
        "    from the pipe",
        "  folder:",
    ] {
        assert!(
            given.lines().any(|found| found == line),
            "{line} in {given}"
        );
    }
    assert!(given.contains("Permits to work, site 7"), "{given}");
    let nothing = text(&run("granted-inputs", &[]).stdout);
    assert!(
        nothing.starts_with("arguments:\n  environment:\n  stdin:\n  folder:\n"),
        "{nothing}"
    );
}

#[test]
fn messages_name_what_was_wrong_and_what_to_do() {
    let cases: [(&str, &[&str], &str); 9] = [
        (
            "hello-world",
            &["--memory", "1GiB"],
            "error: memory limit of 1.0 GiB is more than a slot holds, expected at most 256.0 MiB\nhint: lower `--memory`; the heavy tier's is the most\n",
        ),
        (
            "hello-world",
            &["--dir", "/no/such/folder"],
            "error: could not open granted folder `/no/such/folder`: No such file or directory (os error 2)\nhint: a grant names an existing folder on the host\n",
        ),
        (
            "/dev/zero",
            &[],
            "error: `/dev/zero` is no regular file, expected a WebAssembly component\n",
        ),
        (
            "/no/such/file.wasm",
            &[],
            "error: could not read `/no/such/file.wasm`: No such file or directory (os error 2)\n",
        ),
        (
            "hello-world",
            &["--stdin", "/"],
            "error: could not read `/`: Is a directory (os error 21)\n",
        ),
        (
            "hello-world",
            &["--fuel", "much"],
            "error: invalid value 'much' for '--fuel <N>': expected a whole number of units\n\nFor more information, try '--help'.\n",
        ),
        (
            "hello-world",
            &["--env", "NAME"],
            "error: invalid value 'NAME' for '--env <NAME=VALUE>': expected `NAME=VALUE`\n\nFor more information, try '--help'.\n",
        ),
        (
            "hello-world",
            &["--env", "A B=1"],
            "error: invalid value 'A B=1' for '--env <NAME=VALUE>': `A B` is no name of a variable, expected letters, \
             digits and `_`, and no digit in front\n\nFor more information, try '--help'.\n",
        ),
        (
            "hello-world",
            &["--env", "FRACTALAW_TRIGGER=event"],
            "error: invalid value 'FRACTALAW_TRIGGER=event' for '--env <NAME=VALUE>': `FRACTALAW_TRIGGER` is a variable of \
             the host's own, expected a name that does not begin with `FRACTALAW_`\n\nFor more information, try '--help'.\n",
        ),
    ];
    for (component, args, message) in cases {
        assert_eq!(text(&run(component, args).stderr), message, "{args:?}");
    }
}

#[test]
fn a_cache_folder_that_others_can_write_is_refused_with_the_command_that_mends_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_fractalaw"))
        .args(["run", "--cache"])
        .arg(folder.path())
        .arg(guest("hello-world"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(10));
    let expected = format!(
        "error: cache folder `{0}` can be written by others, expected it to be private\n\
         hint: run `chmod go-w {0}`, or choose another folder with `--cache`\n",
        folder.path().display()
    );
    assert_eq!(text(&output.stderr), expected);
}

/// An empty or relative path is not the user's cache folder.
#[test]
fn compiled_code_goes_to_no_folder_that_is_not_named_in_full() {
    for (home, cache) in [
        ("", None),
        (".", None),
        ("home", None),
        ("", Some("cache")),
        ("", Some("")),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_fractalaw"));
        command.arg("run").arg(guest("hello-world"));
        command.env("HOME", home).env_remove("XDG_CACHE_HOME");
        if let Some(cache) = cache {
            command.env("XDG_CACHE_HOME", cache);
        }
        let output = command
            .current_dir(folder.path())
            .env_remove("RUST_LOG")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            0,
            "{home}"
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_has_no_end_is_not_read_to_its_end() {
    for command in ["run", "inspect", "profile"] {
        let output = Command::new(env!("CARGO_BIN_EXE_fractalaw"))
            .args([command, "/dev/zero"])
            .output()
            .unwrap();
        let expected = "error: `/dev/zero` is no regular file, expected a WebAssembly component\n";
        assert_eq!(text(&output.stderr), expected, "{command}");
    }
}
