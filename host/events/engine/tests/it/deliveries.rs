//! Deliveries: who gets what, in which order, and what becomes of it after each outcome.

use fractalaw_events_engine::*;

use crate::lab::*;

fn keys(claims: &[Claim]) -> Vec<String> {
    claims.iter().map(|claim| claim.delivery().key()).collect()
}

#[test]
fn an_event_has_one_delivery_for_each_subscriber() {
    let apps = Apps::default()
        .with("b", App::new(9).on("x"))
        .with("a", App::new(9).on("x").on("y"))
        .with("picky", App::new(9).on_from("x", &["a", "outside"]))
        .with("pickier", App::new(9).on_from("x", &["b"]));
    let mut lab = Lab::new(apps);
    let x = lab.accept("x").0;
    let y = lab.accept("y").0;
    let claims = lab.engine().claim(lab.now, 99).unwrap();
    assert_eq!(
        keys(&claims),
        [
            format!("event:{x}:a"),
            format!("event:{x}:b"),
            format!("event:{x}:picky"),
            format!("event:{y}:a")
        ]
    );
    let delivery = claims[2].delivery();
    assert_eq!(
        *delivery,
        Delivery {
            id: DeliveryId(3),
            app: "picky".to_owned(),
            attempt: 1,
            trigger: Trigger::Event {
                id: EventId(x),
                event_type: "x".to_owned(),
                source: "outside".to_owned(),
            },
            payload: format!("event {x}").into_bytes(),
            place: Some(Place { depth: 0, root: x }),
            ledger: None,
        }
    );
}

#[test]
fn an_event_from_outside_is_taken_once() {
    let mut lab = Lab::new(Apps::default().with("a", App::new(9).on("x")));
    let event = |event_type: &str, source: &str, id| Outside {
        id: EventId(id),
        event_type: event_type.to_owned(),
        source: source.to_owned(),
        payload: Vec::new(),
    };
    let accept = |lab: &Lab, event| {
        let accepted = lab.engine().accept(event).unwrap();
        accepted.map_err(|error| error.message)
    };
    assert_eq!(
        accept(&lab, event("x", "http", 65_537)),
        Ok(Accepted::New(1))
    );
    assert_eq!(
        accept(&lab, event("x", "http", 65_537)),
        Ok(Accepted::Known)
    );
    assert_eq!(
        accept(&lab, event("nobody", "http", 65_538)),
        Ok(Accepted::New(0))
    );
    assert_eq!(
        accept(&lab, event("x", "http", 0)).unwrap_err(),
        "event 0 has a number that no run gives"
    );
    assert!(
        accept(&lab, event("X", "http", 1))
            .unwrap_err()
            .starts_with("event type `X`")
    );
    assert!(
        accept(&lab, event("x", "\n", 1))
            .unwrap_err()
            .starts_with("source `\\n`")
    );
    lab.start();
    assert_eq!(lab.standing(), ["1 a Ready 0"]);
}

#[test]
fn each_outcome_moves_a_delivery_on() {
    let cases: [(&str, &[&str]); 10] = [
        ("completed", &[]),
        ("guest-error", &["1 a Waiting 1 +1008ms guest-error"]),
        ("trap", &["1 a Waiting 1 +1008ms trap"]),
        (
            "deadline-exceeded",
            &["1 a Waiting 1 +1008ms deadline-exceeded"],
        ),
        ("out-of-fuel", &["1 a Dead 1 out-of-fuel"]),
        ("memory-limit", &["1 a Dead 1 memory-limit"]),
        ("stack-overflow", &["1 a Dead 1 stack-overflow"]),
        ("quota-exceeded", &["1 a Dead 1 quota-exceeded"]),
        ("refused", &["1 a Held 0 refused"]),
        ("interrupted", &["1 a Ready 0 interrupted"]),
    ];
    for (outcome, expected) in cases {
        let mut lab = Lab::new(Apps::default().with("a", App::new(1).on("x")));
        lab.accept("x");
        let run = lab.start_next().unwrap().0;
        assert_eq!(lab.standing(), ["1 a Running 1"]);
        lab.end(run, outcome);
        assert_eq!(lab.standing(), expected, "{outcome}");
        lab.start();
        assert_eq!(lab.standing(), expected, "{outcome}, after a start");

        // The same by the ledger alone, after a crash.
        let mut lab = Lab::new(Apps::default().with("a", App::new(1).on("x")));
        lab.accept("x");
        let run = lab.start_next().unwrap().0;
        lab.ledger.0.insert(RunId(2), outcome);
        drop(run);
        lab.start();
        assert_eq!(lab.standing(), expected, "{outcome}, after a crash");
    }
}

#[test]
fn a_delivery_is_tried_five_times() {
    let mut lab = Lab::new(Apps::default().with("a", App::new(1).on("x")));
    lab.accept("x");
    for (attempt, (wait, millis)) in [(1, 1008), (4, 4136), (16, 19671), (64, 71562)]
        .into_iter()
        .enumerate()
    {
        assert_eq!(
            lab.start_next().map(|(run, delivery)| {
                lab.end(run, "trap");
                delivery.attempt
            }),
            Some(attempt as u32 + 1)
        );
        assert_eq!(
            lab.standing(),
            [format!("1 a Waiting {} +{millis}ms trap", attempt + 1)]
        );
        let due = Time::from_unix_ms(lab.now.unix_ms() + millis);
        assert_eq!(lab.engine().next(lab.now).unwrap(), Next::At(due));
        lab.later(wait);
        assert!(lab.start_next().is_none(), "not before its time");
        lab.now = due;
        assert_eq!(lab.engine().next(lab.now).unwrap(), Next::Now);
    }
    lab.run_next("trap").unwrap();
    assert_eq!(lab.standing(), ["1 a Dead 5 trap"]);
    assert_eq!(lab.engine().next(lab.now).unwrap(), Next::Never);
}

#[test]
fn an_app_can_have_its_own_number_of_attempts() {
    let app = App {
        attempts: Some(2),
        ..App::new(1).on("x")
    };
    let mut lab = Lab::new(Apps::default().with("a", app));
    lab.accept("x");
    lab.run_next("trap").unwrap();
    lab.later(2);
    lab.run_next("trap").unwrap();
    assert_eq!(lab.standing(), ["1 a Dead 2 trap"]);
}

/// The attempt is on disk before the guest starts.
#[test]
fn an_event_that_ends_the_host_dies() {
    let mut lab = Lab::new(Apps::default().with("a", App::new(1).on("x")));
    lab.accept("x");
    for attempt in 1..=5 {
        let (run, delivery) = lab.start_next().unwrap();
        assert_eq!(delivery.attempt, attempt);
        drop(run);
        lab.start();
        lab.later(100);
    }
    assert_eq!(lab.standing(), ["1 a Dead 5 cut-off"]);
}

#[test]
fn an_interrupted_run_does_not_count() {
    let mut lab = Lab::new(Apps::default().with("a", App::new(1).on("x")));
    lab.accept("x");
    for _ in 0..20 {
        let (run, delivery) = lab.start_next().unwrap();
        assert_eq!(delivery.attempt, 1);
        lab.end(run, "interrupted");
    }
    lab.run_next("completed").unwrap();
    assert_eq!(lab.standing(), [""; 0]);
}

#[test]
fn a_claim_that_is_dropped_or_given_back_can_be_claimed_again() {
    let mut lab = Lab::new(Apps::default().with("a", App::new(9).on("x")));
    for _ in 0..3 {
        lab.accept("x");
    }
    let mut claims = lab.engine().claim(lab.now, 9).unwrap();
    let (third, second, first) = (
        claims.pop().unwrap(),
        claims.pop().unwrap(),
        claims.pop().unwrap(),
    );
    drop(first);
    second
        .give_back(Ending::Refused, "refused", lab.now)
        .unwrap();
    third
        .give_back(Ending::Interrupted, "interrupted", lab.now)
        .unwrap();
    assert_eq!(
        lab.standing(),
        [
            "1 a Ready 0",
            "2 a Held 0 refused",
            "3 a Ready 0 interrupted"
        ]
    );
    let claims = lab.engine().claim(lab.now, 9).unwrap();
    let ids: Vec<u64> = claims.iter().map(|claim| claim.delivery().id.0).collect();
    assert_eq!(ids, [1, 3]);
    // After a crash nobody has a claim.
    drop(claims);
    lab.start();
    assert_eq!(lab.engine().claim(lab.now, 9).unwrap().len(), 2);
}

#[test]
fn people_retry_and_drop_deliveries() {
    let mut lab = Lab::new(
        Apps::default()
            .with("a", App::new(9).on("x"))
            .with("b", App::new(9).on("y")),
    );
    for outcome in ["out-of-fuel", "trap", "refused", "quota-exceeded"] {
        lab.accept("x");
        lab.run_next(outcome).unwrap();
    }
    lab.accept("y");
    lab.run_next("out-of-fuel").unwrap();
    lab.accept("x");
    lab.accept("x");
    let running = lab.start_next().unwrap().0;
    let claimed = lab.engine().claim(lab.now, 1).unwrap();
    let retry = |lab: &Lab, id| lab.engine().retry(DeliveryId(id)).unwrap();
    let remove = |lab: &Lab, id| lab.engine().drop_delivery(DeliveryId(id)).unwrap();
    assert_eq!(
        [1, 2, 6, 7, 99].map(|id| retry(&lab, id)),
        [true, true, false, false, false]
    );
    assert_eq!(
        [4, 6, 7, 99].map(|id| remove(&lab, id)),
        [true, false, false, false]
    );
    assert_eq!(
        lab.standing(),
        [
            "1 a Ready 0 out-of-fuel",
            "2 a Ready 0 trap",
            "3 a Held 0 refused",
            "5 b Dead 1 out-of-fuel",
            "6 a Running 1",
            "7 a Ready 0"
        ]
    );
    drop(claimed);
    lab.end(running, "completed");
    assert_eq!(lab.engine().offer_again("a").unwrap(), 1);
    assert_eq!(lab.engine().offer_again("b").unwrap(), 1);
    let mut ran = Vec::new();
    while let Some((run, delivery)) = lab.start_next() {
        ran.push((delivery.id.0, delivery.attempt));
        lab.end(run, "completed");
    }
    assert_eq!(ran, [(1, 1), (2, 1), (3, 1), (5, 1), (7, 1)]);
    assert_eq!(lab.engine().backlog(), Backlog::default());
}

/// Whoever removes a delivery first says so in a ledger. In between, it must not run.
#[test]
fn what_is_laid_aside_is_dead_whatever_it_was() {
    let mut lab = Lab::new(
        Apps::default()
            .with("a", App::new(9).on("x"))
            .with("one", App::new(1).on("y")),
    );
    for outcome in ["trap", "refused", "out-of-fuel"] {
        lab.accept("x");
        lab.run_next(outcome).unwrap();
    }
    lab.accept("x");
    lab.accept("x");
    lab.accept("x");
    let running = lab.start_next().unwrap().0;
    let claimed = lab.engine().claim(lab.now, 1).unwrap();
    let lay_aside = |lab: &Lab, id| lab.engine().lay_aside(DeliveryId(id)).unwrap();
    assert_eq!(
        [1, 2, 3, 4, 5, 6, 99].map(|id| lay_aside(&lab, id)),
        [true, true, true, false, false, true, false]
    );
    assert_eq!(
        lab.standing(),
        [
            "1 a Dead 1 trap",
            "2 a Dead 0 refused",
            "3 a Dead 1 out-of-fuel",
            "4 a Running 1",
            "5 a Ready 0",
            "6 a Dead 0",
        ]
    );
    drop(claimed);
    lab.end(running, "completed");
    assert_eq!(lab.start_next().map(|(_, delivery)| delivery.id.0), Some(5));
    // What waits for its next attempt holds the rest of its app, and is laid aside.
    lab.accept("y");
    lab.run_next("trap").unwrap();
    lab.accept("y");
    assert!(lab.start_next().is_none());
    assert!(lay_aside(&lab, 7));
    assert_eq!(lab.start_next().map(|(_, delivery)| delivery.id.0), Some(8));
    lab.later(3600);
    assert!(lab.start_next().is_none());
}
