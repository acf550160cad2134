//! Events are claimed, run and settled, with retries, an order, and an end.

use fractalaw_serve::request::Request;

use crate::lab::*;

const TWO: &str = "[apps.a]\nsource = \"a.wasm\"\n[apps.b]\nsource = \"b.wasm\"\nconcurrency = 1\n";

#[test]
fn an_event_runs_each_app_that_is_subscribed_once() {
    let site = Site::new(TWO);
    site.write("a.wasm", &app(1, ""));
    site.write("b.wasm", &app(2, ""));
    let running = site.start();
    let emitted = running.emit("go");
    assert_eq!((emitted.deliveries, emitted.completed), (2, Some(2)));
    let none = running.emit("nobody");
    assert_eq!((none.deliveries, none.completed), (0, Some(0)));
    let mut ran = running.ran();
    ran.sort();
    assert_eq!(
        ran,
        [
            "a go from operator 1 completed",
            "b go from operator 1 completed"
        ]
    );
    assert_eq!(running.left(), [] as [&str; 0]);
    let (a, b) = (running.digest("a"), running.digest("b"));
    running.stop();
    let mut outcomes = site.outcomes();
    let completed = |digest| (digest, Some("completed".to_owned()));
    let mut expected = [completed(a), completed(b)];
    outcomes.sort();
    expected.sort();
    assert_eq!(outcomes, expected);
}

#[test]
fn what_fails_is_tried_again_later_and_then_is_dead() {
    let site = Site::new("[apps.a]\nsource = \"a.wasm\"\nretry = 3\n");
    site.write("a.wasm", &app(1, ERROR));
    let running = site.start();
    running.send("go");
    running.ended(1);
    assert_eq!(running.left(), ["a waiting 1 guest-error"]);
    // The second attempt is due after 1 s and up to a quarter more, the third after 4 s.
    running.at(2);
    running.ended(2);
    assert_eq!(running.left(), ["a waiting 2 guest-error"]);
    running.at(60);
    running.ended(3);
    assert_eq!(running.left(), ["a dead 3 guest-error"]);
    assert_eq!(
        running.ask(Request::Retry { delivery: Some(1) }),
        Ok(1.into())
    );
    running.ended(4);
    assert_eq!(running.left(), ["a waiting 1 guest-error"]);
    assert_eq!(
        running.ask(Request::Drop { delivery: Some(9) }),
        Err("there is no delivery 9".to_owned())
    );
    assert_eq!(
        running.ask(Request::Drop { delivery: Some(1) }),
        Ok(1.into())
    );
    assert_eq!(running.left(), [] as [&str; 0]);
    running.stop();
}

#[test]
fn out_of_fuel_is_dead_at_once_and_all_dead_ones_are_dropped_together() {
    let site = Site::new("[apps.a]\nsource = \"a.wasm\"\n");
    // A loop without end uses up its fuel.
    site.write("a.wasm", &app(1, ENDLESS));
    let running = site.start();
    let emitted = running.emit("go");
    assert_eq!((emitted.deliveries, emitted.completed), (1, Some(0)));
    running.emit("go");
    assert_eq!(
        running.left(),
        ["a dead 1 out-of-fuel", "a dead 1 out-of-fuel"]
    );
    assert_eq!(running.ask(Request::Drop { delivery: None }), Ok(2.into()));
    assert_eq!(running.left(), [] as [&str; 0]);
    running.stop();
}

#[test]
fn an_app_without_a_component_gets_its_events_when_it_has_one() {
    let site = Site::new("[apps.a]\nsource = \"a.wasm\"\n[apps.b]\nsource = \"b.wasm\"\n");
    site.write("a.wasm", b"no component");
    site.write("b.wasm", &app(1, ""));
    let running = site.start();
    assert_eq!(running.app("a").digest, None);
    let note = running.app("a").note.unwrap();
    assert!(note.contains("is refused"), "{note}");
    assert_eq!(running.emit("go").deliveries, 1);
    site.write("a.wasm", &app(2, ""));
    assert_eq!(
        running.ask(Request::Reload {
            app: Some("a".to_owned())
        }),
        Ok(().into())
    );
    assert_eq!(running.app("a").note, None);
    assert_eq!(running.emit("go").completed, Some(2));
    running.stop();
}

#[test]
fn runs_that_do_not_end_in_the_grace_period_are_cut_off_and_begin_again() {
    let site = Site::new("[apps.a]\nsource = \"a.wasm\"\n");
    // Its fuel lasts for minutes.
    let mut manifest = manifest(&["go"]);
    manifest.tier = fractalaw_host::Tier::Heavy;
    let endless = fractalaw_testing::component("", ENDLESS);
    site.write(
        "a.wasm",
        &fractalaw_testing::with_manifest(&endless, &manifest),
    );
    site.write("policy.toml", b"[all]\non.go = true\ntier = \"heavy\"\n");
    // The run has begun when it counts.
    let has_begun = |running: &Running| {
        until("the run", || !running.app("a").in_flight.is_empty());
    };
    let running = site.start();
    running.send("go");
    has_begun(&running);
    running.stop();
    // The same version begins again: a start runs what ran before.
    let running = site.start();
    has_begun(&running);
    running.stop();
    let outcomes = site.outcomes();
    let outcomes: Vec<_> = outcomes
        .iter()
        .map(|(_, outcome)| outcome.as_deref())
        .collect();
    assert_eq!(outcomes, [Some("interrupted"); 2]);
}

#[test]
fn a_folder_has_one_supervisor_and_the_error_names_the_other() {
    let site = Site::new("");
    let running = site.start();
    let time = fractalaw_events_engine::Time::from_unix_s(NOON_S);
    let error = site.start_once_at(time).err().unwrap();
    assert_eq!(
        error.to_string(),
        format!(
            "`{}` is served by process {}",
            site.path().display(),
            std::process::id()
        )
    );
    // A command that comes before the supervisor listens, or when it listens no more.
    let error = fractalaw_serve::answer_from_files(site.path(), Request::Status);
    let error = error.err().unwrap();
    assert_eq!(
        error.to_string(),
        format!(
            "`{}` is served by process {}, which does not answer commands now",
            site.path().display(),
            std::process::id()
        )
    );
    let hint = "it takes the first version of its apps, or stops: ask again in a moment";
    assert_eq!(error.hint().as_deref(), Some(hint));
    running.stop();
    site.start().stop();
}

#[test]
fn an_app_with_one_run_at_a_time_gets_its_events_in_order() {
    let site = Site::new("[apps.a]\nsource = \"a.wasm\"\nconcurrency = 1\n");
    site.write("a.wasm", &app(1, ""));
    let running = site.start();
    let events: Vec<_> = (0..50).map(|_| running.send("go").0).collect();
    running.ended(50);
    let ran = running.supervisor.runs().into_iter().rev();
    let keys: Vec<_> = ran.map(|ran| ran.delivery).collect();
    let expected: Vec<_> = events
        .iter()
        .map(|event| format!("event:{event}:a"))
        .collect();
    assert_eq!(keys, expected);
    running.stop();
}

#[test]
fn events_and_no_state_do_not_start() {
    let site = Site::new("[apps.a]\nsource = \"a.wasm\"\n");
    site.write("a.wasm", &app(1, ""));
    site.start().stop();
    std::fs::remove_file(site.file(".fractalaw/apps.json")).unwrap();
    let time = fractalaw_events_engine::Time::from_unix_s(NOON_S);
    let error = site.start_at(time).err().unwrap();
    assert_eq!(
        (error.to_string(), error.hint().unwrap()),
        (
            format!(
                "there are events, and `{}` is missing, which says which apps get them",
                site.file(".fractalaw/apps.json").display()
            ),
            "restore it from a copy, or move `events.db` away with the events that wait in it; if another folder has \
             this ledger, name another one"
                .to_owned()
        )
    );
}

#[test]
fn events_that_are_gone_are_not_taken_for_none() {
    let site = Site::new("[apps.a]\nsource = \"a.wasm\"\n");
    site.write("a.wasm", &app(1, ""));
    site.start().stop();
    let events = site.file("events.db");
    let time = fractalaw_events_engine::Time::from_unix_s(NOON_S);
    let gone = (
        format!(
            "`{}` is missing or empty, which has the events that wait",
            events.display()
        ),
        "restore it from a copy; to begin without what waited in it, move `.fractalaw/apps.json` away too"
            .to_owned(),
    );
    for empty in [false, true] {
        std::fs::remove_file(&events).unwrap();
        if empty {
            std::fs::write(&events, "").unwrap();
        }
        let error = site.start_at(time).err().unwrap();
        assert_eq!((error.to_string(), error.hint().unwrap()), gone);
        // It makes no empty file, so the next start says the same.
        std::fs::write(&events, "").unwrap();
    }
    std::fs::remove_file(&events).unwrap();
    std::fs::remove_file(site.file(".fractalaw/apps.json")).unwrap();
    site.start().stop();
    // A new ledger has new events.
    site.configure(
        "ledger = \"other/audit.ledger\"",
        "[apps.a]\nsource = \"a.wasm\"\n",
    );
    site.start().stop();
}

/// The disk fails while runs begin. A request that shares a transaction with one that fails, fails too: also the question
/// when there is more to claim.
#[test]
fn what_was_claimed_while_the_disk_failed_runs_afterwards() {
    let site = Site::new("[apps.a]\nsource = \"a.wasm\"\n");
    site.configure(
        "slots = 64\ngrace = \"0s\"",
        "[apps.a]\nsource = \"a.wasm\"\n",
    );
    site.write("a.wasm", &app(1, ""));
    let running = site.start();
    let began = std::time::Instant::now();
    let other = rusqlite::Connection::open(site.file("events.db")).unwrap();
    other
        .busy_timeout(std::time::Duration::from_secs(60))
        .unwrap();
    let fails = "CREATE TRIGGER fails BEFORE UPDATE ON deliveries WHEN NEW.state = 2
                 BEGIN SELECT RAISE(ABORT, 'the disk fails'); END";
    other.execute_batch(fails).unwrap();
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                for _ in 0..100 {
                    // It fails too if it shares a transaction.
                    let _ = running.supervisor.emit("go", "test", Vec::new());
                }
            });
        }
    });
    let failed = || {
        let outcomes = site.outcomes().into_iter();
        let failed = outcomes.filter(|(_, outcome)| outcome.as_deref() == Some("host-failed"));
        failed.count()
    };
    until("a run that could not begin", || failed() > 0);
    other.execute_batch("DROP TRIGGER fails").unwrap();
    let mut seconds = 0;
    until("the end of all deliveries", || {
        // What failed waits for its next attempt.
        seconds += 400;
        running.at(seconds);
        running.supervisor.wake();
        running.left().is_empty()
    });
    running.stop();
    // Each attempt is a run in the ledger. There is a pause after each group of them.
    let most = 64 * (began.elapsed().as_secs() as usize + 2);
    let failed = failed();
    assert!(
        failed <= most,
        "{failed} runs could not begin, expected at most {most}"
    );
}

/// A delivery that waits for its next attempt is dropped meanwhile.
#[test]
fn whoever_waits_for_an_event_hears_that_its_delivery_was_dropped() {
    let site =
        Site::new("[apps.a]\nsource = \"a.wasm\"\nretry = 3\n[apps.b]\nsource = \"b.wasm\"\n");
    site.write("a.wasm", &app(1, ERROR));
    site.write("b.wasm", &app(2, ""));
    let running = site.start();
    let emitted = std::thread::scope(|scope| {
        let waits = scope.spawn(|| running.emit("go"));
        let rows = || {
            let (dead, after) = (false, 0);
            running.ask(Request::Deliveries { dead, after }).unwrap()
        };
        until("the wait for the next attempt", || {
            let rows = rows();
            rows.as_array().unwrap().len() == 1 && rows[0]["state"] == "waiting"
        });
        let delivery = rows()[0]["delivery"].as_u64();
        running.ask(Request::Drop { delivery }).unwrap();
        waits.join().unwrap()
    });
    assert_eq!((emitted.deliveries, emitted.completed), (2, Some(1)));
    running.stop();
}
