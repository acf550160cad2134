//! The first micro-app without the standard library: it does what `hello-world` does, and is a twentieth of it.

#![cfg_attr(target_family = "wasm", no_std)]

extern crate alloc;

use alloc::string::String;

use fractal::app::audit_log::{AuditEntry, record_event};
use lean as _;

wit_bindgen::generate!({ path: "../../wit", world: "micro-app" });

struct HelloLean;

impl Guest for HelloLean {
    fn run() -> Result<String, String> {
        record_event(&AuditEntry {
            event_type: "app-started".into(),
            resource: "hello-lean".into(),
            detail: "Bootstrap test — first micro-app execution".into(),
        });
        Ok("Hello from the first Fractalaw micro-app!".into())
    }
}

export!(HelloLean);
