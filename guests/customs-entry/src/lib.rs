//! Checks a customs entry. Its items are lines of standard input: container, code of the goods, country of origin, value
//! in cents. The duty on each item is in the audit trail, and so is each container whose number is wrong.
//!
//! It is composed of three languages. `container-numbers` is in C and reads the numbers of containers, `duty-rates` is
//! in TypeScript and has the tariff. Both are joined to this guest when it is built.

mod item;

use std::io;

use acme::duty::rates::assess;
use acme::freight::containers;
use fractal::app::audit_log::{AuditEntry, record_event};
use item::Item;

wit_bindgen::generate!({
    path: [
        "../../wit",
        "../c/container-numbers/wit",
        "../javascript/duty-rates/wit",
        "wit",
    ],
    world: "acme:customs/customs",
    generate_all,
});

struct Customs;

impl Guest for Customs {
    fn run() -> Result<String, String> {
        let (mut items, mut held, mut duty_cents) = (0, 0, 0);
        for (line, text) in (1..).zip(io::stdin().lines()) {
            let text = text.map_err(|error| format!("cannot read standard input: {error}"))?;
            let in_line = |error: String| format!("line {line}: {error}");
            let item: Item = text.parse().map_err(in_line)?;
            items += 1;
            let container = match containers::check(&item.container) {
                Ok(container) => container,
                Err(error) => {
                    held += 1;
                    record("item-held", &item.container, error);
                    continue;
                }
            };
            let due = assess(&item.goods, &item.origin, item.value_cents).map_err(in_line)?;
            duty_cents += due.duty_cents;
            let preference = due
                .preference
                .map_or(String::new(), |name| format!(", {name}"));
            record(
                "duty-assessed",
                &container.number,
                format!(
                    "{} of {} from {}: {} cents at {}.{} %{preference}",
                    due.heading,
                    container.owner,
                    item.origin,
                    due.duty_cents,
                    due.per_mille / 10,
                    due.per_mille % 10
                ),
            );
        }
        Ok(format!(
            "{items} items: {held} held, duty {duty_cents} cents"
        ))
    }
}

fn record(event_type: &str, resource: &str, detail: String) {
    record_event(&AuditEntry {
        event_type: event_type.into(),
        resource: resource.into(),
        detail,
    });
}

export!(Customs);
