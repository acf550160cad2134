//! The table of targets.

use crate::targets;

/// A part of the host that takes bytes from others.
pub struct Target {
    /// Its name on the command line, and its folder in the corpus.
    pub name: &'static str,
    /// What its bytes are.
    pub about: &'static str,
    /// Gives it an input.
    ///
    /// # Panics
    ///
    /// If a promise is broken.
    pub run: fn(&[u8]),
    /// The inputs that mutations begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All targets.
pub const TARGETS: [Target; 11] = [
    Target {
        name: "component",
        about: "a component's bytes: loaded and, if they are accepted, run",
        run: targets::component::run,
        seeds: targets::component::seeds,
    },
    Target {
        name: "smith",
        about: "choices from which wasm-smith makes a valid component of our world, which is run",
        run: targets::smith::run,
        seeds: targets::smith::seeds,
    },
    Target {
        name: "manifest",
        about: "a component's manifest section, name and version",
        run: targets::manifest::run,
        seeds: targets::manifest::seeds,
    },
    Target {
        name: "policy",
        about: "a policy file, and what a component asks for held against it",
        run: targets::policy::run,
        seeds: targets::policy::seeds,
    },
    Target {
        name: "values",
        about: "calls of every host function that we offer, with any values",
        run: targets::values::run,
        seeds: targets::values::seeds,
    },
    Target {
        name: "text",
        about: "a guest's text, wherever it is printed",
        run: targets::text::run,
        seeds: targets::text::seeds,
    },
    Target {
        name: "ledger",
        about: "a ledger's file: opened, read, verified and appended to",
        run: targets::ledger::run,
        seeds: targets::ledger::seeds,
    },
    Target {
        name: "sql",
        about: "statements of SQL, on two databases that differ only in what is not granted",
        run: targets::sql::run,
        seeds: targets::sql::seeds,
    },
    Target {
        name: "streams",
        about: "Arrow streams that are inserted, read and inserted again",
        run: targets::streams::run,
        seeds: targets::streams::seeds,
    },
    Target {
        name: "events",
        about: "calls to events and schedules: types, payloads, cron expressions, times and ids",
        run: targets::events::run,
        seeds: targets::events::seeds,
    },
    Target {
        name: "ai",
        about: "answers of servers of models, recorded answers, and texts of guests",
        run: targets::ai::run,
        seeds: targets::ai::seeds,
    },
];

impl Target {
    /// The target with that name.
    pub fn find(name: &str) -> Option<&'static Target> {
        TARGETS.iter().find(|target| target.name == name)
    }
}
