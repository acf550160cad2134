//! Limits outside of the guest: the time for compiling, and what the system does not provide.

use std::process::{Command, Stdio};

use fractalaw_testing::{component, guest};

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

/// What the machine has left must not decide what a guest is told.
#[test]
fn memory_that_the_system_does_not_give_is_the_hosts_failure() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("grows.wasm");
    let run = |body: &str, limit: &str| {
        std::fs::write(&file, component("", body)).unwrap();
        let output = Command::new("sh")
            .arg("-c")
            .arg(format!(
                "ulimit -d {limit}; exec \"$0\" run --no-cache --memory 256MiB \"$1\""
            ))
            .arg(env!("CARGO_BIN_EXE_fractalaw"))
            .arg(&file)
            .env_remove("RUST_LOG")
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), said)
    };
    let grows = |pages: u32| {
        format!("(if (i32.eq (memory.grow (i32.const {pages})) (i32.const -1)) (then unreachable))")
    };
    // The host itself needs a third of this limit, and the guest asks for 188 MiB.
    let limit = "150000";
    assert_eq!(run(&grows(1), limit).0, Some(0));
    assert_eq!(run(&grows(3_000), "unlimited").0, Some(0));
    assert_eq!(
        run(&grows(3_000), limit),
        (
            Some(10),
            "error: could not provide memory for the guest: Cannot allocate memory (os error 12)\n\
             hint: the process has as much memory as it may, or the machine has no more: raise `ulimit -d` or `ulimit -v`, \
             or run fewer at once\n"
                .to_owned()
        )
    );
}
