//! `new` with a stand-in for the harness: what it makes, and what it prints.

use std::fs;
use std::process::Stdio;
use std::thread::yield_now;

use crate::scratch::Scratch;

#[test]
fn everything_that_was_made_or_changed_is_listed() {
    let scratch = Scratch::new().env("EXPECTED", "accept");
    scratch.add_stand_ins_beside_guests();
    scratch.add_library();

    let ended = scratch.xtask(["new", "listed-guest"]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    let (_, listed) = ended.stdout.split_once("made the guest").unwrap();
    assert_eq!(
        listed,
        " `listed-guest`:\n    \
             guests/listed-guest/Cargo.toml\n    \
             guests/listed-guest/src/lib.rs\n    \
             tests/cases/listed-guest/default.toml\n\
         changed, because cargo lists the guest in it:\n    \
             Cargo.lock\n\
         \n\
         next:\n    \
             cargo xtask run listed-guest\n    \
             cargo xtask test listed-guest\n    \
             cargo xtask test listed-guest --accept    once a change of what it does or costs is meant\n"
    );

    // Its unit test runs on this machine.
    let ended = scratch.cargo(["test", "--offline", "-p", "listed-guest"]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    let passed = "test tests::it_says_hello_and_records_that_it_started ... ok\n";
    assert!(ended.stdout.contains(passed), "{}", ended.stdout);
}

/// The files of a guest that `new` writes.
fn files(name: &str) -> [String; 3] {
    [
        "guests/{}/Cargo.toml",
        "guests/{}/src/lib.rs",
        "tests/cases/{}/default.toml",
    ]
    .map(|path| path.replace("{}", name))
}

/// If a guest is incomplete, cargo refuses the workspace, and so does `cargo xtask`.
#[test]
fn a_guest_that_cannot_be_made_whole_is_not_made() {
    for room in ["tests/cases", "guests"] {
        let scratch = Scratch::new();
        // A file in the place of its folder.
        scratch.write(room, "");
        let ended = scratch.xtask(["new", "half-a-guest"]);
        assert_eq!(ended.code, 12, "{}", ended.stderr);
        let made = scratch.path(room).join("half-a-guest");
        let expected = format!("error: cannot make `{}`: ", made.display());
        assert!(ended.stderr.starts_with(&expected), "{}", ended.stderr);
        for file in files("half-a-guest") {
            let folder = scratch.path(&file).parent().unwrap().to_owned();
            assert!(!folder.exists(), "{file}");
        }
        let left = fs::read_dir(scratch.root()).unwrap();
        let left = left.map(|entry| entry.unwrap().file_name());
        let left: Vec<_> = left
            .filter(|name| name.to_string_lossy().starts_with(".new-"))
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

/// Whenever the command is killed, the guest is complete or does not exist, and the next `new` says how to go on.
#[cfg(unix)]
#[test]
fn a_guest_whose_making_was_interrupted_is_whole() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new();
    scratch.write("cargo", "#!/bin/sh\nexit 1\n");
    let cargo = scratch.path("cargo");
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    let scratch = scratch.env("CARGO", cargo.to_str().unwrap());
    for name in ["one", "two", "three", "four"] {
        let mut child = scratch
            .command("", ["new", name])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while !scratch.path("guests").join(name).exists() {
            yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        for file in files(name) {
            assert!(!scratch.read(&file).is_empty(), "{file}");
        }
        let ended = scratch.xtask(["new", name]);
        assert_eq!(ended.code, 2);
        let expected = format!(
            "error: the name `{name}` is taken: `guests/{name}` exists\n\
             hint: it has a case and no snapshot yet, which `cargo xtask test {name} --accept` writes; or choose another \
             name\n"
        );
        assert_eq!(ended.stderr, expected);
    }
    fs::remove_dir_all(scratch.path("guests/one")).unwrap();
    let ended = scratch.xtask(["new", "one"]);
    let expected = "error: the name `one` is taken: `tests/cases/one` exists\n\
                    hint: it has no guest: delete it (`rm -r tests/cases/one`), or choose another name\n";
    assert_eq!((ended.code, &*ended.stderr), (2, expected));
}
