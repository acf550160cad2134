//! Output that nobody gets is a failure, unless the reader went away or asked for nothing.

use std::process::{Command, Stdio};

use fractalaw_testing::{cache, guest};

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn a_reader_that_closes_the_pipe_early_is_no_failure() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_fractalaw"))
        .args(["run", "--no-cache"])
        .arg(guest("audit-flood"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(9));
}

/// `/dev/full` takes nothing, and a report that nobody got is not a success.
#[cfg(target_os = "linux")]
#[test]
fn a_report_that_cannot_be_written_is_a_failure() {
    for command in ["run", "inspect", "profile"] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
        let output = Command::new(env!("CARGO_BIN_EXE_fractalaw"))
            .arg(command)
            .arg(guest("hello-world"))
            // In the user's own cache, other versions of the host leave entries that this one warns of.
            .env("XDG_CACHE_HOME", cache())
            .env_remove("RUST_LOG")
            .stdout(full.unwrap())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(10), "{command}");
        assert_eq!(
            text(&output.stderr),
            "error: could not write to standard output: No space left on device (os error 28)\n"
        );
    }
}

/// The same holds for the pages that a person asked for.
#[cfg(target_os = "linux")]
#[test]
fn help_that_nobody_got_is_a_failure() {
    let run = |line: &str| {
        Command::new("sh")
            .args(["-c", &format!("exec \"$0\" {line}")])
            .arg(env!("CARGO_BIN_EXE_fractalaw"))
            .output()
            .unwrap()
    };
    for (output, error) in [
        (
            ">/dev/full",
            "error: could not write to standard output: No space left on device (os error 28)\n",
        ),
        (
            ">&-",
            "error: standard output is closed, expected somewhere to print to\n",
        ),
        (">/dev/null", ""),
    ] {
        let code = if error.is_empty() { 0 } else { 10 };
        for asked in ["--help", "-h", "--version", "run --help", "help inspect"] {
            let ended = run(&format!("{asked} {output}"));
            assert_eq!(text(&ended.stderr), error, "{asked} {output}");
            assert_eq!(ended.status.code(), Some(code), "{asked} {output}");
        }
    }
}

/// A program that is started with standard output closed finds `/dev/null` there. It must notice.
#[cfg(target_os = "linux")]
#[test]
fn a_closed_standard_output_keeps_everything_from_starting() {
    let program = env!("CARGO_BIN_EXE_fractalaw");
    let run = |command: &str, output: &str| {
        Command::new("sh")
            .args(["-c", &format!("exec \"$0\" {command} \"$1\" {output}")])
            .arg(program)
            .arg(guest("hello-world"))
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .output()
            .unwrap()
    };
    for command in [
        "run",
        "run --json",
        "inspect --json",
        "profile",
        "ledger show",
    ] {
        let output = run(command, ">&-");
        assert_eq!(output.status.code(), Some(10), "{command}");
        assert_eq!(
            text(&output.stderr),
            "error: nothing is run, because nobody would get what it prints: standard output is closed, expected \
             somewhere to print to\n"
        );
    }
    // Whoever sends the output to `/dev/null` gets that, in whatever mode it was opened.
    for output in [">/dev/null", "1<>/dev/null"] {
        assert_eq!(run("run", output).status.code(), Some(0));
    }
}
