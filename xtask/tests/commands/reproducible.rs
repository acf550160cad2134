//! A guest's bytes depend only on that guest and the compiler.

use std::fs;
use std::path::PathBuf;

use crate::guests::returning;
use crate::scratch::{Scratch, shared};

/// Uses a crate from the registry that can panic, so that the crate's path is in the component.
fn realistic(scratch: &Scratch) {
    let source = "let value: serde_json::Value = serde_json::from_str(&std::env::var(\"INPUT\")\
                  .unwrap_or_default()).map_err(|error| error.to_string())?;\n        \
                  Ok(value[\"key\"].to_string())";
    scratch.add_guest_from(
        "clone-realistic",
        "serde_json.workspace = true\n",
        &returning(source),
    );
}

/// Another `CARGO_HOME` with the registry of the first, because the tests are offline.
#[cfg(unix)]
fn other_cargo_home() -> PathBuf {
    let home = shared("cargo-home");
    let first = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let first = first
        .or_else(|| Some(std::env::home_dir()?.join(".cargo")))
        .unwrap();
    fs::create_dir_all(&home).unwrap();
    let link = home.join("registry");
    let _ = fs::remove_file(&link);
    std::os::unix::fs::symlink(first.join("registry"), &link).unwrap();
    home
}

#[cfg(unix)]
#[test]
fn two_clones_with_different_cargo_homes_and_configurations_give_the_same_bytes() {
    let one = Scratch::new();
    realistic(&one);
    one.build(&[]);

    let home = other_cargo_home();
    fs::write(
        home.join("config.toml"),
        "[profile.guest]\nlto = false\npanic = \"unwind\"\n",
    )
    .unwrap();
    let two = Scratch::new()
        .env("CARGO_HOME", home.to_str().unwrap())
        .env(
            "CARGO_BUILD_BUILD_DIR",
            shared("other-build").to_str().unwrap(),
        )
        .env("RUSTFLAGS", "-C opt-level=0 -C debug-assertions")
        .env("CARGO_PROFILE_GUEST_OPT_LEVEL", "0")
        .env("CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS", "-C debuginfo=2")
        .env("RUSTC_WRAPPER", "no-such-wrapper");
    realistic(&two);
    // All keys, each with another value than ours.
    two.write(
        "../.cargo/config.toml",
        "[profile.guest]\n\
         codegen-units = 16\n\
         debug = \"full\"\n\
         debug-assertions = true\n\
         incremental = true\n\
         inherits = \"dev\"\n\
         lto = \"off\"\n\
         opt-level = 0\n\
         overflow-checks = true\n\
         panic = \"unwind\"\n\
         rpath = true\n\
         split-debuginfo = \"packed\"\n\
         strip = \"none\"\n",
    );
    two.build(&[]);

    let component = one.component("clone-realistic");
    assert!(
        component == two.component("clone-realistic"),
        "the components differ"
    );
    assert!(
        one.read("target/guests/core/clone-realistic.wasm")
            == two.read("target/guests/core/clone-realistic.wasm"),
        "the core modules differ"
    );
    let text = String::from_utf8_lossy(&component);
    assert!(
        text.contains("/cargo/registry/"),
        "no path of the registry to compare"
    );
    for machine in [one.root(), two.root(), &home] {
        assert!(
            !text.contains(machine.to_str().unwrap()),
            "{} is in the component",
            machine.display()
        );
    }
}

#[test]
fn guests_that_want_different_features_of_a_crate_do_not_change_each_other() {
    let features = ["left", "right"];
    let workspace = |guests: &[&str]| {
        let scratch = Scratch::new();
        scratch.write(
            "featured/Cargo.toml",
            "[package]\nname = \"featured\"\nedition = \"2024\"\n\n[features]\nleft = []\nright = []\n",
        );
        scratch.write(
            "featured/src/lib.rs",
            "//! Says which features it has.\n\
             /// The features.\n\
             pub fn features() -> String {\n    \
                 let mut text = String::from(\"features:\");\n    \
                 if cfg!(feature = \"left\") {\n        text += \" left-handed\";\n    }\n    \
                 if cfg!(feature = \"right\") {\n        text += \" right-handed\";\n    }\n    \
                 text\n\
             }\n",
        );
        for feature in guests {
            let dependency =
                format!("featured = {{ path = \"../../featured\", features = [\"{feature}\"] }}\n");
            let source = returning("Ok(featured::features())");
            scratch.add_guest_from(&format!("wants-{feature}"), &dependency, &source);
        }
        scratch.build(&[]);
        scratch
    };
    let together = workspace(&features);
    for feature in features {
        let guest = format!("wants-{feature}");
        let alone = workspace(&[feature]);
        assert!(
            alone.component(&guest) == together.component(&guest),
            "`{guest}` differs"
        );
    }
    let text = together.component("wants-left");
    assert!(
        !String::from_utf8_lossy(&text).contains("right-handed"),
        "`wants-left` has both features"
    );
}

#[test]
fn a_profile_that_leaves_something_to_the_machine_is_an_error() {
    let scratch = Scratch::new();
    scratch.add_guest("profile-guest", "never built");
    let manifest = String::from_utf8(scratch.read("Cargo.toml")).unwrap();
    scratch.write("Cargo.toml", &manifest.replace("rpath = false\n", ""));
    let ended = scratch.xtask(["build-guests"]);
    assert_eq!(ended.code, 11, "{}", ended.stderr);
    assert!(
        ended.stderr.contains(
            "error: `[profile.guest]` in `Cargo.toml` does not say `rpath`\nhint: write every key"
        ),
        "{}",
        ended.stderr
    );
}
