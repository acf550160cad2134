//! What a run stages takes effect as a whole if it completed, and not at all otherwise, also after a crash.

use fractalaw_events_engine::*;

use crate::lab::*;

const OUTCOMES: [&str; 10] = [
    "completed",
    "guest-error",
    "trap",
    "deadline-exceeded",
    "out-of-fuel",
    "memory-limit",
    "stack-overflow",
    "quota-exceeded",
    "refused",
    "interrupted",
];

fn lab() -> (Lab, TaskId) {
    let apps = Apps::default()
        .with("a", App::new(9))
        .with("b", App::new(9).on("x"))
        .with("c", App::new(9).on("x").on_from("y", &["a"]))
        .with("d", App::new(9).on_from("y", &["e"]));
    let mut lab = Lab::new(apps);
    let mut run = lab.run("a");
    let task = run.schedule(cron("old", "0 0 1 1 *", "b")).unwrap();
    lab.end(run, "completed");
    (lab, task)
}

/// A run that does all there is.
fn staged(lab: &mut Lab, old: TaskId) -> Run {
    let mut run = lab.run("a");
    run.emit("x", "a", b"one".to_vec()).unwrap();
    run.schedule(once("new", T0 + 9999, "b")).unwrap();
    run.emit("y", "a", b"two".to_vec()).unwrap();
    run.emit("nobody-listens", "a", b"three".to_vec()).unwrap();
    run.cancel(old).unwrap().unwrap();
    run
}

fn names(lab: &Lab) -> Vec<String> {
    lab.tasks().into_iter().map(|task| task.name).collect()
}

fn check(lab: &Lab, took_effect: bool, what: &str) {
    if took_effect {
        assert_eq!(
            lab.standing(),
            ["1 b Ready 0", "2 c Ready 0", "3 c Ready 0"],
            "{what}"
        );
        assert_eq!(names(lab), ["new"], "{what}");
        let bytes = "one".len() + "two".len() + "new".len();
        let backlog = Backlog {
            deliveries: 3,
            bytes: bytes as u64,
        };
        assert_eq!(lab.engine().backlog(), backlog, "{what}");
    } else {
        assert_eq!(lab.standing(), [""; 0], "{what}");
        assert_eq!(names(lab), ["old"], "{what}");
        let backlog = Backlog {
            deliveries: 0,
            bytes: "old".len() as u64,
        };
        assert_eq!(lab.engine().backlog(), backlog, "{what}");
    }
}

#[test]
fn a_run_takes_effect_if_it_completed() {
    for outcome in OUTCOMES {
        let (mut lab, old) = lab();
        let mut run = staged(&mut lab, old);
        run.prepare(outcome == "completed").unwrap();
        check(&lab, false, outcome);
        run.settle(Ending::of(outcome), outcome, lab.now).unwrap();
        check(&lab, outcome == "completed", outcome);
        lab.start();
        check(&lab, outcome == "completed", outcome);
    }
}

/// Another capability can find that a run that was prepared does not complete.
#[test]
fn a_run_that_was_prepared_and_does_not_complete_takes_no_effect() {
    for outcome in OUTCOMES {
        let (mut lab, old) = lab();
        let mut run = staged(&mut lab, old);
        run.prepare(true).unwrap();
        run.prepare(outcome == "completed").unwrap();
        run.settle(Ending::of(outcome), outcome, lab.now).unwrap();
        check(&lab, outcome == "completed", outcome);
    }
}

#[test]
fn after_a_crash_the_closing_decides() {
    let closings = OUTCOMES.map(Some).into_iter().chain([None]);
    for closing in closings {
        let (mut lab, old) = lab();
        let mut run = staged(&mut lab, old);
        run.prepare(true).unwrap();
        if let Some(outcome) = closing {
            lab.ledger.0.insert(RunId(2), outcome);
        }
        drop(run);
        lab.start();
        check(&lab, closing == Some("completed"), &format!("{closing:?}"));
        // Nothing is left to be settled, whatever the ledger says now.
        lab.ledger.0.insert(RunId(2), "completed");
        lab.start();
        check(&lab, closing == Some("completed"), &format!("{closing:?}"));
    }
}

#[test]
fn a_run_that_was_not_prepared_leaves_nothing_after_a_crash() {
    let (mut lab, old) = lab();
    let run = staged(&mut lab, old);
    lab.ledger.0.insert(RunId(2), "completed");
    drop(run);
    lab.start();
    check(&lab, false, "not prepared");
}

#[test]
fn the_ledger_is_read_from_the_first_run_that_is_not_settled() {
    struct Asked(Vec<RunId>);
    impl Closings for Asked {
        fn visit(
            &mut self,
            first: RunId,
            _: &mut dyn FnMut(RunId, &str),
        ) -> Result<(), LedgerFailure> {
            self.0.push(first);
            Ok(())
        }
    }
    let (mut lab, old) = lab();
    let runs: Vec<Run> = (0..3)
        .map(|_| {
            let mut run = staged(&mut lab, old);
            run.prepare(true).unwrap();
            run
        })
        .collect();
    let mut runs = runs.into_iter();
    lab.end(runs.next().unwrap(), "completed");
    drop(runs);
    lab.engine = None;
    let mut asked = Asked(Vec::new());
    let open = |asked: &mut Asked| {
        let path = lab.path();
        when_free(|| Engine::open(&path, "ledger-1", lab.apps.clone(), asked, lab.now)).unwrap()
    };
    drop(open(&mut asked));
    assert_eq!(asked.0, [RunId(3)]);
    // Everything is settled, so the ledger is not read.
    drop(open(&mut asked));
    assert_eq!(asked.0, [RunId(3)]);
}

#[test]
fn payloads_are_gone_from_the_files_when_nothing_needs_them() {
    let mut lab = Lab::new(Apps::default().with("b", App::new(9).on("x")));
    let secret = b"PAYLOAD-THAT-IS-A-SECRET".repeat(500);
    let found = |lab: &Lab| {
        let bytes = std::fs::read(lab.path()).unwrap();
        bytes.windows(24).any(|window| window == &secret[..24])
    };
    let mut run = lab.run("b");
    run.emit("x", "b", secret.clone()).unwrap();
    lab.end(run, "completed");
    lab.engine = None;
    assert!(found(&lab), "it is written while it is needed");
    lab.start();
    assert_eq!(lab.run_next("completed").unwrap(), "event:65537:b");
    lab.engine = None;
    assert!(!found(&lab));
    let others: Vec<_> = std::fs::read_dir(lab.path().parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "events.db" && name != "events.db-lock")
        .collect();
    assert_eq!(others, [""; 0], "no log is left");
}

#[test]
fn a_run_is_prepared_before_it_is_settled_as_completed() {
    let (mut lab, old) = lab();
    let run = staged(&mut lab, old);
    let error = run
        .settle(Ending::Completed, "completed", lab.now)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "run 2 cannot be settled as completed: what it staged was not prepared"
    );
    check(&lab, false, "not prepared");
}
