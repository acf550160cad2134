//! `cargo xtask test --coverage` of this repository's composed guests, with the real tools and the real engine.

use std::io::{Write, stderr};
use std::process::Command;

use crate::scratch::repository;

/// `customs-entry` is in Rust, with a part in C and one in TypeScript. `gate-log` is in TypeScript, with the same part in C.
/// What no case reaches there: the categories J and Z of containers, and a letter that is none.
const EXPECTED: &str = "\
lines  reached  percent  guest, file        no case reaches
   46       43     93.4  container-numbers
   46       43     93.4    main.c           48-50
   45       45    100.0  customs-entry
   13       13    100.0    src/item.rs
   32       32    100.0    src/lib.rs
   91       88     96.7  all
";

#[test]
fn of_composed_guests_the_parts_in_rust_and_c_are_counted() {
    let ended = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["test", "--coverage", "customs-entry", "gate-log"])
        .current_dir(repository())
        .output()
        .unwrap();
    let (said, shown) = (
        String::from_utf8(ended.stderr).unwrap(),
        String::from_utf8(ended.stdout).unwrap(),
    );
    if said.contains(" cannot be had: ") && std::env::var_os("CI").is_none() {
        let _ = writeln!(
            stderr(),
            "SKIPPED coverage::of_composed_guests_the_parts_in_rust_and_c_are_counted: there are no tools for C or JavaScript"
        );
        return;
    }
    assert_eq!(shown, EXPECTED, "{said}");
    let not_counted = "not counted: `duty-rates`, `gate-log`: it is written in TypeScript, and lines are known of Rust and C only\n";
    assert!(said.contains(not_counted), "{said}");
}
