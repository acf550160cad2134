//! Ends the process instead of returning: with failure, or with the argument `success` as if all
//! were well. Either way there is no result, and a host must not make one up.

use std::{env, process};

use fractal::app::audit_log::{AuditEntry, record_event};

wit_bindgen::generate!({ path: "../../wit", world: "micro-app" });

struct Exits;

impl Guest for Exits {
    fn run() -> Result<String, String> {
        let code = if env::args().skip(1).any(|argument| argument == "success") {
            0
        } else {
            3
        };
        record_event(&AuditEntry {
            event_type: "exit-coming".into(),
            resource: "exits".into(),
            detail: format!("with code {code}"),
        });
        process::exit(code)
    }
}

export!(Exits);
