//! `new` with a stand-in for the harness: what it makes, and what it says of it.

use crate::scratch::Scratch;

#[test]
fn everything_that_was_made_or_changed_is_listed() {
    let scratch = Scratch::new();
    let mut root: toml::Table = String::from_utf8(scratch.read("Cargo.toml"))
        .unwrap()
        .parse()
        .unwrap();
    let members = [
        "guests/*",
        "fuzz",
        "host",
        "instrument",
        "manifest",
        "tests",
    ]
    .map(toml::Value::from);
    root["workspace"]["members"] = toml::Value::Array(members.into());
    scratch.write("Cargo.toml", &toml::to_string(&root).unwrap());
    for (folder, name) in [
        ("host", "fractalaw-host"),
        ("fuzz", "fractalaw-fuzz"),
        ("instrument", "fractalaw-instrument"),
        ("manifest", "fractalaw-manifest"),
        ("tests", "fractalaw-tests"),
    ] {
        let cargo = format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n");
        scratch.write(&format!("{folder}/Cargo.toml"), &cargo);
        scratch.write(&format!("{folder}/src/lib.rs"), "//! A stand-in.\n");
    }
    scratch.write("tests/tests/cases.rs", "//! A stand-in.\n");

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
}
