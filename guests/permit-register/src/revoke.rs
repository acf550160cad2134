//! Revocation of a permit, and of those that were issued under it.

use micro_app::{Error, execute, query_as, sql};
use serde::Deserialize;

use crate::event::{self, Event};

/// A permit that was issued under another one.
#[derive(Deserialize)]
struct Issued {
    permit: String,
    under: String,
}

pub(crate) fn revoke(number: &str) -> Result<String, String> {
    if set_revoked(&[number])? == 0 {
        return Err(format!(
            "no permit `{number}`\nhint: numbers have the form `EP-0417`"
        ));
    }
    let issued: Vec<Issued> = query_as(
        "SELECT permit, detail AS under FROM event WHERE kind = 'issued-under' ORDER BY permit",
    )?;
    let mut revoked = vec![number];
    revoked.extend(below(&issued, number));
    set_revoked(&revoked)?;
    let events: Vec<Event> = revoked.iter().map(|permit| event(permit, number)).collect();
    event::add(&events)?;
    event::tell(&events);
    Ok(format!("{} permits revoked", events.len()))
}

fn set_revoked(numbers: &[&str]) -> Result<u64, Error> {
    execute(sql!(
        "UPDATE permit SET status = 'revoked' WHERE number IN (?)",
        numbers
    ))
}

/// The permits below this one. No permit is under itself. In a register that has such a circle, the stack ends, and nothing is revoked.
fn below<'a>(issued: &'a [Issued], number: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    add_below(issued, number, &mut found);
    found
}

fn add_below<'a>(issued: &'a [Issued], number: &str, found: &mut Vec<&'a str>) {
    for one in issued.iter().filter(|one| one.under == number) {
        found.push(&*one.permit);
        add_below(issued, &one.permit, found);
    }
}

fn event(permit: &str, number: &str) -> Event {
    Event {
        permit: permit.to_owned(),
        kind: "revoked",
        detail: format!("with {number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_issued_under_a_permit_is_below_it_however_deep() {
        let issued = [
            ("EP-2", "EP-1"),
            ("EP-3", "EP-2"),
            ("EP-4", "EP-9"),
            ("EP-5", "EP-1"),
        ];
        let issued = issued.map(|(permit, under)| Issued {
            permit: permit.to_owned(),
            under: under.to_owned(),
        });
        assert_eq!(below(&issued, "EP-1"), ["EP-2", "EP-3", "EP-5"]);
        assert!(below(&issued, "EP-3").is_empty());
    }
}
