//! A workspace that cargo cannot resolve: the message names the guest at fault.

use crate::guests::{cargo_toml, saying};
use crate::scratch::Scratch;

#[test]
fn the_guest_that_keeps_cargo_from_resolving_is_named() {
    let scratch = Scratch::new();
    scratch.add_guest("unresolved-good", "built before");
    scratch.build(&[]);
    scratch.write("guests/unresolved/src/lib.rs", &saying("never built"));
    let missing = cargo_toml("unresolved", "no-such-crate-anywhere = \"1\"\n");
    let broken = cargo_toml("unresolved", "wit-bindgen = {\n");
    for manifest in [missing, broken] {
        scratch.write("guests/unresolved/Cargo.toml", &manifest);
        // A fresh guest needs no cargo.
        assert_eq!(
            scratch.build(&["unresolved-good"])["unresolved-good"],
            "fresh"
        );
        scratch.write("guests/unresolved-good/src/lib.rs", &saying("built now"));
        let ended = scratch.xtask(["build-guests", "unresolved-good"]);
        assert_eq!(ended.code, 12, "{}", ended.stderr);
        let expected = "\nerror: cargo cannot resolve the workspace, because of `guests/unresolved`\n\
                        hint: correct `guests/unresolved/Cargo.toml` as cargo says above: it resolves all guests \
                        together, and builds none until then\n";
        assert!(ended.stderr.ends_with(expected), "{}", ended.stderr);
        scratch.write("guests/unresolved-good/src/lib.rs", &saying("built before"));
    }
}
