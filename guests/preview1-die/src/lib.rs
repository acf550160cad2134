//! Rolls a die with a crate that asks WASI 0.1 for randomness. `cargo xtask build-guests` gives it the adapter
//! to WASI 0.2, and it runs as any other: under test it rolls the same numbers each time.

use fractal::app::audit_log::{AuditEntry, record_event};

wit_bindgen::generate!({ path: "../../wit", world: "micro-app" });

/// A byte at or above it would make low numbers more likely: it is the last multiple of six that a byte holds.
const FAIR: u8 = 252;

struct Preview1Die;

impl Guest for Preview1Die {
    fn run() -> Result<String, String> {
        let mut rolls = Vec::new();
        while rolls.len() < 6 {
            let mut byte = [0];
            getrandom::getrandom(&mut byte).map_err(|error| error.to_string())?;
            if byte[0] < FAIR {
                rolls.push((byte[0] % 6 + 1).to_string());
            }
        }
        let rolls = rolls.join(" ");
        record_event(&AuditEntry {
            event_type: "die-rolled".into(),
            resource: "die".into(),
            detail: rolls.clone(),
        });
        Ok(format!("rolled {rolls}"))
    }
}

export!(Preview1Die);
