//! Reads everything that could differ from run to run: both clocks, random bytes and the order of a
//! hash map. In production they are real; under test they must reproduce.

use std::collections::HashMap;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use fractal::app::audit_log::{AuditEntry, record_event};

wit_bindgen::generate!({ path: "../../wit", world: "micro-app" });

struct TimeAndChance;

impl Guest for TimeAndChance {
    fn run() -> Result<String, String> {
        let readings = [
            ("wall clock", wall_clock()?),
            ("monotonic clock", monotonic_clock()),
            ("random bytes", random_bytes()?),
            ("hash-map order", hash_map_order()),
        ];
        for (source, reading) in &readings {
            record_event(&AuditEntry {
                event_type: "source-read".into(),
                resource: (*source).into(),
                detail: reading.clone(),
            });
        }
        Ok(readings
            .map(|(source, reading)| format!("{source}: {reading}"))
            .join("\n"))
    }
}

fn wall_clock() -> Result<String, String> {
    let elapsed = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_err(|error| error.to_string())?;
    Ok(format!(
        "{}.{:09} s of Unix time",
        elapsed.as_secs(),
        elapsed.subsec_nanos()
    ))
}

/// Only the distance between two readings means anything: the clock's zero is the host's own
/// affair.
fn monotonic_clock() -> String {
    let start = Instant::now();
    format!("{} ns between two readings", start.elapsed().as_nanos())
}

fn random_bytes() -> Result<String, String> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The standard library seeds each map from the host, so that the order differs between runs.
fn hash_map_order() -> String {
    let map: HashMap<u32, ()> = (0..16).map(|key| (key, ())).collect();
    map.keys().map(u32::to_string).collect::<Vec<_>>().join(" ")
}

export!(TimeAndChance);
