//! Renewal of one permit.

use micro_app::{Code, execute, query_one, record, sql};

use crate::event::{self, Event};
use crate::permit::{Permit, Status};

pub(crate) fn renew(number: &str, until: &str) -> Result<String, String> {
    let permit: Option<Permit> = query_one(sql!(
        "SELECT number, holder, expires, status FROM permit WHERE number = ?",
        number
    ))?;
    let permit = permit
        .ok_or_else(|| format!("no permit `{number}`\nhint: numbers have the form `EP-0417`"))?;
    if permit.status == Status::Revoked {
        return Err(format!(
            "permit `{number}` was revoked\nhint: its holder must apply for a new one"
        ));
    }
    let events = [Event {
        permit: permit.number,
        kind: "renewed",
        detail: format!("from {} to {until}", permit.expires),
    }];
    event::add(&events)?;
    // The register's own rule, that a permit expires after it was issued, is asked last: it takes the event back too.
    let renewed = execute(sql!(
        "UPDATE permit SET expires = ?, status = 'in-force' WHERE number = ?",
        until,
        number
    ));
    match renewed {
        Ok(_) => {
            event::tell(&events);
            Ok(format!("`{number}` of {} until {until}", permit.holder))
        }
        Err(error) if error.code == Code::Constraint => {
            record("renewal-refused", number, format!("until {until}"));
            Err(format!(
                "permit `{number}` cannot run until `{until}`\nhint: give a day after it was issued, as `2027-03-31`"
            ))
        }
        Err(error) => Err(error.message),
    }
}
