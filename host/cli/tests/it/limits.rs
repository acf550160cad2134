//! Limits outside of the guest: the time for compiling, and what the system does not provide.

use std::process::{Command, Stdio};

use fractalaw_testing::guest;

#[test]
fn compiling_has_the_time_that_it_is_given() {
    let component = guest("hello-world");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let run = |command: &str, more: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_fractalaw"))
            .args([command, "--no-cache"])
            .arg(&component)
            .args(more)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        (
            output.status.code(),
            text(output.stdout) + &text(output.stderr),
        )
    };
    let said = "compiling took longer than 1ns\nhint: raise `--compile-time` (`HostBuilder::compile_time`), or \
        split it into several micro-apps\n";
    let short = ["--compile-time", "1ns"];
    assert_eq!(run("run", &short), (Some(3), format!("refused: {said}")));
    let (code, told) = run("profile", &short);
    assert_eq!((code, told), (Some(3), format!("error: {said}")));
    assert_eq!(run("run", &["--compile-time", "1h"]).0, Some(0));
}

/// A guest's memory is a file of the system, which may be limited. That is not a trap of the guest.
#[test]
fn an_instance_that_the_system_does_not_make_is_the_hosts_failure() {
    let output = Command::new("sh")
        .args(["-c", "ulimit -f 0; exec \"$0\" run --no-cache \"$1\""])
        .arg(env!("CARGO_BIN_EXE_fractalaw"))
        .arg(guest("hello-world"))
        .env_remove("RUST_LOG")
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "error: could not make an instance of the guest: File too large (os error 27)\n\
         hint: the process may not make files so large, its memory's among them: raise `ulimit -f`\n"
    );
    assert_eq!(output.status.code(), Some(10));
}
