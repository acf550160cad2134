//! Says in one line what this micro-app is for.

use fractal::app::audit_log::{AuditEntry, record_event};

wit_bindgen::generate!({ path: "../../wit", world: "micro-app", generate_all });

struct App;

impl Guest for App {
    fn run() -> Result<String, String> {
        record_event(&AuditEntry {
            event_type: "app-started".into(),
            resource: "{name}".into(),
            detail: "First run".into(),
        });
        Ok("Hello from {name}!".into())
    }
}

export!(App);
