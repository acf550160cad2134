//! What people do with deliveries, on an engine and a ledger without a supervisor.

use std::path::Path;
use std::time::Duration;

use fractalaw_events_engine::{App, Apps, NoClosings, Time};
use fractalaw_ledger::{Options, Reader};
use rusqlite::Connection;

use super::*;
use crate::clock::VirtualClock;

#[test]
fn all_that_is_held_is_offered_again() {
    let folder = tempfile::tempdir().unwrap();
    let now = Time::from_unix_s(0);
    let apps = (0..30).map(|number| (format!("a{number}"), App::new(100).on("go")));
    let apps = Apps(apps.collect());
    let path = folder.path().join("events.db");
    let engine = Engine::open(&path, "ledger", apps, &mut NoClosings, now).unwrap();
    for id in 1..=40 {
        let accepted = engine.accept(Outside {
            id: EventId(id),
            event_type: "go".to_owned(),
            source: PERSON.to_owned(),
            payload: Vec::new(),
        });
        accepted.unwrap().unwrap();
    }
    for claim in engine.claim(now, 2_000).unwrap() {
        claim.give_back(Ending::Refused, "refused", now).unwrap();
    }
    let held = || {
        engine
            .counts()
            .unwrap()
            .into_iter()
            .filter(|(_, state, _)| *state == State::Held)
    };
    assert_eq!(held().map(|(_, _, count)| count).sum::<u64>(), 1_200);
    offer_held_again(&engine).unwrap();
    assert_eq!(held().count(), 0);
}

/// A desk with two apps, and its ledger.
fn desk(folder: &Path) -> Desk {
    let now = Time::from_unix_s(0);
    let apps = Apps::default()
        .with("a", App::new(9).on("go"))
        .with("one", App::new(1).on("go"));
    let events = folder.join("events.db");
    let path = folder.join("audit.ledger");
    fractalaw_ledger::ensure(&path).unwrap();
    let options = Options {
        busy_timeout: Duration::from_millis(20),
        ..Options::default()
    };
    Desk {
        engine: Engine::open(&events, "ledger", apps, &mut NoClosings, now).unwrap(),
        ledger: Ledger::open(&path, options).unwrap(),
        clock: Arc::new(VirtualClock::at(now)),
        is_in_set: false,
        decides: Arc::default(),
    }
}

/// The entries about deliveries that are dead.
fn dead(desk: &Desk) -> Vec<String> {
    let mut dead = Vec::new();
    let read = Reader::open(desk.ledger.path()).unwrap().visit(1, |entry| {
        if entry.event_type == "delivery-dead" {
            dead.push(entry.detail);
        }
        Ok::<_, LedgerError>(())
    });
    read.unwrap();
    dead
}

fn standing(desk: &Desk) -> Vec<String> {
    let all = desk.deliveries(DeliveryId(0), false).unwrap().into_iter();
    let shown = all.map(|one| format!("{} {} {}", one.app, one.state.name(), one.attempts));
    shown.collect()
}

/// A claimed delivery is ready in the list, and its run begins in a moment.
#[test]
fn the_ledger_says_of_no_delivery_that_it_was_dropped_which_cannot_be_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let desk = desk(folder.path());
    desk.emit("go", PERSON, Vec::new()).unwrap();
    let now = desk.clock.now();
    let claimed = desk.engine.claim(now, 1).unwrap();
    let error = desk.drop_delivery(DeliveryId(1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "delivery 1 is ready, expected one that can be dropped"
    );
    let error = desk.drop_delivery(DeliveryId(9)).unwrap_err();
    assert_eq!(error.to_string(), "there is no delivery 9");
    assert_eq!(dead(&desk), [] as [&str; 0]);
    drop(claimed);
    desk.drop_delivery(DeliveryId(1)).unwrap();
    assert_eq!(standing(&desk), ["one ready 0"]);
    let event = desk.inside(DeliveryId(2)).unwrap().delivery.key();
    let event = event.trim_end_matches("one");
    let entry =
        format!(r#"{{"app":"a","delivery":"{event}a","attempts":0,"outcome":"","dropped":true}}"#);
    assert_eq!(dead(&desk), [entry]);
}

#[test]
fn a_drop_that_the_ledger_does_not_take_leaves_a_delivery_that_does_not_run() {
    let folder = tempfile::tempdir().unwrap();
    let desk = desk(folder.path());
    desk.emit("go", PERSON, Vec::new()).unwrap();
    let other = Connection::open(desk.ledger.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = desk.drop_delivery(DeliveryId(1)).unwrap_err();
    assert!(
        matches!(error, ServeError::Ledger(LedgerError::Locked { .. })),
        "{error:?}"
    );
    assert_eq!(standing(&desk), ["a dead 0", "one ready 0"]);
    let now = desk.clock.now();
    let claimed = desk.engine.claim(now, 9).unwrap();
    assert_eq!(claimed.len(), 1);
    other.execute_batch("ROLLBACK").unwrap();
    desk.drop_delivery(DeliveryId(1)).unwrap();
    assert_eq!(standing(&desk), ["one ready 0"]);
    assert_eq!(dead(&desk).len(), 1);
}

/// Between the list of what is dead and its end, a person may have made it ready.
#[test]
fn of_all_that_is_dead_only_what_still_is_gets_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let desk = desk(folder.path());
    desk.emit("go", PERSON, Vec::new()).unwrap();
    let error = desk.drop_dead(DeliveryId(1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "delivery 1 is ready, expected one that is dead or held"
    );
    assert_eq!(standing(&desk), ["a ready 0", "one ready 0"]);
    assert_eq!(dead(&desk), [] as [&str; 0]);
    assert!(desk.engine.lay_aside(DeliveryId(1)).unwrap());
    desk.drop_dead(DeliveryId(1)).unwrap();
    assert_eq!(standing(&desk), ["one ready 0"]);
}
