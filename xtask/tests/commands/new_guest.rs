//! `new` with a stand-in for the harness: what it makes, and what it prints.

use crate::scratch::Scratch;

#[test]
fn everything_that_was_made_or_changed_is_listed() {
    let scratch = Scratch::new().env("EXPECTED", "accept");
    scratch.add_stand_ins_beside_guests();

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
