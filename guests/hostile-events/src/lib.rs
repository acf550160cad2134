//! Does with events what it must not, one thing for each argument. The host must bound each, and nothing of a run that does
//! not complete may come out.
//!
//! A run that its own event started emits that event again, for ever.

use std::{env, hint};

use micro_app::{EventError, When, cancel, emit, emit_as, own_name, record, schedule, trigger};

micro_app::main!(run);

fn run() -> Result<String, String> {
    let what = match trigger("TRIGGER") {
        Some(_) => "echo".to_owned(),
        None => env::args().nth(1).unwrap_or_default(),
    };
    record("attempt", "hostile-events", &*what);
    match &*what {
        "echo" => Ok(format!("emitted {}", emit("echo", "again")?)),
        "two-echoes" => {
            emit("echo", "one")?;
            Ok(format!("emitted {}", emit("echo", "two")?))
        }
        "flood" => Ok(until_refused(|| emit("echo", "flood"))),
        "large-flood" => Ok(until_refused(|| emit("echo", vec![b'a'; 1 << 20]))),
        "too-large" => Ok(emit("echo", vec![b'a'; (1 << 20) + 1])?.to_string()),
        "anothers-name" => Ok(emit_as("change-monitor", "echo", "")?.to_string()),
        "no-name" => Ok(emit_as("", "echo", "")?.to_string()),
        "not-granted" => Ok(emit("regulatory-change", "EU-2024/1781;1;2")?.to_string()),
        "not-a-type" => Ok(emit("Regulatory Change\u{1b}[2J", "")?.to_string()),
        "tasks" => Ok(until_refused(|| task(When::At(2_000_000_000)))),
        "crons" => Ok(crons()),
        "another-target" => Ok(schedule("a", When::At(0), "change-monitor", "")?.to_string()),
        "cancels" => Ok(cancels()),
        "emits-then-traps" => {
            staged()?;
            panic!("after emitting");
        }
        "emits-then-fails" => {
            staged()?;
            Err("after emitting".to_owned())
        }
        "emits-then-burns" => {
            staged()?;
            burn()
        }
        what => Err(format!("no attack is called `{what}`")),
    }
}

/// An event, a task, and a task that is cancelled again.
fn staged() -> Result<(), EventError> {
    emit("echo", "staged")?;
    task(When::Cron("* * * * *"))?;
    cancel(task(When::At(0))?)
}

fn task(when: When<'_>) -> Result<u64, EventError> {
    schedule("flood", when, &own_name(), "")
}

/// Does it ten thousand times, or until it is refused.
fn until_refused(mut call: impl FnMut() -> Result<u64, EventError>) -> String {
    for done in 0..10_000 {
        if let Err(EventError { code, message }) = call() {
            return format!("refused after {done} with {code}: {message}");
        }
    }
    "never refused".to_owned()
}

/// Expressions that mean something else elsewhere, are none, or never fire.
fn crons() -> String {
    let expressions = [
        "* * * * * *",
        "@daily",
        "0 0 L * *",
        "0 0 * * 5#3",
        "0 0 15W * *",
        "? * * * *",
        "0 0 30 2 *",
        "60 * * * *",
        "*/0 * * * *",
        "5-1 * * * *",
        "",
        "* * * *",
        "\u{1b} * * * *",
    ];
    let answers = expressions
        .iter()
        .map(|expression| match task(When::Cron(expression)) {
            Ok(id) => format!("{expression:?} accepted as {id}"),
            Err(error) => format!("{expression:?} refused with {}", error.code),
        });
    let mut answers: Vec<String> = answers.collect();
    answers.push(match task(When::Cron(&"0,".repeat(200))) {
        Ok(id) => format!("a long list accepted as {id}"),
        Err(error) => format!("a long list refused with {}", error.code),
    });
    answers.join(", ")
}

/// Tasks that do not exist: none at all, an event, and one that was cancelled.
fn cancels() -> String {
    let mut ids = vec![0, u64::MAX];
    ids.extend(emit("echo", ""));
    if let Ok(id) = task(When::At(0)) {
        ids.extend([id, id]);
    }
    let answers = ids.into_iter().map(|id| match cancel(id) {
        Ok(()) => format!("{id} cancelled"),
        Err(error) => format!("{id} refused with {}", error.code),
    });
    answers.collect::<Vec<_>>().join(", ")
}

fn burn() -> ! {
    loop {
        hint::black_box(());
    }
}
