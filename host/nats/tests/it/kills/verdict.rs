//! Whether what the killed processes left is as it must be.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::book;

#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) accepted: u64,
    pub(super) completed: u64,
    pub(super) failed: u64,
    pub(super) cut_off: u64,
    pub(super) ticks: u64,
}

/// Whether there were more completed runs than this, a failed one, a tick, and an event from outside. A kill may be the
/// moment before all of that.
pub(super) fn has_enough(folders: &[&Path], runs: u64) -> bool {
    let (mut completed, mut failed, mut tick, mut accepted) = (0, false, false, false);
    for folder in folders {
        let lines = book::read(folder);
        for (run, trigger) in &lines.opened {
            match lines.closed.get(run) {
                Some((outcome, _)) if outcome == "completed" => completed += 1,
                Some(_) => failed = true,
                None => {}
            }
            tick |= trigger.starts_with("tick:minutely:");
        }
        accepted |= !lines.accepted.is_empty();
    }
    completed > runs && failed && tick && accepted
}

pub(super) fn check(folders: &[&Path]) -> Seen {
    let mut seen = Seen::default();
    let mut completed: BTreeMap<String, u64> = BTreeMap::new();
    let mut opened = BTreeSet::new();
    let (mut must, mut may) = (BTreeSet::new(), BTreeSet::new());
    for (at, folder) in folders.iter().enumerate() {
        let lines = book::read(folder);
        let event = |id: &str, app: &str| format!("event:n{at}-{id}:{app}");
        may.extend(
            lines
                .accepted
                .iter()
                .map(|id| event(&id.0.to_string(), "first")),
        );
        let text = std::fs::read_to_string(folder.join("book")).unwrap();
        let accepted = text
            .lines()
            .filter_map(|line| line.strip_prefix("wait accepted:"));
        let accepted: Vec<&str> = accepted.collect();
        seen.accepted += accepted.len() as u64;
        must.extend(accepted.iter().map(|id| event(id, "first")));
        for (run, trigger) in lines.opened {
            if trigger == "manual" {
                continue;
            }
            opened.insert(trigger.clone());
            match lines.closed.get(&run) {
                Some((outcome, made)) if outcome == "completed" => {
                    seen.completed += 1;
                    for made in made {
                        if let Some(id) = made.strip_prefix("middle:") {
                            must.extend(["line", "pool"].map(|app| event(id, app)));
                        }
                    }
                    *completed.entry(trigger).or_default() += 1;
                }
                Some(_) => seen.failed += 1,
                None => seen.cut_off += 1,
            }
        }
    }
    let lost: Vec<_> = must
        .iter()
        .filter(|delivery| !completed.contains_key(*delivery))
        .collect();
    assert_eq!(lost, [""; 0], "lost");
    let doubled: Vec<_> = completed.iter().filter(|(_, count)| **count > 1).collect();
    assert_eq!(doubled, [], "doubled");
    for trigger in &opened {
        let is_tick = trigger.starts_with("tick:minutely:");
        seen.ticks += u64::from(is_tick && completed.contains_key(trigger));
        assert!(
            is_tick || must.contains(trigger) || may.contains(trigger),
            "{trigger} was triggered by nothing"
        );
        assert!(
            completed.contains_key(trigger),
            "{trigger} did not complete"
        );
    }
    seen
}
