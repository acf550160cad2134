//! Ticks: each once, whatever the clock does.

use fractalaw_events_engine::*;

use crate::lab::*;

fn lab() -> Lab {
    Lab::new(
        Apps::default()
            .with("keeper", App::new(1))
            .with("other", App::new(9)),
    )
}

fn add(lab: &mut Lab, task: Task) -> TaskId {
    let mut run = lab.run("keeper");
    let id = run.schedule(task).unwrap();
    lab.end(run, "completed");
    id
}

/// Claims and completes everything that is due. Each run is the time of its tick after T0 in seconds, and how many
/// it also stands for.
fn fired(lab: &mut Lab) -> Vec<(i64, u64)> {
    let mut fired = Vec::new();
    while let Some((run, delivery)) = lab.start_next() {
        fired.push(match delivery.trigger {
            Trigger::Cron {
                scheduled_for,
                missed,
                ..
            } => (scheduled_for.unix_s() - T0, missed),
            Trigger::At { scheduled_for, .. } => (scheduled_for.unix_s() - T0, 0),
            Trigger::Event { .. } => panic!("an event"),
        });
        lab.end(run, "completed");
    }
    fired
}

#[test]
fn ticks_fire_at_their_times() {
    let mut lab = lab();
    let hourly = add(&mut lab, cron("hourly", "0 * * * *", "keeper"));
    let at = add(&mut lab, once("at", T0 + 5400, "other"));
    assert_eq!(
        lab.engine().next(lab.now).unwrap(),
        Next::At(Time::from_unix_s(T0 + 3600))
    );
    assert_eq!(fired(&mut lab), []);
    lab.later(3600);
    assert_eq!(lab.engine().next(lab.now).unwrap(), Next::Now);
    let (run, delivery) = lab.start_next().unwrap();
    assert_eq!(delivery.key(), format!("tick:{}:{}", hourly.0, T0 + 3600));
    assert_eq!(delivery.app, "keeper");
    assert_eq!(delivery.payload, b"hourly");
    assert_eq!(
        delivery.trigger,
        Trigger::Cron {
            task: hourly,
            name: "hourly".to_owned(),
            scheduled_for: Time::from_unix_s(T0 + 3600),
            missed: 0
        }
    );
    lab.end(run, "completed");
    lab.later(1800);
    let (run, delivery) = lab.start_next().unwrap();
    assert_eq!(delivery.key(), format!("tick:{}:{}", at.0, T0 + 5400));
    assert_eq!(
        delivery.trigger,
        Trigger::At {
            task: at,
            name: "at".to_owned(),
            scheduled_for: Time::from_unix_s(T0 + 5400)
        }
    );
    lab.end(run, "completed");
    // What ran once is gone.
    assert_eq!(
        lab.tasks(),
        [TaskStanding {
            id: hourly,
            owner: "keeper".to_owned(),
            name: "hourly".to_owned(),
            target: "keeper".to_owned(),
            cron: Some("0 * * * *".to_owned()),
            next: Some(Time::from_unix_s(T0 + 7200)),
            skipped: 0
        }]
    );
    assert_eq!(fired(&mut lab), []);
}

/// What a clock shows, in seconds after T0, and what fires then.
type Story = [(i64, &'static [(i64, u64)])];

#[test]
fn a_clock_that_jumps_fires_each_tick_once() {
    let stories: [(&str, &Story); 7] = [
        (
            "an hour forth",
            &[(3600, &[(3600, 0)]), (7200, &[(7200, 0)])],
        ),
        (
            "an hour back and forth",
            &[
                (3600, &[(3600, 0)]),
                (0, &[]),
                (3599, &[]),
                (3600, &[]),
                (7199, &[]),
                (7200, &[(7200, 0)]),
            ],
        ),
        (
            "back before it fired",
            &[(-3600, &[]), (0, &[]), (3600, &[(3600, 0)])],
        ),
        ("late", &[(3725, &[(3600, 0)]), (7200, &[(7200, 0)])]),
        (
            "a few missed",
            &[
                (4 * 3600 + 5, &[(4 * 3600, 3)]),
                (5 * 3600, &[(5 * 3600, 0)]),
            ],
        ),
        (
            "a week asleep",
            &[
                (7 * 86_400, &[(7 * 86_400, 167)]),
                (7 * 86_400 + 3600, &[(169 * 3600, 0)]),
            ],
        ),
        (
            "a day ahead by mistake",
            &[
                (86_400, &[(86_400, 23)]),
                (3600, &[]),
                (86_400, &[]),
                (90_000, &[(90_000, 0)]),
            ],
        ),
    ];
    for (name, story) in stories {
        let mut lab = lab();
        add(&mut lab, cron("hourly", "0 * * * *", "keeper"));
        for &(at, expected) in story {
            lab.now = Time::from_unix_s(T0 + at);
            assert_eq!(fired(&mut lab), expected, "{name}, at {at}");
            // A start changes nothing, whatever the clock shows.
            lab.start();
            assert_eq!(fired(&mut lab), [], "{name}, at {at} after a start");
        }
    }
}

#[test]
fn there_is_time_before_1970() {
    let mut lab = lab();
    // 1969-12-31T23:30:00Z.
    lab.now = Time::from_unix_s(-1800);
    lab.start();
    add(&mut lab, cron("quarterly", "*/15 * * * *", "keeper"));
    let mut at = |seconds| {
        lab.now = Time::from_unix_s(seconds);
        fired(&mut lab)
    };
    assert_eq!(at(-901), []);
    assert_eq!(at(-900), [(-900 - T0, 0)]);
    assert_eq!(at(0), [(-T0, 0)]);
    assert_eq!(at(-900), []);
    assert_eq!(at(1800), [(1800 - T0, 1)]);
    // 1969 again, and the year 1.
    assert_eq!(at(-900), []);
    assert_eq!(at(i64::MIN), []);
    assert_eq!(at(2700), [(2700 - T0, 0)]);
}

#[test]
fn the_ends_of_time_are_no_trouble() {
    let mut lab = lab();
    add(&mut lab, cron("yearly", "0 0 1 1 *", "keeper"));
    lab.now = Time::from_unix_s(i64::MAX);
    let last = Time::LATEST.unix_s() + 1 - 365 * 86_400;
    // 2027 to 4999.
    assert_eq!(fired(&mut lab), [(last - T0, 4999 - 2027)]);
    assert_eq!(lab.tasks()[0].next, None);
    assert_eq!(lab.engine().next(lab.now).unwrap(), Next::Never);
}

#[test]
fn a_tick_is_skipped_while_the_one_before_goes_on() {
    let mut lab = lab();
    add(&mut lab, cron("hourly", "0 * * * *", "keeper"));
    lab.later(3600);
    let (run, _) = lab.start_next().unwrap();
    lab.later(3600);
    assert!(lab.start_next().is_none());
    assert_eq!(lab.tasks()[0].skipped, 1);
    // Three more pass at once.
    lab.later(3 * 3600);
    assert!(lab.start_next().is_none());
    assert_eq!(lab.tasks()[0].skipped, 4);
    // It fails, and waits for its next attempt.
    lab.end(run, "trap");
    lab.now = Time::from_unix_s(T0 + 5 * 3600);
    assert_eq!(lab.standing(), ["1 keeper Waiting 1 +1109ms trap"]);
    lab.later(2);
    assert_eq!(fired(&mut lab), [(3600, 0)]);
    lab.later(3600);
    assert_eq!(fired(&mut lab), [(6 * 3600, 0)]);
    assert_eq!(lab.tasks()[0].skipped, 4);
}

#[test]
fn a_dead_tick_makes_way_for_the_next_one() {
    let mut lab = lab();
    add(&mut lab, cron("hourly", "0 * * * *", "keeper"));
    for hour in 1..4 {
        lab.later(3600);
        assert_eq!(
            lab.run_next("out-of-fuel").unwrap(),
            format!("tick:65537:{}", T0 + hour * 3600)
        );
        assert_eq!(
            lab.standing(),
            [format!("{hour} keeper Dead 1 out-of-fuel")]
        );
    }
    // A held one is not over: the app can get its grants.
    lab.later(3600);
    lab.run_next("refused").unwrap();
    lab.later(3600);
    assert!(lab.start_next().is_none());
    assert_eq!(lab.standing(), ["4 keeper Held 0 refused"]);
    assert_eq!(lab.tasks()[0].skipped, 1);
    assert_eq!(lab.engine().offer_again("keeper").unwrap(), 1);
    assert_eq!(fired(&mut lab), [(4 * 3600, 0)]);
}

#[test]
fn ticks_fire_in_the_order_of_their_times() {
    let mut lab = Lab::new(Apps::default().with("keeper", App::new(9)));
    for (name, at) in [("c", 30), ("a", 10), ("late", -99), ("b", 20), ("b2", 20)] {
        add(&mut lab, once(name, T0 + at, "keeper"));
    }
    lab.later(25);
    let names = |lab: &mut Lab| -> Vec<String> {
        let claims = lab.engine().claim(lab.now, 99).unwrap();
        let names = claims.iter().map(|claim| claim.delivery().payload.clone());
        names.map(|name| String::from_utf8(name).unwrap()).collect()
    };
    // A time that has passed is due now.
    assert_eq!(names(&mut lab), ["late", "a", "b", "b2"]);
    lab.later(5);
    assert_eq!(names(&mut lab), ["late", "a", "b", "b2", "c"]);
}

#[test]
fn a_cancelled_task_starts_no_more_runs() {
    let cancel = |lab: &mut Lab, task| {
        let mut run = lab.run("keeper");
        run.cancel(task).unwrap().unwrap();
        lab.end(run, "completed");
    };
    for task in [
        cron("t", "0 * * * *", "keeper"),
        once("t", T0 + 3600, "keeper"),
    ] {
        // Before its tick.
        let mut lab = lab();
        let id = add(&mut lab, task.clone());
        cancel(&mut lab, id);
        lab.later(3600);
        assert_eq!(fired(&mut lab), []);

        // After its tick, before its run.
        let id = add(
            &mut lab,
            Task {
                run_at: task.run_at,
                ..task.clone()
            },
        );
        lab.later(3600);
        assert_eq!(lab.engine().next(lab.now).unwrap(), Next::Now);
        assert_eq!(lab.standing().len(), 1);
        cancel(&mut lab, id);
        assert_eq!(lab.standing(), [""; 0]);

        // While it runs: the run goes on, and is not tried again.
        for outcome in ["completed", "trap", "interrupted", "refused", "out-of-fuel"] {
            let id = add(&mut lab, task.clone());
            lab.later(3600);
            let (run, _) = lab.start_next().unwrap();
            cancel(&mut lab, id);
            assert_eq!(lab.standing().len(), 1);
            lab.end(run, outcome);
            assert_eq!(lab.standing(), [""; 0], "{outcome}");
        }

        // While it is claimed: its run has begun, as far as the order of calls goes.
        let id = add(&mut lab, task.clone());
        lab.later(3600);
        let claim = lab.engine().claim(lab.now, 1).unwrap().pop().unwrap();
        cancel(&mut lab, id);
        let run = lab.run_id();
        let (run, _) = claim.start(run, all(), lab.now).unwrap();
        assert_eq!(lab.standing().len(), 1);
        lab.end(run, "trap");
        assert_eq!(lab.standing(), [""; 0]);

        // The same, and the claim comes back.
        let id = add(&mut lab, task.clone());
        lab.later(3600);
        let claims = lab.engine().claim(lab.now, 1).unwrap();
        assert_eq!(claims.len(), 1);
        cancel(&mut lab, id);
        drop(claims);
        assert_eq!(fired(&mut lab), []);
        assert_eq!((lab.standing().len(), lab.tasks().len()), (0, 0));
        assert_eq!(lab.engine().backlog(), Backlog::default());
    }
}

#[test]
fn a_cancelled_task_starts_no_more_runs_after_a_crash() {
    for task in [
        cron("t", "0 * * * *", "keeper"),
        once("t", T0 + 3600, "keeper"),
    ] {
        let mut lab = lab();
        let id = add(&mut lab, task);
        lab.later(3600);
        let claims = lab.engine().claim(lab.now, 1).unwrap();
        assert_eq!(claims.len(), 1);
        let mut run = lab.run("keeper");
        run.cancel(id).unwrap().unwrap();
        lab.end(run, "completed");
        lab.crash();
        assert_eq!(lab.standing(), [""; 0]);
        assert_eq!(fired(&mut lab), []);
        drop(claims);
    }
}

#[test]
fn a_task_that_runs_once_can_be_cancelled_until_it_is_done() {
    let mut lab = lab();
    let id = add(&mut lab, once("t", T0, "keeper"));
    lab.run_next("trap").unwrap();
    assert_eq!(lab.tasks().len(), 1);
    let mut run = lab.run("keeper");
    run.cancel(id).unwrap().unwrap();
    lab.end(run, "completed");
    assert_eq!((lab.standing().len(), lab.tasks().len()), (0, 0));
    let mut run = lab.run("keeper");
    assert_eq!(run.cancel(id).unwrap().unwrap_err().code, Code::NoSuchTask);
}

#[test]
fn a_cancellation_takes_effect_only_if_its_run_completed() {
    let mut lab = lab();
    let id = add(&mut lab, cron("t", "0 * * * *", "keeper"));
    let mut run = lab.run("keeper");
    run.cancel(id).unwrap().unwrap();
    lab.end(run, "trap");
    lab.later(3600);
    assert_eq!(fired(&mut lab), [(3600, 0)]);
}
