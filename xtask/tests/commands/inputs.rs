//! What a guest is made of besides its own folder: everything that was read counts, and nothing else.

use std::fs;

use crate::guests::returning;
use crate::scratch::Scratch;

/// This cannot be started, so a build that succeeds has not called cargo.
const NO_CARGO: &str = "no-cargo-here";

/// The state of a guest after a build that may call cargo.
fn state(scratch: &Scratch, guest: &str) -> String {
    scratch.build(&[guest]).remove(guest).unwrap()
}

#[test]
fn what_stands_below_a_target_folder_counts_when_it_is_read() {
    let scratch = Scratch::new();
    let source = "Ok([include_str!(\"../../../target/note.txt\"), include_str!(\"../target/own.txt\")].concat())";
    scratch.add_guest_from("input-target", "", &returning(source));
    scratch.write("target/note.txt", "first note");
    scratch.write("guests/input-target/target/own.txt", "first own");
    let edits = [
        ("target/note.txt", "second note"),
        ("guests/input-target/target/own.txt", "second own"),
    ];
    assert_eq!(state(&scratch, "input-target"), "rebuilt");
    for (file, text) in edits {
        assert_eq!(state(&scratch, "input-target"), "fresh", "{file}");
        scratch.write(file, text);
        assert_eq!(state(&scratch, "input-target"), "rebuilt", "{file}");
        let component = scratch.component("input-target");
        assert!(String::from_utf8_lossy(&component).contains(text), "{file}");
    }
    scratch.write("guests/input-target/target/another.txt", "not read");
    assert_eq!(state(&scratch, "input-target"), "fresh");
}

#[test]
fn a_folder_that_a_build_script_watches_counts_by_its_content() {
    let scratch = Scratch::new();
    // The second folder contains the target folder, whose contents do not count.
    scratch.write(
        "guests/input-folder/build.rs",
        "fn main() {\n    \
             println!(\"cargo:rerun-if-changed=../../notes\");\n    \
             println!(\"cargo:rerun-if-changed=../..\");\n    \
             let note = std::fs::read_to_string(\"../../notes/deep/note.txt\").unwrap();\n    \
             println!(\"cargo:rustc-env=NOTE={note}\");\n\
         }\n",
    );
    scratch.write("notes/deep/note.txt", "first note");
    scratch.add_guest_from("input-folder", "", &returning("Ok(env!(\"NOTE\").into())"));
    assert_eq!(state(&scratch, "input-folder"), "rebuilt");
    assert_eq!(state(&scratch, "input-folder"), "fresh");
    scratch.write("notes/deep/note.txt", "second note");
    assert_eq!(state(&scratch, "input-folder"), "rebuilt");
    let component = scratch.component("input-folder");
    assert!(String::from_utf8_lossy(&component).contains("second note"));
    assert_eq!(state(&scratch, "input-folder"), "fresh");
}

#[test]
fn what_a_build_script_generates_does_not_count() {
    let scratch = Scratch::new();
    scratch.write(
        "guests/input-generated/build.rs",
        "fn main() {\n    \
             let out = std::path::PathBuf::from(std::env::var_os(\"OUT_DIR\").unwrap());\n    \
             std::fs::write(out.join(\"text\"), \"generated\").unwrap();\n    \
             std::fs::write(\"../../out-dir\", out.to_str().unwrap()).unwrap();\n\
         }\n",
    );
    let source = returning("Ok(include_str!(concat!(env!(\"OUT_DIR\"), \"/text\")).into())");
    scratch.add_guest_from("input-generated", "", &source);
    scratch.build(&[]);
    let out = String::from_utf8(scratch.read("out-dir")).unwrap();
    fs::write(format!("{out}/text"), "changed by somebody").unwrap();
    let scratch = scratch.env("CARGO", NO_CARGO);
    assert_eq!(state(&scratch, "input-generated"), "fresh");
}

#[test]
fn a_new_dependency_of_one_guest_leaves_the_others_fresh() {
    let mut scratch = Scratch::new();
    for guest in ["input-left", "input-right"] {
        scratch.add_guest_from(guest, "", &returning("Ok(String::new())"));
    }
    scratch.build(&[]);
    let before = scratch.read("Cargo.lock");
    scratch.add_guest_from(
        "input-right",
        "humantime.workspace = true\n",
        &returning("Ok(humantime::format_duration(Default::default()).to_string())"),
    );
    assert_eq!(state(&scratch, "input-right"), "rebuilt");
    assert_ne!(scratch.read("Cargo.lock"), before);
    scratch = scratch.env("CARGO", NO_CARGO);
    assert_eq!(state(&scratch, "input-left"), "fresh");
    assert_eq!(state(&scratch, "input-right"), "fresh");

    // Another version of a dependency makes another guest.
    let lock = String::from_utf8(scratch.read("Cargo.lock")).unwrap();
    let at = lock.find("name = \"humantime\"").unwrap();
    let (head, tail) = lock.split_at(at);
    let tail = tail.replacen("checksum = \"", "checksum = \"0", 1);
    scratch.write("Cargo.lock", &format!("{head}{tail}"));
    assert_eq!(state(&scratch, "input-left"), "fresh");
    let ended = scratch.xtask(["build-guests", "input-right"]);
    assert!(
        ended.stderr.contains("cannot start `cargo "),
        "{}",
        ended.stderr
    );
}

#[test]
fn guests_share_a_library() {
    let scratch = Scratch::new();
    scratch.write(
        "guests/lib-greetings/Cargo.toml",
        "[package]\nname = \"lib-greetings\"\nedition = \"2024\"\n",
    );
    let library = |text: &str| {
        format!("//! Shared.\n/// Text.\npub fn greeting() -> String {{\n    {text:?}.into()\n}}\n")
    };
    scratch.write(
        "guests/lib-greetings/src/lib.rs",
        &library("first greeting"),
    );
    for guest in ["input-host", "input-friend"] {
        scratch.add_guest_from(
            guest,
            "lib-greetings = { path = \"../lib-greetings\" }\n",
            &returning("Ok(lib_greetings::greeting())"),
        );
    }
    scratch.add_guest_from("input-stranger", "", &returning("Ok(String::new())"));
    assert!(scratch.build(&[]).values().all(|state| state == "rebuilt"));
    scratch.write(
        "guests/lib-greetings/src/lib.rs",
        &library("second greeting"),
    );
    let states = scratch.build(&[]);
    let states: Vec<(&str, &str)> = states
        .iter()
        .map(|(name, state)| (&**name, &**state))
        .collect();
    assert_eq!(
        states,
        [
            ("input-friend", "rebuilt"),
            ("input-host", "rebuilt"),
            ("input-stranger", "fresh")
        ]
    );
    for guest in ["input-host", "input-friend"] {
        assert!(String::from_utf8_lossy(&scratch.component(guest)).contains("second greeting"));
    }
}

#[test]
fn one_guest_can_have_a_profile_of_its_own() {
    let scratch = Scratch::new();
    let sums = "let numbers: Vec<u64> = std::env::args().map(|arg| arg.len() as u64).collect();\n        \
                Ok(numbers.iter().map(|n| n * n).sum::<u64>().to_string())";
    for guest in ["input-sized", "input-quick"] {
        scratch.add_guest_from(guest, "", &returning(sums));
    }
    scratch.build(&[]);
    let before = ["input-sized", "input-quick"].map(|guest| scratch.component(guest));
    let root = String::from_utf8(scratch.read("Cargo.toml")).unwrap();
    let own = "\n[profile.guest.build-override]\nopt-level = 0\n\n[profile.guest.package.input-quick]\nopt-level = 3\n";
    scratch.write("Cargo.toml", &format!("{root}{own}"));
    scratch.build(&[]);
    assert!(
        scratch.component("input-sized") == before[0],
        "the profile of another guest counts"
    );
    assert!(
        scratch.component("input-quick") != before[1],
        "its own profile does not count"
    );
}
