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

/// An engine in the middle of its work: of `a`, which may run three at a time, one runs, one is claimed and three are
/// ready; of `one`, the first waits for its next attempt.
fn at_work() -> (Lab, Run, Vec<Claim>) {
    let apps = Apps::default()
        .with("a", App::new(3).on("x").on("both"))
        .with("broken", App::new(64).on("both"))
        .with("one", App::new(1).on("w"));
    let mut lab = Lab::new(apps);
    for event_type in ["w", "w"] {
        lab.accept(event_type);
    }
    lab.run_next("trap").unwrap();
    for _ in 0..5 {
        lab.accept("x");
    }
    let running = lab.start_next().unwrap().0;
    let claimed = lab.engine().claim(lab.now, 1).unwrap();
    (lab, running, claimed)
}

/// What can be claimed now.
fn claim(lab: &Lab) -> (Vec<Claim>, Vec<u64>) {
    let claims = lab.engine().claim(lab.now, 99).unwrap();
    let ids = claims.iter().map(|claim| claim.delivery().id.0).collect();
    (claims, ids)
}

/// What may run follows from the file, from the claims and from the apps, as if nothing had failed.
fn goes_on(mut lab: Lab, running: Run, claimed: Vec<Claim>) {
    let (more, ids) = claim(&lab);
    assert_eq!(ids, [5]);
    lab.end(running, "completed");
    let (last, ids) = claim(&lab);
    assert_eq!(ids, [6]);
    drop((claimed, more, last));
    lab.later(3_600);
    let (claims, ids) = claim(&lab);
    assert_eq!(ids, [1, 4, 5, 6]);
    drop(claims);
    while let Some((run, _)) = lab.start_next() {
        lab.end(run, "completed");
    }
    assert_eq!(lab.engine().backlog(), Backlog::default());
    for _ in 0..4 {
        lab.accept("x");
    }
    let (_claims, ids) = claim(&lab);
    assert_eq!(ids, [8, 9, 10]);
}

#[test]
fn what_may_run_after_a_transaction_that_failed_is_what_could_run_before() {
    let (lab, running, claimed) = at_work();
    let other = Connection::open(lab.path()).unwrap();
    other.execute_batch(BREAK).unwrap();
    // Each of them makes a delivery of `a` before it fails.
    for id in 100..103 {
        lab.engine().accept(outside(id, "both")).unwrap_err();
    }
    goes_on(lab, running, claimed);
}

/// Not even the file can be read when the transaction is undone. Then it is read before anything else is done.
#[test]
fn what_may_run_is_read_again_when_the_file_can_be_read_again() {
    let (lab, running, claimed) = at_work();
    let other = Connection::open(lab.path()).unwrap();
    let rename = |from: &str, to: &str| {
        let sql = format!("ALTER TABLE {from} RENAME TO {to}");
        other.execute_batch(&sql).unwrap();
    };
    rename("deliveries", "away");
    for _ in 0..2 {
        let error = lab.engine().claim(lab.now, 99).err().unwrap();
        assert!(
            error.to_string().contains("no such table: deliveries"),
            "{error}"
        );
    }
    rename("away", "deliveries");
    goes_on(lab, running, claimed);
}
