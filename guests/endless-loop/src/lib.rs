//! Loops for ever and never calls the host: only the deadline can end it before its large budget of
//! fuel does.

use std::hint;

use fractal::app::audit_log::{AuditEntry, record_event};

wit_bindgen::generate!({ path: "../../wit", world: "micro-app" });

struct EndlessLoop;

impl Guest for EndlessLoop {
    fn run() -> Result<String, String> {
        record_event(&AuditEntry {
            event_type: "loop-entered".into(),
            resource: "endless-loop".into(),
            detail: "nothing is recorded after this".into(),
        });
        loop {
            hint::spin_loop();
        }
    }
}

export!(EndlessLoop);
