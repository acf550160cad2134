//! The story of a scenario as text: its steps, each run with its trail and effects, and what is left.

use anyhow::Result;
use fractalaw_events_engine::{Delivery, DeliveryId, Engine, TaskId, Time, Trigger};
use fractalaw_report::{Effect, Report};

use crate::listing::{Listing, Rendered};
use crate::rendering::{entry, lines};

/// More than any scenario leaves.
const MOST: usize = 10_000;

/// The text so far.
#[derive(Default)]
pub(crate) struct Story(Listing);

impl Story {
    /// Something happened that is no run.
    pub(crate) fn step(&mut self, time: Time, what: &str) {
        self.0.line(&format!(
            "{time} {}",
            fractalaw_host::terminal::one_line(what)
        ));
    }

    /// A run, and why it began.
    pub(crate) fn run(&mut self, time: Time, why: &str, report: &Report) {
        let (kind, fuel) = (report.outcome.kind(), report.fuel.consumed());
        self.step(time, &format!("{why}: {kind}, {fuel} fuel"));
        self.0.list("  ", &lines(&report.outcome.to_string()));
        let audit: Vec<_> = report.audit.iter().map(entry).collect();
        self.0.list("  ", &audit);
        let effects: Vec<_> = report.effects.iter().map(Effect::to_string).collect();
        self.0.list("  ", &effects);
    }

    pub(crate) fn left(&mut self, left: &Left) {
        self.0.line(&format!(
            "deliveries that are left: {}",
            left.deliveries.len()
        ));
        self.0.list("  ", &lines_of(&left.deliveries));
        self.0
            .line(&format!("tasks that are left: {}", left.tasks.len()));
        self.0.list("  ", &lines_of(&left.tasks));
    }

    /// The whole text.
    pub(crate) fn end(mut self, crashes: u64) -> Rendered {
        if crashes > 0 {
            self.0.line(&format!(
                "played again with a crash at each of {crashes} points: the same runs completed"
            ));
        }
        self.0.end()
    }
}

/// Why a run began.
pub(crate) fn why(delivery: &Delivery) -> String {
    let app = &delivery.app;
    let attempt = match delivery.attempt {
        1 => String::new(),
        attempt => format!(", attempt {attempt}"),
    };
    match &delivery.trigger {
        Trigger::Event {
            id,
            event_type,
            source,
        } => format!("{app}: event {} {event_type} from {source}{attempt}", id.0),
        Trigger::Cron {
            task,
            name,
            scheduled_for,
            missed,
        } => {
            let missed = match missed {
                0 => String::new(),
                missed => format!(", {missed} missed"),
            };
            format!(
                "{app}: tick {} `{name}` of {scheduled_for}{missed}{attempt}",
                task.0
            )
        }
        Trigger::At {
            task,
            name,
            scheduled_for,
        } => format!(
            "{app}: task {} `{name}` of {scheduled_for}{attempt}",
            task.0
        ),
    }
}

/// What is left at the end, each with its number and without.
pub(crate) struct Left {
    deliveries: Vec<(String, String)>,
    tasks: Vec<(String, String)>,
}

impl Left {
    pub(crate) fn without_numbers(&self) -> Vec<String> {
        let all = self.deliveries.iter().chain(&self.tasks);
        let mut all: Vec<_> = all.map(|(_, without)| without.clone()).collect();
        all.sort();
        all
    }
}

fn lines_of(all: &[(String, String)]) -> Vec<String> {
    all.iter().map(|(with, _)| with.clone()).collect()
}

/// What is left in the file of the engine.
pub(crate) fn left(engine: &Engine) -> Result<Left> {
    let deliveries = engine
        .deliveries(DeliveryId(0), MOST)?
        .into_iter()
        .map(|left| {
            let outcome = left.outcome.as_deref().unwrap_or("not tried");
            let without = format!("{} {:?}, {outcome}", left.app, left.state);
            let what = left
                .event
                .map(|event| event.0)
                .or(left.tick.map(|(task, _)| task.0));
            (
                format!(
                    "{} {without}, {} attempts",
                    what.unwrap_or(0),
                    left.attempts
                ),
                without,
            )
        });
    let tasks = engine.tasks(TaskId(0), MOST)?.into_iter().map(|left| {
        let cron = left
            .cron
            .as_deref()
            .map_or_else(|| "once".to_owned(), |cron| format!("`{cron}`"));
        let without = format!(
            "{} for {}: `{}`, {cron}",
            left.owner, left.target, left.name
        );
        let next = left
            .next
            .map_or_else(|| "never".to_owned(), |next| next.to_string());
        (
            format!(
                "{} {without}, next {next}, {} skipped",
                left.id.0, left.skipped
            ),
            without,
        )
    });
    Ok(Left {
        deliveries: deliveries.collect(),
        tasks: tasks.collect(),
    })
}
