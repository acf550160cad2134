//! Writes one small audit entry, then one larger than a host accepts: the small one must survive.

use fractal::app::audit_log::{AuditEntry, record_event};

wit_bindgen::generate!({ path: "../../wit", world: "micro-app" });

const DETAIL_BYTES: usize = 5 << 20;

struct HugeEntry;

impl Guest for HugeEntry {
    fn run() -> Result<String, String> {
        for detail in ["a detail of ordinary size".into(), "x".repeat(DETAIL_BYTES)] {
            record_event(&AuditEntry {
                event_type: "entry-written".into(),
                resource: "huge-entry".into(),
                detail,
            });
        }
        Ok(format!("an entry of {DETAIL_BYTES} bytes was accepted"))
    }
}

export!(HugeEntry);
