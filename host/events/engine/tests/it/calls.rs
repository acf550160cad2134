//! Calls of guests: each that is refused has its code and message, and changes nothing.

use fractalaw_events_engine::*;

use crate::lab::*;

type Call = fn(&mut Run) -> Result<u64, EventError>;

fn emit(run: &mut Run, event_type: &str, source: &str, bytes: usize) -> Result<u64, EventError> {
    run.emit(event_type, source, vec![7; bytes]).map(|id| id.0)
}

fn schedule(run: &mut Run, task: Task) -> Result<u64, EventError> {
    run.schedule(task).map(|id| id.0)
}

fn cancel(run: &mut Run, task: u64) -> Result<u64, EventError> {
    run.cancel(TaskId(task)).unwrap().map(|()| 0)
}

/// A task of run 1 by `watch`, and one of run 2 by `other`.
const TASK_OF_WATCH: u64 = 1 << 16 | 1;
const TASK_OF_OTHER: u64 = 2 << 16 | 1;

fn refused() -> Vec<(Call, Code, &'static str)> {
    let mut cases: Vec<(Call, Code, &'static str)> = vec![
        (
            |run| emit(run, "Duty Changed", "watch", 0),
            Code::Malformed,
            "event type `Duty Changed` is not a name\nhint: use at most 64 small letters and digits, with `-` between words: `duty-changed`",
        ),
        (
            |run| emit(run, "a--b", "watch", 0),
            Code::Malformed,
            "event type `a--b` is not a name\nhint: use at most 64 small letters and digits, with `-` between words: `duty-changed`",
        ),
        (
            |run| emit(run, "\u{1b}[2J", "watch", 0),
            Code::Malformed,
            "event type `\\u{1b}[2J` is not a name\nhint: use at most 64 small letters and digits, with `-` between words: `duty-changed`",
        ),
        (
            |run| emit(run, "duty-changed", "watch", 1_048_577),
            Code::TooLarge,
            "the payload has 1048577 bytes, expected at most 1048576\nhint: put the contents into data, and their name into the payload",
        ),
        (
            |run| emit(run, "duty-changed", "other", 0),
            Code::NotTheSource,
            "`other` is not the name of the caller\nhint: name `watch`",
        ),
        (
            |run| emit(run, "duty-removed", "watch", 0),
            Code::TypeNotGranted,
            "`duty-removed` is not granted\nhint: declare it in `emits`, and grant it: emits.\"duty-removed\" = true",
        ),
    ];
    cases.extend(refused_tasks());
    cases
}

fn refused_tasks() -> Vec<(Call, Code, &'static str)> {
    vec![
        (
            |run| schedule(run, once("", T0, "watch")),
            Code::Malformed,
            "task `` is not a name\nhint: use 1 to 128 bytes of text without control characters",
        ),
        (
            |run| schedule(run, once("late", 99_999_999_999, "watch")),
            Code::Malformed,
            "run-at 99999999999 is after the year 4999\nhint: give seconds since 1970, not milliseconds or nanoseconds",
        ),
        (
            |run| schedule(run, cron("no", "0 0 30 2 *", "watch")),
            Code::Cron,
            "cron `0 0 30 2 *` never fires\nhint: give a day of month that the month has",
        ),
        (
            |run| {
                let both = Task {
                    run_at: Some(1),
                    ..cron("both", "* * * * *", "watch")
                };
                schedule(run, both)
            },
            Code::CronOrRunAt,
            "expected `cron` or `run-at`, found both",
        ),
        (
            |run| {
                let neither = Task {
                    run_at: None,
                    ..once("neither", 1, "watch")
                };
                schedule(run, neither)
            },
            Code::CronOrRunAt,
            "expected `cron` or `run-at`, found neither",
        ),
        (
            |run| schedule(run, once("elsewhere", T0, "other")),
            Code::Target,
            "`other` does not exist or is not granted\nhint: declare it in `schedules`, and grant it: schedules.\"APP\" = true",
        ),
        (
            |run| schedule(run, once("nowhere", T0, "nobody")),
            Code::Target,
            "`nobody` does not exist or is not granted\nhint: declare it in `schedules`, and grant it: schedules.\"APP\" = true",
        ),
        (
            |run| cancel(run, 99),
            Code::NoSuchTask,
            "there is no task 99",
        ),
        (
            |run| cancel(run, TASK_OF_OTHER),
            Code::AnothersTask,
            "task 131073 belongs to `other`",
        ),
        (
            |run| {
                cancel(run, TASK_OF_WATCH)?;
                cancel(run, TASK_OF_WATCH)
            },
            Code::NoSuchTask,
            "there is no task 65537",
        ),
        (
            |run| {
                let own = schedule(run, once("own", T0, "watch"))?;
                cancel(run, own)?;
                cancel(run, own)
            },
            Code::NoSuchTask,
            "there is no task 196609",
        ),
    ]
}

#[test]
fn each_refusal_has_its_code_and_message() {
    let apps = Apps::default()
        .with("watch", App::new(1).on("duty-changed"))
        .with("other", App::new(1));
    let mut lab = Lab::new(apps);
    for app in ["watch", "other"] {
        let mut run = lab.run(app);
        run.schedule(cron("yearly", "0 0 1 1 *", app)).unwrap();
        lab.end(run, "completed");
    }
    let before = lab.engine().backlog();
    let run_id = lab.run_id();
    for (call, code, message) in refused() {
        let allowed = Allowed {
            emits: Granted::names(&["duty-changed"]),
            schedules: Granted::names(&["watch", "nobody"]),
            quotas: Quotas::default(),
        };
        let mut run = lab.engine().run(run_id, "watch", allowed, lab.now);
        let refused = call(&mut run).unwrap_err();
        assert_eq!((refused.code, &*refused.message), (code, message));
        run.settle(Ending::Failed, "guest-error", lab.now).unwrap();
    }
    assert_eq!(lab.engine().backlog(), before);
    assert_eq!(lab.tasks().len(), 2);
}

#[test]
fn quotas_count_what_was_accepted() {
    let mut lab = Lab::new(Apps::default().with("a", App::new(1)));
    let id = lab.run_id();
    let quotas = Quotas {
        events: 3,
        bytes: 100,
        tasks: 2,
    };
    let mut run = lab
        .engine()
        .run(id, "a", Allowed { quotas, ..all() }, lab.now);
    let message = |call: Result<u64, EventError>| call.map_err(|error| (error.code, error.message));
    let over = |what: &str| Err((Code::Quota, format!("the run may have {what}")));
    // Events and tasks of a run are numbered together.
    assert_eq!(message(emit(&mut run, "x", "a", 60)), Ok(1 << 16 | 1));
    assert_eq!(
        message(emit(&mut run, "x", "a", 41)),
        over("100 `event-bytes`")
    );
    assert_eq!(
        message(schedule(&mut run, once("t", T0, "a"))),
        Ok(1 << 16 | 2)
    );
    assert_eq!(message(emit(&mut run, "x", "a", 39)), Ok(1 << 16 | 3));
    assert_eq!(message(emit(&mut run, "x", "a", 0)), Ok(1 << 16 | 4));
    assert_eq!(message(emit(&mut run, "x", "a", 0)), over("3 `events`"));
    assert_eq!(
        message(schedule(&mut run, once("t", T0, "a"))),
        over("100 `event-bytes`")
    );
    let empty = || Task {
        payload: Vec::new(),
        ..once("t", T0, "a")
    };
    assert_eq!(message(schedule(&mut run, empty())), Ok(1 << 16 | 5));
    assert_eq!(message(schedule(&mut run, empty())), over("2 `tasks`"));
    assert_eq!(run.steps().len(), 5);
}

#[test]
fn the_default_quotas_are_those_of_the_limits() {
    let mut lab = Lab::new(Apps::default().with("a", App::new(1).on("x")));
    let mut run = lab.run("a");
    for _ in 0..limits::RUN_EVENTS {
        emit(&mut run, "x", "a", 0).unwrap();
    }
    assert_eq!(emit(&mut run, "x", "a", 0).unwrap_err().code, Code::Quota);
    let mut run = lab.run("a");
    for _ in 0..16 {
        emit(&mut run, "x", "a", 1_048_576).unwrap();
    }
    assert_eq!(emit(&mut run, "x", "a", 1).unwrap_err().code, Code::Quota);
    let mut run = lab.run("a");
    for _ in 0..limits::RUN_TASKS {
        schedule(&mut run, once("t", T0 + 3600, "a")).unwrap();
    }
    assert_eq!(
        schedule(&mut run, once("t", T0, "a")).unwrap_err().code,
        Code::Quota
    );
}

#[test]
fn a_run_that_nothing_delivers_gets_the_same_answers() {
    let mut lab = Lab::new(Apps::default().with("a", App::new(1).on("x")));
    let mut with = lab.run("a");
    let mut alone = Run::alone(RunId(1), "a", all(), lab.now);
    let calls: [Call; 5] = [
        |run| emit(run, "x", "a", 5),
        |run| emit(run, "x", "b", 5),
        |run| schedule(run, cron("c", "@daily", "a")),
        |run| schedule(run, once("t", T0, "a")),
        |run| cancel(run, 77),
    ];
    for call in calls {
        assert_eq!(call(&mut with), call(&mut alone));
    }
    assert_eq!(with.steps(), alone.steps());
    lab.end(alone, "completed");
    assert_eq!(lab.standing(), Vec::<String>::new());
}
