//! Screens shipments before they cross a border. They are lines of standard input: number, code of the goods, country,
//! kilograms. What must be held or told to an authority is in the audit trail.
//!
//! The rules are not here. `rules-checker` has them, another guest, which is joined to this one when it is built.

mod shipment;

use std::io;

use acme::rules::check::{Demand, check};
use fractal::app::audit_log::{AuditEntry, record_event};
use shipment::Shipment;

wit_bindgen::generate!({
    path: ["../../wit", "../rules-checker/wit", "wit"],
    world: "acme:screening/screening",
    generate_all,
});

struct Screening;

impl Guest for Screening {
    fn run() -> Result<String, String> {
        let (mut shipments, mut held, mut notified) = (0, 0, 0);
        for (line, text) in (1..).zip(io::stdin().lines()) {
            let text = text.map_err(|error| format!("cannot read standard input: {error}"))?;
            let shipment: Shipment = text
                .parse()
                .map_err(|error| format!("line {line}: {error}"))?;
            let findings = check(&shipment.item)?;
            let is_held = findings
                .iter()
                .any(|finding| finding.demand == Demand::Hold);
            shipments += 1;
            held += u32::from(is_held);
            notified += u32::from(!is_held && !findings.is_empty());
            for finding in findings {
                let event_type = match finding.demand {
                    Demand::Hold => "shipment-held",
                    Demand::Notify => "authority-notified",
                };
                record_event(&AuditEntry {
                    event_type: event_type.into(),
                    resource: shipment.number.clone(),
                    detail: format!("{}: {}", finding.rule, finding.reason),
                });
            }
        }
        Ok(format!(
            "{shipments} shipments: {held} held, {notified} notified"
        ))
    }
}

export!(Screening);
