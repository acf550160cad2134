//! The review of each night: what has expired, and what soon will.

use micro_app::{execute, query_as, query_one, sql};

use crate::event::{self, Event};
use crate::permit::Permit;

/// Holders are reminded once, so long before their permit expires.
const NOTICE_DAYS: u32 = 60;

pub(crate) fn review() -> Result<String, String> {
    let today: String = query_one("SELECT date('now')")?.ok_or("no date")?;
    let due = query_as::<Permit>(sql!(
        "SELECT number, holder, expires, status FROM permit
         WHERE status = 'in-force' AND expires <= date(?, '+' || ? || ' days')
         ORDER BY expires, number",
        today,
        NOTICE_DAYS
    ))?;
    let (expired, expiring): (Vec<Permit>, Vec<Permit>) =
        due.into_iter().partition(|permit| permit.expires < today);
    let numbers: Vec<&str> = expired.iter().map(|permit| &*permit.number).collect();
    execute(sql!(
        "UPDATE permit SET status = 'expired' WHERE number IN (?)",
        numbers
    ))?;
    let reminded: Vec<String> = query_as("SELECT permit FROM event WHERE kind = 'reminded'")?;
    let mut events: Vec<Event> = expired.iter().map(expiry).collect();
    events.extend(
        expiring
            .iter()
            .filter(|permit| !reminded.contains(&permit.number))
            .map(reminder),
    );
    let reminders = events.len() - expired.len();
    event::add(&events)?;
    event::tell(&events);
    Ok(format!(
        "{today}: {} expired, {reminders} reminded",
        expired.len()
    ))
}

fn expiry(permit: &Permit) -> Event {
    Event {
        permit: permit.number.clone(),
        kind: "expired",
        detail: format!("on {}", permit.expires),
    }
}

fn reminder(permit: &Permit) -> Event {
    Event {
        permit: permit.number.clone(),
        kind: "reminded",
        detail: format!(
            "letter R{} to {}: expires on {}",
            permit.serial(),
            permit.holder,
            permit.expires
        ),
    }
}

#[cfg(test)]
mod tests {
    use micro_app::testing::Host;
    use native_host::SqliteTables;

    use super::review;

    #[test]
    fn a_holder_is_reminded_once() {
        let tables = SqliteTables::sql(
            "CREATE TABLE permit (number TEXT, holder TEXT, expires DATE, status TEXT);
             CREATE TABLE event (permit TEXT, kind TEXT, detail TEXT);
             INSERT INTO permit VALUES
                 ('EP-1', 'Fenland Anglers', '2026-02-28', 'in-force'),
                 ('EP-2', 'Tarn View', '2026-04-30', 'in-force'),
                 ('EP-3', 'Marsh End', '2026-05-01', 'in-force');",
        );
        // The notice is of 60 days: the third permit runs for 61.
        let mut host = Host::new().tables(tables.at("2026-03-01T02:00:00Z"));
        assert_eq!(
            host.run(review).as_deref(),
            Ok("2026-03-01: 1 expired, 1 reminded")
        );
        assert_eq!(
            host.trail(),
            [
                "[expired] EP-1 — on 2026-02-28",
                "[reminded] EP-2 — letter R2 to Tarn View: expires on 2026-04-30"
            ]
        );
        assert_eq!(
            host.run(review).as_deref(),
            Ok("2026-03-01: 0 expired, 0 reminded")
        );
        assert_eq!(host.trail().len(), 2);
    }
}
