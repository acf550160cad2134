//! Names of what is made here.

use crate::cases::asked::SCENARIOS;

/// Names that cargo, rustc or the commands here would mistake for something else.
pub(crate) const RESERVED: [&str; 16] = [
    "alloc",
    "build",
    "core",
    "debug",
    "deps",
    "examples",
    // The host's program, which is not named like its package.
    "fractalaw",
    "guest",
    // The names of the harness's own tests.
    "harness",
    "incremental",
    "inventory",
    "proc-macro",
    "release",
    // The group of scenarios among the cases.
    SCENARIOS,
    "std",
    "test",
];

/// Files are first written to a folder whose name begins like this. It is on the same file system as the place where they
/// belong, so that they can be renamed.
pub(crate) const ASIDE: &str = ".new-";

/// Whether it is lower-case words and digits with `-` between them, and begins with a letter.
pub(crate) fn is_kebab(name: &str) -> bool {
    let is_word = |word: &str| {
        let mut characters = word.chars();
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        !word.is_empty() && characters.all(fits)
    };
    name.split('-').all(is_word) && name.starts_with(|c: char| c.is_ascii_lowercase())
}
