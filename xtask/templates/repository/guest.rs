//! Says which harbours are to be warned of a gale. The arguments are the harbours.

use acme::desk::weather::wind;
use fractal::app::audit_log::{AuditEntry, record_event};

wit_bindgen::generate!({ path: "../../wit", world: "micro-app", generate_all });

/// Where a gale begins: force 8.
const GALE_KNOTS: u32 = 34;

struct StormNotice;

impl Guest for StormNotice {
    fn run() -> Result<String, String> {
        let harbours: Vec<String> = std::env::args().skip(1).collect();
        let mut warned = Vec::new();
        for harbour in harbours {
            let knots = wind(&harbour)?;
            if knots >= GALE_KNOTS {
                record_event(&AuditEntry {
                    event_type: "warned".into(),
                    resource: harbour.clone(),
                    detail: format!("{knots} knots are forecast"),
                });
                warned.push(harbour);
            }
        }
        match &warned[..] {
            [] => Ok("no gale is forecast".into()),
            warned => Ok(format!("warned: {}", warned.join(", "))),
        }
    }
}

export!(StormNotice);
