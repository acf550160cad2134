//! One process and one slot: after every hostile guest and every malformed input, `hello-world` runs as if
//! nothing had happened.

use std::fs;

use fractalaw_host::{Host, LoadError, Run};

use crate::components::{RUNTIME, cache, guest_bytes, policy_of_cases, workspace};

const HOSTILE: [&str; 13] = [
    "audit-flood",
    "deep-recursion",
    "endless-loop",
    "exits",
    "fuel-hog",
    "huge-entry",
    "memory-bomb",
    "output-flood",
    "panics",
    "sleeper",
    "slot-scribbler",
    "wants-everything",
    "asks-for-ai",
];

#[test]
fn nothing_that_a_component_does_is_noticed_by_the_next() {
    // So that each of them starts.
    let policy = policy_of_cases();
    let host = Host::builder()
        .slots(1)
        .cache(cache())
        .policy(policy)
        .build()
        .unwrap();
    let hello = host.load(&guest_bytes("hello-world")).unwrap();
    let run = Run::new().deterministic();
    let clean = RUNTIME.block_on(host.run(&hello, &run)).unwrap();
    let hostile = Run::new().deterministic().fuel(20_000_000);
    for (name, bytes) in hostile_guests().into_iter().chain(fixtures()) {
        match host.load(&bytes) {
            Ok(app) => drop(RUNTIME.block_on(host.run(&app, &hostile)).unwrap()),
            Err(LoadError::Refused(_)) => {}
            Err(LoadError::Host(error)) => panic!("`{name}` failed the host: {error}"),
        }
        let mut after = RUNTIME.block_on(host.run(&hello, &run)).unwrap();
        after.durations = clean.durations;
        assert_eq!(after, clean, "after `{name}`");
    }
}

fn hostile_guests() -> Vec<(String, Vec<u8>)> {
    HOSTILE
        .iter()
        .map(|name| ((*name).to_owned(), guest_bytes(name)))
        .collect()
}

/// Every component among the fixtures of the cases, and a hundred megabytes of zeros.
fn fixtures() -> Vec<(String, Vec<u8>)> {
    let mut found = vec![("zeros".to_owned(), vec![0; 100_000_000])];
    for folder in ["malformed", "hostile"] {
        for entry in fs::read_dir(workspace().join("tests/fixtures").join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.display().to_string();
            if name.ends_with(".wat") {
                found.push((name, wat::parse_file(&path).unwrap()));
            } else if !name.ends_with(".toml") {
                found.push((name, fs::read(&path).unwrap()));
            }
        }
    }
    found
}
