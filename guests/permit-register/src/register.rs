//! New permits, a line each: number, holder, activity, day of issue and of expiry, yearly fee in pence, with `;` between.

use std::io;

use micro_app::{Code, insert};
use serde::Serialize;

use crate::event::{self, Event};

#[derive(Debug, PartialEq, Serialize)]
struct NewPermit {
    number: String,
    holder: String,
    activity: String,
    issued: String,
    expires: String,
    fee_pence: u32,
    status: &'static str,
}

pub(crate) fn register() -> Result<String, String> {
    let mut permits = Vec::new();
    for (at, line) in io::stdin().lines().enumerate() {
        let line = line.map_err(|error| format!("cannot read standard input: {error}"))?;
        let permit = read(&line).ok_or_else(|| {
            format!(
                "line {}: `{line}` is no permit\n\
                 hint: expected `NUMBER;HOLDER;ACTIVITY;ISSUED;EXPIRES;FEE`, the fee in pence",
                at + 1
            )
        })?;
        permits.push(permit);
    }
    let added = insert("permit", &permits).map_err(|error| match error.code {
        Code::Constraint => format!(
            "{error}\nhint: each permit has a number of its own, and expires after it was issued"
        ),
        _ => error.message,
    })?;
    let events: Vec<Event> = permits.into_iter().map(registration).collect();
    event::add(&events)?;
    event::tell(&events);
    Ok(format!("{added} permits registered"))
}

fn registration(permit: NewPermit) -> Event {
    Event {
        detail: format!("{} for {}", permit.activity, permit.holder),
        permit: permit.number,
        kind: "registered",
    }
}

fn read(line: &str) -> Option<NewPermit> {
    let fields: Vec<&str> = line.split(';').map(str::trim).collect();
    let [number, holder, activity, issued, expires, fee] = fields[..] else {
        return None;
    };
    Some(NewPermit {
        number: number.to_owned(),
        holder: holder.to_owned(),
        activity: activity.to_owned(),
        issued: issued.to_owned(),
        expires: expires.to_owned(),
        fee_pence: fee.parse().ok()?,
        status: "in-force",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_permit() {
        let permit = read("EP-1; Fenland Anglers ;angling;2026-01-01;2027-01-01;2500").unwrap();
        assert_eq!(
            (&*permit.holder, permit.fee_pence),
            ("Fenland Anglers", 2_500)
        );
        for line in [
            "",
            "EP-1;a;b;2026-01-01;2027-01-01",
            "EP-1;a;b;c;d;-1",
            "a;b;c;d;e;1;2",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }
}
