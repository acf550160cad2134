//! Allocates and touches memory until its cap stops it, and records each step on the way.

use std::hint;

use fractal::app::audit_log::{AuditEntry, record_event};

wit_bindgen::generate!({ path: "../../wit", world: "micro-app" });

const CHUNK_BYTES: usize = 1 << 20;

struct MemoryBomb;

impl Guest for MemoryBomb {
    fn run() -> Result<String, String> {
        let mut hoard = Vec::new();
        loop {
            record_event(&AuditEntry {
                event_type: "memory-held".into(),
                resource: "memory-bomb".into(),
                detail: format!("{} MiB", hoard.len()),
            });
            // The black box keeps the optimiser from dropping memory that nobody reads.
            hoard.push(hint::black_box(vec![0xA5_u8; CHUNK_BYTES]));
        }
    }
}

export!(MemoryBomb);
