//! A transaction that fails: everyone who waited for it is told, nothing of it is there, and the engine goes on.

use std::sync::atomic::{AtomicU64, Ordering};

use fractalaw_events_engine::*;
use rusqlite::Connection;

use crate::lab::*;

/// Another program makes some statements fail, as a full disk does.
const BREAK: &str = "
CREATE TRIGGER breaks AFTER INSERT ON deliveries WHEN NEW.app = 'broken'
BEGIN SELECT RAISE(ABORT, 'no room'); END";

fn lab() -> (Lab, Connection) {
    let apps = Apps::default()
        .with("a", App::new(64).on("x"))
        .with("broken", App::new(64).on("y"));
    let lab = Lab::new(apps);
    let other = Connection::open(lab.path()).unwrap();
    other.execute_batch(BREAK).unwrap();
    (lab, other)
}

fn outside(id: u64, event_type: &str) -> Outside {
    Outside {
        id: EventId(RunId(id).made(1)),
        event_type: event_type.to_owned(),
        source: "outside".to_owned(),
        payload: b"123".to_vec(),
    }
}

#[test]
fn a_run_that_cannot_be_settled_stays_for_the_next_start() {
    let (mut lab, other) = lab();
    lab.accept("x");
    lab.accept("x");
    let (mut run, _) = lab.start_next().unwrap();
    run.emit("x", "a", b"1".to_vec()).unwrap();
    run.emit("y", "a", b"2".to_vec()).unwrap();
    run.prepare(true).unwrap();
    let before = lab.engine().backlog();
    let error = run
        .settle(Ending::Completed, "completed", lab.now)
        .unwrap_err();
    let path = lab.path().display().to_string();
    assert_eq!(error.to_string().replace(&path, "FILE"), "`FILE`: no room");
    assert_eq!(lab.engine().backlog(), before);
    assert_eq!(lab.standing(), ["1 a Running 1", "2 a Ready 0"]);
    // The others go on, and the numbers too.
    lab.run_next("completed").unwrap();
    lab.accept("x");
    assert_eq!(lab.standing(), ["1 a Running 1", "3 a Ready 0"]);
    other.execute_batch("DROP TRIGGER breaks").unwrap();
    lab.ledger.0.insert(RunId(3), "completed");
    lab.start();
    assert_eq!(
        lab.standing(),
        ["3 a Ready 0", "4 a Ready 0", "5 broken Ready 0"]
    );
}

#[test]
fn a_start_that_fails_changes_nothing() {
    let (mut lab, other) = lab();
    lab.accept("x");
    let (mut run, _) = lab.start_next().unwrap();
    run.emit("x", "a", b"1".to_vec()).unwrap();
    run.emit("y", "a", b"2".to_vec()).unwrap();
    run.prepare(true).unwrap();
    drop(run);
    lab.engine = None;
    lab.ledger.0.insert(RunId(2), "completed");
    // The schema is checked first, so the trigger must come after it: a table that looks the same cannot break. So a row
    // that another program has added is in the way.
    other
        .execute_batch("DROP TRIGGER breaks; UPDATE engine SET last_delivery = 0")
        .unwrap();
    let open = |lab: &mut Lab| {
        let path = lab.path();
        when_free(|| {
            let apps = lab.apps.clone();
            Engine::open(&path, "ledger-1", apps, &mut lab.ledger, lab.now)
        })
    };
    let error = open(&mut lab).err().unwrap().to_string();
    assert!(
        error.contains("UNIQUE constraint failed: deliveries.delivery_id"),
        "{error}"
    );
    other
        .execute_batch("UPDATE engine SET last_delivery = 1")
        .unwrap();
    lab.start();
    assert_eq!(lab.standing(), ["2 a Ready 0", "3 broken Ready 0"]);
}

/// Requests share transactions. If one of them fails, those that share with it fail too, and may be made again.
#[test]
fn requests_that_share_a_transaction_fail_together_and_leave_nothing() {
    let (mut lab, other) = lab();
    let accepted = AtomicU64::new(0);
    let refused = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for thread in 0..16 {
            let (lab, accepted, refused) = (&lab, &accepted, &refused);
            scope.spawn(move || {
                for number in 0..30 {
                    let id = 1_000 + thread * 100 + number;
                    let event_type = if number % 10 == 9 { "y" } else { "x" };
                    match lab.engine().accept(outside(id, event_type)) {
                        Ok(Ok(Accepted::New(1))) => accepted.fetch_add(1, Ordering::Relaxed),
                        Err(EngineError::Sqlite { .. }) => refused.fetch_add(1, Ordering::Relaxed),
                        other => panic!("{other:?}"),
                    };
                    // Claims are there or not, as if nothing had failed.
                    if let Ok(claims) = lab.engine().claim(lab.now, 2) {
                        drop(claims);
                    }
                }
            });
        }
    });
    let (accepted, refused) = (accepted.into_inner(), refused.into_inner());
    assert_eq!(accepted + refused, 16 * 30);
    assert!(refused >= 16 * 3, "{refused}");
    let backlog = Backlog {
        deliveries: accepted,
        bytes: 3 * accepted,
    };
    assert_eq!(lab.engine().backlog(), backlog);
    other.execute_batch("DROP TRIGGER breaks").unwrap();
    let mut claimed = 0;
    while let Some((run, _)) = lab.start_next() {
        lab.end(run, "completed");
        claimed += 1;
    }
    assert_eq!(claimed, accepted);
    assert_eq!(lab.engine().backlog(), Backlog::default());
    lab.start();
    assert_eq!(lab.engine().backlog(), Backlog::default());
}
