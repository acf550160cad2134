//! Sleeps inside a host call, where it uses no fuel and runs no code: the deadline must reach it
//! there too.

use std::{thread, time::Duration};

use fractal::app::audit_log::{AuditEntry, record_event};

wit_bindgen::generate!({ path: "../../wit", world: "micro-app" });

const NAP: Duration = Duration::from_secs(60 * 60);

struct Sleeper;

impl Guest for Sleeper {
    fn run() -> Result<String, String> {
        record_event(&AuditEntry {
            event_type: "sleep-coming".into(),
            resource: "sleeper".into(),
            detail: format!("for {} s", NAP.as_secs()),
        });
        thread::sleep(NAP);
        Ok("slept through the deadline".into())
    }
}

export!(Sleeper);
