//! Says in one line what this micro-app is for.

#![cfg_attr(target_family = "wasm", no_std)]

extern crate alloc;

use alloc::string::String;

use fractal::app::audit_log::{AuditEntry, record_event};
use lean as _;

wit_bindgen::generate!({ path: "../../wit", world: "micro-app" });

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
