//! What is built again and what is not. The content decides, whatever the time stamps say.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::guests::{returning, saying};
use crate::scratch::Scratch;

/// This cannot be started, so a build that succeeds has not called cargo.
const NO_CARGO: &str = "no-cargo-here";

fn contains(component: &[u8], text: &str) -> bool {
    component
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

/// Sets the modification time of all files below a folder.
fn set_times(folder: &Path, time: SystemTime) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            set_times(&path, time);
        } else {
            File::options()
                .append(true)
                .open(&path)
                .unwrap()
                .set_modified(time)
                .unwrap();
        }
    }
}

fn long_ago() -> SystemTime {
    SystemTime::now() - Duration::from_secs(1_000_000)
}

#[test]
fn nothing_to_do_calls_no_cargo_even_when_everything_was_touched() {
    let mut scratch = Scratch::new();
    scratch.add_guest("fresh-one", "one");
    scratch.add_guest("fresh-two", "two");
    let states = scratch.build(&[]);
    assert_eq!(states["fresh-one"], "rebuilt");
    assert_eq!(states["fresh-two"], "rebuilt");

    scratch = scratch.env("CARGO", NO_CARGO);
    let states = scratch.build(&[]);
    assert_eq!(states["fresh-one"], "fresh");
    assert_eq!(states["fresh-two"], "fresh");

    for folder in ["guests", "wit"] {
        set_times(
            &scratch.path(folder),
            SystemTime::now() + Duration::from_secs(60),
        );
    }
    assert_eq!(scratch.build(&["fresh-one"])["fresh-one"], "fresh");
    // Another guest does not affect this one.
    scratch.write("guests/fresh-two/src/lib.rs", &saying("three"));
    assert_eq!(scratch.build(&["fresh-one"])["fresh-one"], "fresh");
    let ended = scratch.xtask(["build-guests"]);
    assert_eq!(ended.code, 12);
    assert!(
        ended.stderr.contains("cannot start `cargo tree`"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_change_of_content_is_built_even_when_the_time_stamp_is_old() {
    let scratch = Scratch::new();
    let source = "Ok(format!(\"{} {}\", time_helper::TEXT, include_str!(\"../../../note.txt\")))";
    scratch.write("note.txt", "first note");
    scratch.write(
        "helper/Cargo.toml",
        "[package]\nname = \"time-helper\"\nedition = \"2024\"\n",
    );
    let helper = |text: &str| format!("//! Helps.\n/// Text.\npub const TEXT: &str = {text:?};\n");
    scratch.write("helper/src/lib.rs", &helper("first helper"));
    let dependency = "time-helper = { path = \"../../helper\" }\n";
    scratch.add_guest_from("time-traveller", dependency, &returning(source));
    assert_eq!(scratch.build(&[])["time-traveller"], "rebuilt");

    // The guest's own source, a path dependency, and a text outside of both. Each keeps an old time.
    let own = source.replace("{} {}", "second source {} {}");
    let edits = [
        (
            "guests/time-traveller/src/lib.rs",
            returning(&own),
            "second source",
        ),
        (
            "helper/src/lib.rs",
            helper("second helper"),
            "second helper",
        ),
        ("note.txt", "second note".to_owned(), "second note"),
    ];
    for (file, text, expected) in edits {
        scratch.write(file, &text);
        File::options()
            .append(true)
            .open(scratch.path(file))
            .unwrap()
            .set_modified(long_ago())
            .unwrap();
        assert_eq!(scratch.build(&[])["time-traveller"], "rebuilt", "{file}");
        assert!(
            contains(&scratch.component("time-traveller"), expected),
            "{file}"
        );
        assert_eq!(scratch.build(&[])["time-traveller"], "fresh", "{file}");
    }
}

#[test]
fn damaged_outputs_are_made_again_and_failed_builds_leave_them_alone() {
    let scratch = Scratch::new();
    scratch.add_guest("output-guest", "good");
    scratch.build(&[]);
    let good = scratch.component("output-guest");

    for output in [
        "target/guests/output-guest.wasm",
        "target/guests/core/output-guest.wasm",
    ] {
        scratch.write(output, "damaged");
        scratch.build(&[]);
        assert_eq!(scratch.component("output-guest"), good, "{output}");
        fs::remove_file(scratch.path(output)).unwrap();
        scratch.build(&[]);
        assert_eq!(scratch.component("output-guest"), good, "{output}");
    }
    assert_eq!(scratch.build(&[])["output-guest"], "fresh");

    // It compiles, but it is not a micro-app: what was there stays, and nothing unfinished is left.
    let source = scratch.read("guests/output-guest/src/lib.rs");
    scratch.write("guests/output-guest/src/lib.rs", "//! Exports nothing.\n");
    scratch.write("target/guests/.tmp-killed", "half a file");
    let ended = scratch.xtask(["build-guests"]);
    assert_eq!(ended.code, 11, "{}", ended.stderr);
    assert_eq!(scratch.component("output-guest"), good);
    for folder in ["target/guests", "target/guests/core", "target/guests/fresh"] {
        for entry in fs::read_dir(scratch.path(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(
                !name.starts_with(".tmp-"),
                "`{folder}` still holds `{name}`"
            );
        }
    }

    // Back to the first source with its old time: cargo trusts what it compiled last.
    fs::write(scratch.path("guests/output-guest/src/lib.rs"), source).unwrap();
    set_times(&scratch.path("guests"), long_ago());
    scratch.build(&[]);
    assert_eq!(scratch.component("output-guest"), good);
}

#[test]
fn a_guest_that_is_gone_leaves_nothing_behind() {
    let scratch = Scratch::new();
    scratch.add_guest("gone-guest", "gone");
    scratch.build(&[]);
    fs::remove_dir_all(scratch.path("guests/gone-guest")).unwrap();
    scratch.build(&[]);
    for output in [
        "gone-guest.wasm",
        "core/gone-guest.wasm",
        "fresh/gone-guest.json",
    ] {
        assert!(
            !scratch.path("target/guests").join(output).exists(),
            "{output}"
        );
    }
}

#[test]
fn a_module_called_target_is_a_source_and_a_loop_of_links_has_an_end() {
    let scratch = Scratch::new();
    let module = |text: &str| format!("//! Of the tests.\npub const TEXT: &str = {text:?};\n");
    let source = returning("Ok(target::TEXT.into())");
    scratch.add_guest_from("target-module", "", &format!("{source}mod target;\n"));
    scratch.write("guests/target-module/src/target/mod.rs", &module("first"));
    scratch.write("guests/target-module/target/output", "no source");
    #[cfg(unix)]
    for (link, to) in [("src/up", ".."), ("src/itself", "itself")] {
        let link = scratch.path("guests/target-module").join(link);
        std::os::unix::fs::symlink(to, link).unwrap();
    }
    assert_eq!(scratch.build(&[])["target-module"], "rebuilt");

    scratch.write("guests/target-module/target/output", "another");
    assert_eq!(scratch.build(&[])["target-module"], "fresh");

    scratch.write("guests/target-module/src/target/mod.rs", &module("second"));
    set_times(&scratch.path("guests/target-module/src/target"), long_ago());
    assert_eq!(scratch.build(&[])["target-module"], "rebuilt");
    assert!(contains(&scratch.component("target-module"), "second"));
}

#[test]
fn a_cargo_configuration_outside_of_the_workspace_is_noticed() {
    let scratch = Scratch::new();
    let source = returning("Ok(option_env!(\"OF_THE_MACHINE\").unwrap_or(\"nothing\").into())");
    scratch.add_guest_from("config-guest", "", &source);
    scratch.build(&[]);
    // The second is read through the first.
    let edits = [
        (
            "config.toml",
            "include = [\"more.toml\"]\n[env]\nOF_THE_MACHINE = \"first machine\"\n",
            "first machine",
        ),
        ("config.toml", "include = [\"more.toml\"]\n", "nothing"),
        (
            "more.toml",
            "[env]\nOF_THE_MACHINE = \"second machine\"\n",
            "second machine",
        ),
    ];
    scratch.write("../.cargo/more.toml", "");
    for (file, text, expected) in edits {
        scratch.write(&format!("../.cargo/{file}"), text);
        scratch.build(&[]);
        assert!(
            contains(&scratch.component("config-guest"), expected),
            "{expected}"
        );
        assert_eq!(scratch.build(&[])["config-guest"], "fresh", "{expected}");
    }
}
