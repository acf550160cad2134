//! Whether what the killed hosts left is as it must be.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fractalaw_events_engine::*;

use super::book::{self, Lines};
use super::host::apps;

#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) completed: u64,
    pub(super) failed: u64,
    pub(super) cut_off: u64,
    pub(super) ticks: u64,
}

/// `acknowledged` are the events from outside that the hosts said they had.
pub(super) fn check(folder: &Path, acknowledged: &[u64]) -> Seen {
    let lines = book::read(folder);
    let mut seen = Seen::default();
    // What each trigger has: completed runs, and others.
    let mut runs: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (run, trigger) in &lines.opened {
        let runs = runs.entry(trigger).or_default();
        match lines.closed.get(run) {
            Some((outcome, _)) if outcome == "completed" => {
                runs.0 += 1;
                seen.completed += 1;
            }
            Some(_) => {
                runs.1 += 1;
                seen.failed += 1;
            }
            None => {
                runs.1 += 1;
                seen.cut_off += 1;
            }
        }
    }
    let must = expected(&lines, acknowledged);
    for delivery in &must {
        let completed = runs.get(&**delivery).map_or(0, |runs| runs.0);
        assert_eq!(completed, 1, "completed runs of {delivery}");
    }
    // An event that was not acknowledged may be there as well.
    let may: BTreeSet<String> = lines.accepted.iter().map(|id| key(*id, "first")).collect();
    for (trigger, (completed, _)) in &runs {
        let is_tick_of_cron =
            cron(&lines).is_some_and(|task| trigger.starts_with(&format!("tick:{task}:")));
        let is_known = must.contains(*trigger) || may.contains(*trigger) || *trigger == "manual";
        assert!(
            is_known || is_tick_of_cron,
            "{trigger} was triggered by nothing"
        );
        assert!(
            *completed <= 1 || *trigger == "manual",
            "{trigger} completed {completed} times"
        );
    }
    seen.ticks = ticks(folder, &lines, &runs);
    seen
}

fn key(event: EventId, app: &str) -> String {
    format!("event:{}:{app}+0", event.0)
}

/// The deliveries that completed runs and acknowledged events have made.
fn expected(lines: &Lines, acknowledged: &[u64]) -> BTreeSet<String> {
    let mut expected: BTreeSet<String> = acknowledged
        .iter()
        .map(|&id| key(EventId(id), "first"))
        .collect();
    let completed = lines
        .closed
        .values()
        .filter(|(outcome, _)| outcome == "completed");
    for made in completed.flat_map(|(_, made)| made) {
        let (kind, id) = made.split_once(':').unwrap();
        let id = EventId(id.parse().unwrap());
        match kind {
            "middle" => expected.extend(["line", "pool"].map(|app| key(id, app))),
            "at" => {
                let prefix = format!("tick:{}:", id.0);
                let found = lines
                    .opened
                    .values()
                    .find(|trigger| trigger.starts_with(&prefix));
                expected.insert(found.cloned().unwrap_or(prefix));
            }
            "end" | "cron" => {}
            other => panic!("{other}"),
        }
    }
    expected
}

/// The task that runs each minute.
fn cron(lines: &Lines) -> Option<u64> {
    let completed = lines
        .closed
        .values()
        .filter(|(outcome, _)| outcome == "completed");
    let mut made = completed.flat_map(|(_, made)| made);
    made.find_map(|made| made.strip_prefix("cron:")?.parse().ok())
}

/// Each minute has a run, is one that a later run also stands for, or was skipped and counted. Returns how many there
/// were.
fn ticks(folder: &Path, lines: &Lines, runs: &BTreeMap<&str, (u64, u64)>) -> u64 {
    let task = cron(lines).unwrap();
    let prefix = format!("tick:{task}:");
    let mut minutes = BTreeMap::new();
    for (trigger, (completed, _)) in runs {
        let Some(tick) = trigger.strip_prefix(&*prefix) else {
            continue;
        };
        assert_eq!(*completed, 1, "{trigger}");
        let (second, missed) = tick.split_once('+').unwrap();
        let before = minutes.insert(
            second.parse::<i64>().unwrap() / 60,
            missed.parse::<u64>().unwrap(),
        );
        assert_eq!(before, None, "{trigger} has two numbers of missed ticks");
    }
    let now = book::Book::open(folder).now();
    let path = folder.join("events.db");
    let engine = Engine::open(&path, "book", apps(), &mut NoClosings, now).unwrap();
    assert_eq!(engine.deliveries(DeliveryId(0), 9).unwrap(), []);
    let tasks = engine.tasks(TaskId(0), 9).unwrap();
    assert_eq!(
        tasks.iter().map(|task| task.id.0).collect::<Vec<_>>(),
        [task]
    );
    let first = crate::lab::T0 / 60 + 1;
    let last = tasks[0].next.unwrap().unix_s() / 60;
    let accounted = minutes.values().map(|missed| missed + 1).sum::<u64>() + tasks[0].skipped;
    assert_eq!(
        accounted,
        (last - first) as u64,
        "minutes with a run, missed or skipped"
    );
    accounted
}
