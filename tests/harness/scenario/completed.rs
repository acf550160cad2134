//! The completed runs in a ledger, without what a crash may change: numbers, times, fuel, and attempts.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use fractalaw_ledger::{Entry, LedgerError, Reader, Role, Trust, event, verify};
use serde_json::{Value, json};

/// A line for each run, sorted: a run that was cut off and tried again may come after others.
pub(crate) fn completed(ledger: &Path) -> Result<Vec<String>> {
    let reader = Reader::open(ledger)?;
    verify(&reader, &Trust::default())?;
    let mut runs: BTreeMap<u64, Vec<Entry>> = BTreeMap::new();
    reader.visit(1, |entry| {
        if let Some(run) = entry.run_id {
            runs.entry(run).or_default().push(entry);
        }
        Ok::<_, LedgerError>(())
    })?;
    let mut completed = Vec::new();
    for run in runs.values() {
        completed.extend(line(run)?);
    }
    completed.sort();
    Ok(completed)
}

fn line(run: &[Entry]) -> Result<Option<String>> {
    let [opening, entries @ .., closing] = run else {
        return Ok(None);
    };
    if closing.event_type != event::RUN_CLOSED || closing.actor_role != Role::Host {
        return Ok(None);
    }
    let [mut opened, mut closed] = [detail(opening)?, detail(closing)?];
    if closed["outcome"] != "completed" {
        return Ok(None);
    }
    let mut trigger = opened["trigger"].take();
    for field in ["attempt", "event", "task", "delivery", "scheduled_for"] {
        remove(&mut trigger, field);
    }
    for field in ["fuel", "cancelled"] {
        remove(&mut closed, field);
    }
    for list in ["events", "tasks", "effects"] {
        for item in closed[list].as_array_mut().into_iter().flatten() {
            // The digest of effects is over lines that may have ids.
            let fields: &[&str] = if list == "effects" {
                &["sha256"]
            } else {
                &["id", "run_at"]
            };
            fields.iter().for_each(|field| remove(item, field));
        }
    }
    let entries: Vec<_> = entries
        .iter()
        .map(|entry| format!("{} {} {}", entry.event_type, entry.resource, entry.detail))
        .collect();
    let name = opened["name"].take();
    Ok(Some(json!([name, trigger, entries, closed]).to_string()))
}

fn detail(entry: &Entry) -> Result<Value> {
    serde_json::from_str(&entry.detail)
        .with_context(|| format!("the detail of entry {}", entry.entry_id))
}

fn remove(value: &mut Value, field: &str) {
    if let Some(object) = value.as_object_mut() {
        object.remove(field);
    }
}
