//! The first micro-app: writes one audit entry and says hello. Copy it to begin your own.

use fractal::app::audit_log::{AuditEntry, record_event};

wit_bindgen::generate!({ path: "../../wit", world: "micro-app" });

struct HelloWorld;

impl Guest for HelloWorld {
    fn run() -> Result<String, String> {
        record_event(&AuditEntry {
            event_type: "app-started".into(),
            resource: "hello-world".into(),
            detail: "Bootstrap test — first micro-app execution".into(),
        });
        Ok("Hello from the first Fractalaw micro-app!".into())
    }
}

export!(HelloWorld);
