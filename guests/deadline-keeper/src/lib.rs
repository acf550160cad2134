//! Keeps a deadline for each gap. What it does follows from what started it:
//!
//! - the event `gap-found`: a reminder is scheduled for two weeks later, and the weekly summary if there is none;
//! - the event `gap-closed`: the reminder is cancelled;
//! - the time of a reminder: the gap is overdue;
//! - a tick of the weekly summary: says how many gaps are open, and cancels itself when there are none.

use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use micro_app::{When, cancel, execute, own_name, query_one, record, schedule, sql, trigger};

micro_app::main!(run);

const TWO_WEEKS_S: u64 = 14 * 24 * 60 * 60;

/// The reminder that stands for the summary.
const SUMMARY: &str = "weekly summary";

fn run() -> Result<String, String> {
    let text = io::read_to_string(io::stdin()).map_err(|error| format!("no payload: {error}"))?;
    let gap = text.split(';').next().unwrap_or_default().trim_end();
    let by = trigger("TRIGGER").unwrap_or_default();
    match (&*by, trigger("EVENT_TYPE").as_deref()) {
        ("event", Some("gap-found")) => found(gap),
        ("event", Some("gap-closed")) => closed(gap),
        ("at", _) => overdue(gap),
        ("cron", _) => summary(),
        _ => Err("started by nothing that it keeps deadlines for".to_owned()),
    }
}

fn found(gap: &str) -> Result<String, String> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_err(|error| error.to_string())?;
    let due = now.as_secs() + TWO_WEEKS_S;
    keep(gap, When::At(due))?;
    if task(SUMMARY)?.is_none() {
        keep(SUMMARY, When::Cron("0 6 * * 1"))?;
    }
    Ok(format!("`{gap}` is due at {due}"))
}

fn closed(gap: &str) -> Result<String, String> {
    let Some(task) = task(gap)? else {
        return Err(format!("`{gap}` has no deadline"));
    };
    cancel(task)?;
    forget(gap)?;
    Ok(format!("`{gap}` is closed"))
}

fn overdue(gap: &str) -> Result<String, String> {
    forget(gap)?;
    record("overdue", gap, "two weeks have passed");
    Ok(format!("`{gap}` is overdue"))
}

fn summary() -> Result<String, String> {
    let open: u32 = query_one("SELECT count(*) FROM deadline WHERE gap <> 'weekly summary'")?
        .unwrap_or_default();
    let missed = trigger("MISSED").unwrap_or_default();
    record(
        "summary",
        SUMMARY,
        format!("{open} open, {missed} summaries missed"),
    );
    if open == 0 {
        if let Some(task) = task(SUMMARY)? {
            cancel(task)?;
        }
        forget(SUMMARY)?;
    }
    Ok(format!("{open} open"))
}

fn keep(gap: &str, when: When<'_>) -> Result<(), String> {
    let task = schedule(gap, when, &own_name(), gap)?;
    // SQLite has no unsigned numbers. Ids are far below 2^63.
    execute(sql!(
        "INSERT INTO deadline (gap, task) VALUES (?, ?)",
        gap,
        task.to_string()
    ))?;
    Ok(())
}

fn task(gap: &str) -> Result<Option<u64>, String> {
    let task: Option<String> = query_one(sql!("SELECT task FROM deadline WHERE gap = ?", gap))?;
    Ok(task.and_then(|task| task.parse().ok()))
}

fn forget(gap: &str) -> Result<(), String> {
    execute(sql!("DELETE FROM deadline WHERE gap = ?", gap))?;
    Ok(())
}
