//! Writes small audit entries without end: the host's bound on a run's entries must stop it, and
//! keep those before.

use fractal::app::audit_log::{AuditEntry, record_event};

wit_bindgen::generate!({ path: "../../wit", world: "micro-app" });

struct AuditFlood;

impl Guest for AuditFlood {
    fn run() -> Result<String, String> {
        for number in 1_u64.. {
            record_event(&AuditEntry {
                event_type: "drop".into(),
                resource: "audit-flood".into(),
                detail: number.to_string(),
            });
        }
        Ok("the trail has no bound".into())
    }
}

export!(AuditFlood);
