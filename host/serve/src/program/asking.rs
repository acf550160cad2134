//! The commands that ask a supervisor, or do the same on its files if none runs.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, Result};
use fractalaw_events_engine::limits::PAYLOAD_BYTES;
use fractalaw_manifest::terminal::{lines, one_line};
use serde_json::Value;

use super::flags::{Apps, Asked, Command, Events, Schedule};
use super::printing::{failed, print, table};
use crate::answering::answer_from_files;
use crate::apps::Shown;
use crate::control::ask;
use crate::folder::Folder;
use crate::request::{Answer, DeliveryRow, Emitted, InsideRow, Request, TaskRow};
use crate::status::Status;

/// How an answer becomes text, and the exit code with it.
type Text = fn(&Value) -> Result<String>;

pub(crate) fn run(command: Command) -> Result<ExitCode> {
    let (asked, request, text) = request(command)?;
    let served = asked.folder.as_path();
    let answer = match ask(&Folder::of(served), &request)? {
        Some(answer) => answer,
        None => answer_from_files(served, request)?,
    };
    let value = match answer {
        Answer::Done(value) => value,
        Answer::Failed {
            message,
            hint,
            is_usage,
        } => return Ok(failed(&message, hint.as_deref(), is_usage)),
    };
    match asked.json {
        true => print(&format!("{value}\n"))?,
        false => print(&text(&value)?)?,
    }
    Ok(ended_well(&value))
}

/// After `emit --wait`, whether all runs completed.
fn ended_well(value: &Value) -> ExitCode {
    let completed = value
        .get("completed")
        .filter(|completed| !completed.is_null());
    match completed {
        Some(completed) if Some(completed) != value.get("deliveries") => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    }
}

fn request(command: Command) -> Result<(Asked, Request, Text)> {
    Ok(match command {
        Command::Serve(_) => anyhow::bail!("`serve` asks nobody"),
        Command::Emit(emit) => {
            let request = Request::Emit {
                event_type: emit.event_type,
                payload: payload(emit.payload)?,
                wait: emit.wait,
            };
            (emit.asked, request, emitted)
        }
        Command::Status(asked) => (asked, Request::Status, status),
        Command::Events(events) => of_events(events),
        Command::Schedule(schedule) => of_schedule(schedule)?,
        Command::Apps(apps) => of_apps(apps),
    })
}

fn of_events(events: Events) -> (Asked, Request, Text) {
    match events {
        Events::Ls { dead, after, asked } => {
            (asked, Request::Deliveries { dead, after }, deliveries)
        }
        Events::Show { delivery, asked } => (asked, Request::Show { delivery }, inside),
        Events::Retry {
            delivery, asked, ..
        } => (asked, Request::Retry { delivery }, count),
        Events::Drop {
            delivery, asked, ..
        } => (asked, Request::Drop { delivery }, count),
    }
}

fn of_schedule(schedule: Schedule) -> Result<(Asked, Request, Text)> {
    Ok(match schedule {
        Schedule::Ls { after, asked } => (asked, Request::Tasks { after }, tasks),
        Schedule::Add {
            app,
            name,
            cron,
            at,
            payload: file,
            asked,
        } => {
            let request = Request::Schedule {
                app,
                name,
                cron,
                run_at: at,
                payload: payload(file)?,
            };
            (asked, request, |task| Ok(format!("task {task}\n")))
        }
        Schedule::Cancel { task, asked } => (asked, Request::Cancel { task }, nothing),
    })
}

fn of_apps(apps: Apps) -> (Asked, Request, Text) {
    match apps {
        Apps::Ls(asked) => (asked, Request::Apps, shown),
        Apps::Reload { app, asked } => (asked, Request::Reload { app }, nothing),
        Apps::Rollback { app, asked } => (asked, Request::RollBack { app }, nothing),
        Apps::Pin { app, off, asked } => {
            let pinned = !off;
            (asked, Request::Pin { app, pinned }, nothing)
        }
    }
}

/// Reads a payload. One byte more than it may have is enough for the error.
fn payload(file: Option<PathBuf>) -> Result<Vec<u8>> {
    let Some(path) = file else {
        return Ok(Vec::new());
    };
    let mut bytes = Vec::new();
    let read = match path == Path::new("-") {
        true => std::io::stdin()
            .take(PAYLOAD_BYTES + 1)
            .read_to_end(&mut bytes),
        false => {
            File::open(&path).and_then(|file| file.take(PAYLOAD_BYTES + 1).read_to_end(&mut bytes))
        }
    };
    read.with_context(|| format!("could not read `{}`", path.display()))?;
    Ok(bytes)
}

fn of<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T> {
    serde_json::from_value(value.clone()).context("the answer is of another version")
}

fn nothing(_: &Value) -> Result<String> {
    Ok(String::new())
}

fn count(value: &Value) -> Result<String> {
    let count: u64 = of(value)?;
    let plural = if count == 1 { "y" } else { "ies" };
    Ok(format!("{count} deliver{plural}\n"))
}

fn emitted(value: &Value) -> Result<String> {
    let emitted: Emitted = of(value)?;
    if emitted.to_set {
        return Ok(format!("event {}, to the set\n", emitted.event));
    }
    let plural = if emitted.deliveries == 1 { "y" } else { "ies" };
    let mut text = format!(
        "event {}, {} deliver{plural}",
        emitted.event, emitted.deliveries
    );
    if let Some(completed) = emitted.completed {
        text.push_str(&format!(", {completed} completed"));
    }
    Ok(text + "\n")
}

fn cells(head: &[&str]) -> Vec<Vec<String>> {
    vec![head.iter().map(|&cell| cell.to_owned()).collect()]
}

fn deliveries(value: &Value) -> Result<String> {
    let rows: Vec<DeliveryRow> = of(value)?;
    let mut text = cells(&["DELIVERY", "APP", "STATE", "OF", "ATTEMPTS", "LAST RUN"]);
    text.extend(rows.into_iter().map(|row| {
        let of = match (row.event, row.task) {
            (Some(event), _) => format!("event {event}"),
            (None, Some(task)) => format!("task {task}"),
            (None, None) => String::new(),
        };
        vec![
            row.delivery.to_string(),
            one_line(&row.app),
            row.state,
            of,
            row.attempts.to_string(),
            row.outcome.unwrap_or_default(),
        ]
    }));
    Ok(table(&text))
}

fn inside(value: &Value) -> Result<String> {
    let inside: InsideRow = of(value)?;
    let row = inside.row;
    let what = if row.event.is_some() { "event" } else { "task" };
    let mut text = format!(
        "delivery  {}\napp       {}\nstate     {}\n{what:<9} {} ({})\nattempts  {}\n",
        row.delivery,
        one_line(&row.app),
        row.state,
        row.event.or(row.task).unwrap_or(0),
        one_line(&inside.name),
        row.attempts,
    );
    if let Some(source) = &inside.source {
        text.push_str(&format!("from      {}\n", one_line(source)));
    }
    if let Some(time) = row.scheduled_for {
        text.push_str(&format!("time      {}\n", seconds(time)));
    }
    if let Some(outcome) = row.outcome {
        text.push_str(&format!("last run  {outcome}\n"));
    }
    let bytes = inside.payload.len();
    match inside.text {
        Some(payload) => {
            text.push_str(&format!("payload   {bytes} bytes\n\n{}\n", lines(&payload)))
        }
        None => text.push_str(&format!(
            "payload   {bytes} bytes, not text; `--json` has it\n"
        )),
    }
    Ok(text)
}

fn tasks(value: &Value) -> Result<String> {
    let rows: Vec<TaskRow> = of(value)?;
    let mut text = cells(&["TASK", "NAME", "APP", "OWNER", "CRON", "NEXT", "SKIPPED"]);
    text.extend(rows.into_iter().map(|row| {
        vec![
            row.task.to_string(),
            one_line(&row.name),
            one_line(&row.app),
            one_line(&row.owner),
            row.cron.unwrap_or_else(|| "once".to_owned()),
            row.next.map_or_else(String::new, seconds),
            row.skipped.to_string(),
        ]
    }));
    Ok(table(&text))
}

fn shown(value: &Value) -> Result<String> {
    let apps: Vec<Shown> = of(value)?;
    let mut text = cells(&["APP", "VERSION", "DIGEST", "STARTED BY", "RUNNING", "NOTE"]);
    text.extend(apps.into_iter().map(|app| {
        let notes = app.pinned.then(|| "pinned".to_owned()).into_iter();
        let notes = notes.chain(app.note.as_deref().map(one_line));
        vec![
            one_line(&app.name),
            app.version.as_deref().map(one_line).unwrap_or_default(),
            app.digest
                .unwrap_or_else(|| "none".to_owned())
                .chars()
                .take(12)
                .collect(),
            app.on.join(", "),
            app.in_flight.values().sum::<u32>().to_string(),
            notes.collect::<Vec<_>>().join("; "),
        ]
    }));
    Ok(table(&text))
}

fn status(value: &Value) -> Result<String> {
    let status: Status = of(value)?;
    let process = match status.process {
        Some(process) if status.stopping => format!("stopping, process {process}"),
        Some(process) => format!("running, process {process}"),
        None => "not running".to_owned(),
    };
    let mut rows = cells(&[
        "APP", "READY", "WAITING", "RUNNING", "HELD", "DEAD", "RUNS", "FUEL", "NOTE",
    ]);
    rows.extend(status.apps.into_iter().map(|app| {
        let runs: u64 = app.totals.runs.values().sum();
        let counts = [
            app.ready,
            app.waiting,
            app.running,
            app.held,
            app.dead,
            runs,
        ];
        let mut row = vec![one_line(&app.app.name)];
        row.extend(counts.map(|count| count.to_string()));
        row.push(app.totals.fuel.to_string());
        row.push(app.app.note.as_deref().map(one_line).unwrap_or_default());
        row
    }));
    let set = status.set.map_or_else(String::new, |set| set.text() + "\n");
    Ok(format!(
        "{process}\n{set}{} deliveries, {} bytes of payloads\n\n{}",
        status.deliveries,
        status.payload_bytes,
        table(&rows)
    ))
}

/// A time in seconds after 1970, for people.
fn seconds(time: i64) -> String {
    match u64::try_from(time) {
        Ok(after) => {
            let time = UNIX_EPOCH + Duration::from_secs(after);
            humantime::format_rfc3339_seconds(time).to_string()
        }
        Err(_) => format!("{} s before 1970", time.unsigned_abs()),
    }
}
