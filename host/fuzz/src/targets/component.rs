//! Any bytes as a component.

use std::fs;
use std::path::Path;

use crate::nestings::NESTINGS;
use crate::{bombs, host};

pub(crate) fn run(bytes: &[u8]) {
    host::load_and_run(bytes, &host::small());
}

/// The fixtures of the test cases, and small components in which every kind of section is near the beginning.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![
        fractalaw_testing::component("", ""),
        fractalaw_testing::component("(func $f (call $record))", "(loop (call $f) (br 0))"),
        fractalaw_testing::component(
            "(table $t 10 funcref) (func $f) (elem (i32.const 0) func $f) (data (i32.const 64) \"data\")
             (global $g (mut i32) (i32.const 0))",
            "(call_indirect $t (i32.const 0)) (drop (memory.grow (i32.const 3)))
             (global.set $g (i32.const 1)) (memory.fill (i32.const 64) (i32.const 1) (i32.const 64))",
        ),
    ];
    for nesting in NESTINGS {
        // A few levels, so that a mutation can change what is nested, and one level more than allowed.
        seeds.extend([4, 65].map(nesting.make));
    }
    seeds.extend([bombs::tools(1_100), bombs::imports(30)]);
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures");
    for folder in ["hostile", "malformed"] {
        let entries = fs::read_dir(fixtures.join(folder))
            .into_iter()
            .flatten()
            .flatten();
        let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            if path.extension().is_some_and(|extension| extension == "wat") {
                seeds.extend(wat::parse_file(&path));
            }
        }
    }
    seeds
}
