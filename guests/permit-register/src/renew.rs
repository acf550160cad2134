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

#[cfg(test)]
mod tests {
    use micro_app::query_as;
    use micro_app::testing::Host;
    use native_host::SqliteTables;

    use super::renew;

    fn host() -> Host {
        Host::new().tables(SqliteTables::seeded(&[
            "../../tests/cases/permit-register/schema.sql",
            "../../tests/cases/permit-register/permit.csv",
        ]))
    }

    /// The day on which the permit expires, and what happened to it.
    fn register(host: &mut Host) -> Vec<(String, Option<String>)> {
        host.run(|| {
            query_as(
                "SELECT expires, kind FROM permit LEFT JOIN event ON permit = number WHERE number = 'EP-0102'",
            )
        })
        .unwrap()
    }

    #[test]
    fn a_renewal_is_a_new_day_an_event_and_an_entry() {
        let mut host = host();
        let said = host.run(|| renew("EP-0102", "2031-03-14"));
        assert_eq!(
            said.as_deref(),
            Ok("`EP-0102` of Harrow, Dale & Sons until 2031-03-14")
        );
        assert_eq!(
            host.trail(),
            ["[renewed] EP-0102 — from 2026-03-14 to 2031-03-14"]
        );
        let renewed = ("2031-03-14".to_owned(), Some("renewed".to_owned()));
        assert_eq!(register(&mut host), [renewed]);
    }

    /// The register refuses the day after the event was added.
    #[test]
    fn a_day_before_its_issue_leaves_the_register_as_it_was() {
        let mut host = host();
        let said = host.run(|| renew("EP-0102", "2020-01-01"));
        assert_eq!(
            said.unwrap_err(),
            "permit `EP-0102` cannot run until `2020-01-01`\n\
             hint: give a day after it was issued, as `2027-03-31`"
        );
        assert_eq!(
            host.trail(),
            ["[renewal-refused] EP-0102 — until 2020-01-01"]
        );
        assert_eq!(register(&mut host), [("2026-03-14".to_owned(), None)]);
    }
}
