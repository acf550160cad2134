//! Which delivery is next: by app, by number, by time.

use fractalaw_events_engine::*;

use crate::lab::*;

#[test]
fn an_app_has_as_many_runs_as_it_may_have() {
    let apps = Apps::default()
        .with("one", App::new(1).on("x"))
        .with("two", App::new(2).on("x"))
        .with("off", App::new(0).on("x"));
    let mut lab = Lab::new(apps);
    for _ in 0..3 {
        lab.accept("x");
    }
    let of = |claims: &[Claim]| -> Vec<(u64, String)> {
        let deliveries = claims.iter().map(Claim::delivery);
        deliveries
            .map(|delivery| (delivery.id.0, delivery.app.clone()))
            .collect()
    };
    let named = |of: &[(u64, &str)]| -> Vec<(u64, String)> {
        of.iter()
            .map(|(id, app)| (*id, (*app).to_owned()))
            .collect()
    };
    let claims = lab.engine().claim(lab.now, 99).unwrap();
    assert_eq!(of(&claims), named(&[(2, "one"), (3, "two"), (6, "two")]));
    assert_eq!(of(&lab.engine().claim(lab.now, 99).unwrap()), []);
    drop(claims);
    // It is switched on, and the others change too.
    lab.apps = Apps::default()
        .with("off", App::new(2))
        .with("one", App::new(2))
        .with("two", App::new(0));
    lab.engine().set_apps(lab.apps.clone()).unwrap();
    let claims = lab.engine().claim(lab.now, 99).unwrap();
    assert_eq!(
        of(&claims),
        named(&[(1, "off"), (2, "one"), (4, "off"), (5, "one")])
    );
}

#[test]
fn an_app_with_one_run_at_a_time_is_first_in_first_out() {
    let apps = Apps::default()
        .with("line", App::new(1).on("x"))
        .with("pool", App::new(9).on("x"));
    let mut lab = Lab::new(apps);
    for _ in 0..3 {
        lab.accept("x");
    }
    let mut order = Vec::new();
    let mut failed = false;
    for _ in 0..20 {
        while let Some((run, delivery)) = lab.start_next() {
            order.push((delivery.app.clone(), delivery.id.0));
            // The second of each app fails at its first attempt.
            let fails = delivery.id.0 == 3 || delivery.id.0 == 4;
            let outcome = if fails && delivery.attempt == 1 {
                "trap"
            } else {
                "completed"
            };
            failed |= outcome == "trap";
            lab.end(run, outcome);
        }
        lab.later(1);
    }
    assert!(failed);
    let of = |app: &str| -> Vec<u64> {
        let of = order.iter().filter(|(name, _)| name == app);
        of.map(|(_, id)| *id).collect()
    };
    assert_eq!(of("line"), [1, 3, 3, 5]);
    assert_eq!(of("pool"), [2, 4, 6, 4]);
    assert_eq!(lab.standing(), [""; 0]);
}

#[test]
fn what_waits_for_an_app_that_is_gone_waits_until_it_is_back() {
    let mut lab = Lab::new(Apps::default().with("a", App::new(1).on("x")));
    lab.accept("x");
    lab.engine().set_apps(Apps::default()).unwrap();
    assert!(lab.start_next().is_none());
    let gone = lab.apps.clone();
    lab.apps = Apps::default();
    lab.start();
    assert!(lab.start_next().is_none());
    lab.engine().set_apps(gone).unwrap();
    assert!(lab.run_next("completed").is_some());
}

#[test]
fn a_clock_that_is_set_back_does_not_hold_up_a_retry() {
    let mut lab = Lab::new(Apps::default().with("a", App::new(1).on("x")));
    lab.accept("x");
    lab.run_next("trap").unwrap();
    lab.later(-3600);
    assert_eq!(lab.run_next("completed"), Some("event:65537:a".to_owned()));
}

/// More than what is kept in memory of an app.
#[test]
fn a_long_backlog_comes_in_order() {
    let mut lab = Lab::new(Apps::default().with("a", App::new(3).on("x")));
    let mut accepted = Vec::new();
    for _ in 0..2 {
        let mut run = lab.run("a");
        for _ in 0..400 {
            accepted.push(run.emit("x", "a", Vec::new()).unwrap().0);
        }
        lab.end(run, "completed");
    }
    let mut found = Vec::new();
    let mut last = 0;
    while let Some((run, delivery)) = lab.start_next() {
        let Trigger::Event { id, .. } = delivery.trigger else {
            panic!("{delivery:?}");
        };
        // The first of all is tried again, and comes before all others as soon as it may.
        let outcome = if delivery.id.0 == 1 && delivery.attempt == 1 {
            "trap"
        } else {
            "completed"
        };
        found.push(id.0);
        lab.end(run, outcome);
        last += 1;
        if last == 100 {
            lab.later(2);
        }
    }
    let mut expected = accepted.clone();
    expected.insert(100, accepted[0]);
    assert_eq!(found, expected);
}

/// Claims whose runs have not begun are still ready in the file, from which more is read.
#[test]
fn nothing_is_claimed_twice() {
    let mut lab = Lab::new(Apps::default().with("a", App::new(1_000).on("x")));
    let mut run = lab.run("a");
    for _ in 0..600 {
        run.emit("x", "a", Vec::new()).unwrap();
    }
    lab.end(run, "completed");
    let mut claims = Vec::new();
    for most in [1, 255, 1, 300, 100] {
        claims.extend(lab.engine().claim(lab.now, most).unwrap());
    }
    let ids: Vec<u64> = claims.iter().map(|claim| claim.delivery().id.0).collect();
    assert_eq!(ids, (1..=600).collect::<Vec<_>>());
}
