//! `run` and `test` with stand-ins for the packages that link Wasmtime: what is passed on, and how the end of a
//! child becomes the end of the command.

use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};

use crate::scratch::Scratch;
use crate::stand_ins::PACKAGES;

/// A workspace whose host prints its arguments and exits with the code that the last one names.
pub(crate) fn scratch() -> Scratch {
    let scratch = Scratch::new().without_env("CARGO_BUILD_BUILD_DIR");
    let members = PACKAGES.map(|(folder, _)| format!("{folder:?}")).join(", ");
    scratch.write(
        "Cargo.toml",
        &format!("[workspace]\nresolver = \"3\"\nmembers = [{members}, \"xtask\", \"commands\", \"workspace\"]\n"),
    );
    fs::remove_file(scratch.path("Cargo.lock")).unwrap();
    scratch.add_stand_ins();
    for (folder, name) in [
        ("xtask", "xtask"),
        ("commands", "fractalaw-xtask"),
        ("workspace", "fractalaw-workspace"),
    ] {
        scratch.write(
            &format!("{folder}/Cargo.toml"),
            &format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n"),
        );
        scratch.write(&format!("{folder}/src/lib.rs"), "//! A stand-in.\n");
    }
    for program in [
        "auditor/src/bin/fractalaw-ledger.rs",
        "cli/src/bin/fractalaw.rs",
        "serve/src/bin/fractalaw-serve.rs",
        "models/src/bin/fractalaw-models.rs",
        "registry/src/bin/fractalaw-registry.rs",
    ] {
        scratch.write(
            program,
            "//! A stand-in.\n\
         fn main() {\n    \
             let args: Vec<String> = std::env::args().skip(1).collect();\n    \
             println!(\"{}\", args.join(\"|\"));\n    \
             if args.iter().any(|arg| arg == \"--pid\") {\n        \
                 println!(\"{}\", std::process::id());\n    \
             }\n    \
             std::process::exit(args.last().and_then(|code| code.parse().ok()).unwrap_or(0));\n\
         }\n",
        );
    }
    scratch.write(
        "host/tests/it.rs",
        "//! A stand-in.\n\
         #[test]\nfn of_the_host() {\n    \
             assert!(std::env::var_os(\"HOST_FAILS\").is_none());\n    \
             if let Some(pipe) = std::env::var_os(\"WAITS_AT\") {\n        \
                 let _open = std::fs::File::options().write(true).open(pipe).unwrap();\n        \
                 loop {\n            std::thread::park();\n        }\n    \
             }\n\
         }\n",
    );
    scratch.write("fuzz/tests/inputs.rs", "#[test]\nfn of_fuzzing() {}\n");
    scratch.write(
        "xtask/tests/one.rs",
        "//! A stand-in.\n#[test]\nfn of_xtask() {}\n",
    );
    scratch
}

#[test]
fn children_get_their_arguments_and_their_ends_are_passed_on() {
    let scratch = scratch().env("EXPECTED", "pending");

    let ended = scratch.xtask([
        "run",
        "./a.wasm",
        "--tier",
        "heavy",
        "--data",
        "register.db:rw",
        "--arg=--help",
        "--",
        "-x",
        "7",
    ]);
    assert_eq!(ended.code, 7, "{}", ended.stderr);
    assert_eq!(
        ended.stdout,
        "run|./a.wasm|--tier|heavy|--data|register.db:rw|--arg=--help|--|-x|7\n"
    );
    assert!(
        ended.stderr.starts_with("first build of the host: "),
        "{}",
        ended.stderr
    );
    let ended = scratch.xtask_in("wit", ["run", "a.wasm"]);
    assert_eq!(
        (ended.code, &*ended.stdout, &*ended.stderr),
        (0, "run|a.wasm\n", "")
    );

    let ended = scratch.xtask(["inspect", "a.wasm", "--json", "--policy", "p.toml"]);
    assert_eq!(ended.stdout, "inspect|a.wasm|--json|--policy|p.toml\n");
    // Without a file it is the workspace's own ledger, made if it does not exist. With a file it is that one.
    let ended = scratch.xtask(["run", "a.wasm", "--ledger", "--json"]);
    let (before, after) = ended.stdout.split_once("/ledger/audit.ledger").unwrap();
    assert!(before.starts_with("run|a.wasm|--ledger|/"), "{before}");
    assert_eq!(after, "|--create-ledger|--json\n");
    let ended = scratch.xtask(["run", "a.wasm", "--ledger", "my.ledger"]);
    assert_eq!(ended.stdout, "run|a.wasm|--ledger|my.ledger\n");

    // The supervisor is built for `serve`, and not before.
    let supervisor = scratch.path("target/debug/fractalaw-serve");
    assert!(!supervisor.exists());
    let ended = scratch.xtask(["serve", "site", "--", "--json", "7"]);
    assert_eq!(
        (ended.code, &*ended.stdout),
        (7, "serve|site|--json|7\n"),
        "{}",
        ended.stderr
    );
    assert!(supervisor.exists());
    let ended = scratch.xtask(["serve", "site", "--watch", "--", "3"]);
    assert_eq!(
        (ended.code, &*ended.stdout),
        (3, "serve|site|3\n"),
        "{}",
        ended.stderr
    );

    let ended = scratch.xtask(["test"]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(
        ended.stdout.ends_with("\n4 passed, 0 failed\n"),
        "{}",
        ended.stdout
    );
    // The tests of `xtask` and of fuzzing are slow, so they run only when asked for.
    let ended = scratch.xtask(["test", "--all"]);
    assert!(
        ended.stdout.ends_with("\n6 passed, 0 failed\n"),
        "{}{}",
        ended.stdout,
        ended.stderr
    );
    let ended = scratch.xtask(["test", "good"]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(
        ended.stdout.ends_with("\n1 passed, 0 failed\n"),
        "{}",
        ended.stdout
    );
    let ended = scratch.xtask(["test", "--", "--skip", "good"]);
    assert!(
        ended.stdout.ends_with("\n3 passed, 0 failed\n"),
        "{}",
        ended.stdout
    );

    // A test that fails does not stop the others.
    let scratch = scratch.env("CI", "true");
    let ended = scratch.xtask(["test"]);
    assert_eq!(ended.code, 12, "{}", ended.stderr);
    assert!(
        ended.stdout.ends_with("\n3 passed, 1 failed\n"),
        "{}",
        ended.stdout
    );
    assert!(
        ended
            .stderr
            .contains("error: `cargo test -p fractalaw-contract "),
        "{}",
        ended.stderr
    );
    // A binary that fails does not stop those after it.
    let scratch = scratch.env("EXPECTED", "never").env("HOST_FAILS", "yes");
    let ended = scratch.xtask(["test", "--all"]);
    assert_eq!(ended.code, 12, "{}", ended.stderr);
    assert!(
        ended.stdout.ends_with("\n5 passed, 1 failed\n"),
        "{}",
        ended.stdout
    );
    let scratch = scratch.without_env("HOST_FAILS");
    assert_eq!(scratch.xtask(["test"]).code, 0);
    let scratch = scratch.env("EXPECTED", "accept").without_env("CI");
    let ended = scratch.xtask(["test", "--accept"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(
        ended.stdout.ends_with("\n3 passed, 0 failed\n"),
        "{}",
        ended.stdout
    );

    scratch.write("cli/src/bin/fractalaw.rs", "this does not compile");
    let ended = scratch.xtask(["run", "a.wasm"]);
    assert_eq!(ended.code, 12);
    assert!(
        ended.stderr.ends_with(
            "error: the host does not build\nhint: the compiler's messages stand above\n"
        ),
        "{}",
        ended.stderr
    );
}

/// A signal to either process reaches the host.
#[cfg(unix)]
#[test]
fn the_host_takes_the_place_of_the_command() {
    let scratch = scratch();
    scratch.xtask(["run", "a.wasm"]);
    let child = scratch
        .command("", ["run", "a.wasm", "--pid"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = child.id().to_string();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said, format!("run|a.wasm|--pid\n{pid}\n"));
}

/// What `cargo test` started holds a pipe open as long as it lives.
#[cfg(unix)]
#[test]
fn a_command_that_is_told_to_end_leaves_nothing_behind() {
    let scratch = scratch().env("EXPECTED", "pending");
    assert_eq!(scratch.xtask(["test"]).code, 0);
    let pipe = scratch.path("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let scratch = scratch.env("WAITS_AT", pipe.to_str().unwrap());
    for (name, code) in [("-TERM", 143), ("-INT", 130)] {
        let mut child = scratch
            .command("", ["test", "of_the_host"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // It opens when the test does, and ends when nobody has it open any more.
        let mut open = fs::File::open(&pipe).unwrap();
        let told = Command::new("kill")
            .args([name, &child.id().to_string()])
            .status();
        assert!(told.unwrap().success());
        open.read_to_end(&mut Vec::new()).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code));
    }
}
