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
