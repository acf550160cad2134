//! `cargo xtask test --coverage` of guests of this repository, some of them composed, with the real tools and the real engine.

use std::process::Command;

use crate::scratch::repository;
use crate::tools::are_there;

/// `customs-entry` is in Rust, with a part in C and one in TypeScript. `gate-log` is in TypeScript, with the same part in C.
/// What no case reaches there: the categories J and Z of containers, and a letter that is none. `tests/README.md` says why no
/// case reaches the lines of `duty-finder`.
const EXPECTED: &str = "\
lines  reached  percent  guest, file          no case reaches
   12       12    100.0  asks-for-ai
   12       12    100.0    src/lib.rs
   46       43     93.4  container-numbers
   46       43     93.4    main.c             48-50
   45       45    100.0  customs-entry
   13       13    100.0    src/item.rs
   32       32    100.0    src/lib.rs
  301      279     92.6  duty-finder
   34       34    100.0    src/lib.rs
   30       25     83.3    src/modal.rs       61, 83-87
   82       76     92.6    src/numbering.rs   64-71
  104       94     90.3    src/regulation.rs  75-77, 88-93, 142
   51       50     98.0    src/summary.rs     78
  404      379     93.8  all
";

#[test]
fn the_lines_that_no_case_reaches_are_those_of_the_pages() {
    let test = "coverage::the_lines_that_no_case_reaches_are_those_of_the_pages";
    if !are_there(test, &["c", "javascript"]) {
        return;
    }
    let ended = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args([
            "test",
            "--coverage",
            "asks-for-ai",
            "customs-entry",
            "gate-log",
            "duty-finder",
        ])
        .current_dir(repository())
        .output()
        .unwrap();
    let (said, shown) = (
        String::from_utf8(ended.stderr).unwrap(),
        String::from_utf8(ended.stdout).unwrap(),
    );
    assert_eq!(shown, EXPECTED, "{said}");
    for not_counted in [
        "not counted: `asks-for-ai/default`: it is refused before it starts\n",
        "not counted: `duty-rates`, `gate-log`: it is written in TypeScript, and lines are known of Rust and C only\n",
    ] {
        assert!(said.contains(not_counted), "{said}");
    }
}
