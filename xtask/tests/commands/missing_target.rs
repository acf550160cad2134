//! The WebAssembly target is not installed. Scripts in place of `rustc` and `rustup` simulate this.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::scratch::Scratch;

/// A workspace with a `rustc` first on the path that says that the target's libraries are in `libraries`.
fn scratch(guest: &str) -> Scratch {
    let scratch = Scratch::new();
    scratch.add_guest(guest, "built after all");
    let sysroot = Command::new("rustc")
        .args(["--print", "sysroot"])
        .output()
        .unwrap()
        .stdout;
    let sysroot = String::from_utf8(sysroot).unwrap().trim().to_owned();
    let libraries = scratch.path("libraries").display().to_string();
    script(
        &scratch,
        "rustc",
        &format!(
            "case \"$*\" in\n\
             *target-libdir*) echo '{sysroot}'; echo '{libraries}';;\n\
             *) exec '{sysroot}/bin/rustc' \"$@\";;\n\
             esac"
        ),
    );
    scratch
}

fn script(scratch: &Scratch, name: &str, body: &str) {
    let file = format!("bin/{name}");
    scratch.write(&file, &format!("#!/bin/sh\n{body}\n"));
    fs::set_permissions(scratch.path(&file), fs::Permissions::from_mode(0o755)).unwrap();
}

/// The scripts first, then the rest of the path.
fn path(scratch: &Scratch) -> String {
    format!(
        "{}:{}",
        scratch.path("bin").display(),
        std::env::var("PATH").unwrap()
    )
}

#[test]
fn it_is_installed_with_rustup() {
    let scratch = scratch("target-installed");
    let libraries = scratch.path("libraries").display().to_string();
    let log = scratch.path("rustup.log").display().to_string();
    let body = format!("echo \"$@\" >> '{log}'\nmkdir -p '{libraries}'\ntouch '{libraries}/std'");
    script(&scratch, "rustup", &body);
    let path = path(&scratch);
    let scratch = scratch.env("PATH", path);

    let ended = scratch.xtask(["build-guests"]);

    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(scratch.read("rustup.log"), b"target add wasm32-wasip2\n");
    assert!(
        ended.stderr.contains(
            "the `wasm32-wasip2` target is not installed, adding it with `rustup target add wasm32-wasip2`"
        ),
        "{}",
        ended.stderr
    );
}

#[test]
fn without_rustup_the_error_says_what_to_do() {
    let scratch = scratch("target-without-rustup");
    let path = scratch.path("bin").display().to_string();
    let ended = scratch.env("PATH", path).xtask(["build-guests"]);
    assert_eq!(ended.code, 12, "{}", ended.stderr);
    assert!(
        ended.stderr.ends_with(
            "error: the `wasm32-wasip2` target is not installed, and there is no `rustup` to add it\n\
             hint: install rustup, or `wasm32-wasip2` in the way that `rustc` was installed\n"
        ),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_rustup_that_fails_or_does_nothing_is_not_believed() {
    let scratch = scratch("target-unlucky");
    script(&scratch, "rustup", "exit 7");
    let path = path(&scratch);
    let scratch = scratch.env("PATH", path);
    let ended = scratch.xtask(["build-guests"]);
    assert_eq!(ended.code, 12, "{}", ended.stderr);
    assert!(
        ended.stderr.contains(
            "error: `rustup target add wasm32-wasip2` failed with exit status: 7\nhint: "
        ),
        "{}",
        ended.stderr
    );

    script(&scratch, "rustup", "exit 0");
    let ended = scratch.xtask(["build-guests"]);
    assert_eq!(ended.code, 12, "{}", ended.stderr);
    assert!(
        ended.stderr.contains(
            "error: `rustup` added the `wasm32-wasip2` target, but `rustc` does not find it"
        ),
        "{}",
        ended.stderr
    );
}
