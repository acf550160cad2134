//! Ends in its own error, which is a verdict of the micro-app and neither a trap nor a limit.

use fractal::app::audit_log::{AuditEntry, record_event};

wit_bindgen::generate!({ path: "../../wit", world: "micro-app" });

struct GuestError;

impl Guest for GuestError {
    fn run() -> Result<String, String> {
        record_event(&AuditEntry {
            event_type: "permit-checked".into(),
            resource: "site-7".into(),
            detail: "no permit to work is on file".into(),
        });
        Err("`site-7` has no valid permit to work\nhint: issue one before work begins".into())
    }
}

export!(GuestError);
