//! The file of a recorded case.

use std::fmt::Write;
use std::time::UNIX_EPOCH;

use fractalaw_host::capability::GrantedName;
use fractalaw_host::{Cause, Given, Limits};
use serde_json::Value;

use super::copies::{Copies, DATABASE, MODELS, STDIN};
use super::place::{ANSWERS, Place};
use super::toml::{number, text as quoted, value};

/// What came of the run, beside the case.
pub(super) const REPORT: &str = "report.json";

/// The interfaces that a case grants with `[data]`.
const OF_DATA: [&str; 2] = ["fractal:app/data-query", "fractal:app/data-mutate"];

/// The names of `[ai]`, each with the interface that a case grants with it.
const OF_AI: [(&str, &str); 3] = [
    ("embed", "fractal:app/ai-embeddings"),
    ("classify", "fractal:app/ai-classify"),
    ("generate", "fractal:app/ai-inference"),
];

/// The text of the case.
pub(super) fn text(place: &Place, given: &Given, copies: &Copies) -> String {
    let name = given.app.name.as_deref().unwrap_or("the component");
    let clock = humantime::format_rfc3339(UNIX_EPOCH + place.fixed().clock).to_string();
    let about = format!("a run of {name} as it was recorded at {clock}");
    let mut text = format!(
        "about = {}\nclock = {}\nseed = {}\n",
        quoted(&about),
        quoted(&clock),
        number(place.fixed().seed)
    );
    limits(given, &mut text);
    trigger(place, given, &mut text);
    grants(place, given, copies, &mut text);
    data(place, given, copies, &mut text);
    ai(place, given, copies, &mut text);
    text
}

/// Adds a section, if it has lines. Writing to a text does not fail.
fn section(name: &str, lines: &str, text: &mut String) {
    if !lines.is_empty() {
        let _ = write!(text, "\n[{name}]\n{lines}");
    }
}

/// Adds a line. Writing to a text does not fail.
fn line(key: &str, value: impl std::fmt::Display, lines: &mut String) {
    let _ = writeln!(lines, "{key} = {value}");
}

fn limits(given: &Given, text: &mut String) {
    let applied = &given.limits;
    let mut lines = String::new();
    line("tier", quoted(&applied.tier.to_string()), &mut lines);
    let (limits, default) = (&applied.limits, Limits::of(applied.tier));
    if limits.fuel != default.fuel {
        line("fuel", number(limits.fuel), &mut lines);
    }
    if limits.deadline != default.deadline {
        let time = humantime::format_duration(limits.deadline).to_string();
        line("timeout", quoted(&time), &mut lines);
    }
    if limits.memory_bytes != default.memory_bytes {
        line(
            "memory",
            quoted(&format!("{} B", limits.memory_bytes)),
            &mut lines,
        );
    }
    for quota in applied
        .quotas
        .iter()
        .filter(|quota| quota.limit < quota.most)
    {
        let key = format!("quotas.{}", quota.quota.name);
        line(&key, quota.limit, &mut lines);
    }
    section("limits", &lines, text);
}

/// What starts the run. The time of a tick is the clock of the case.
fn trigger(place: &Place, given: &Given, text: &mut String) {
    let Some(trigger) = &given.trigger else {
        return;
    };
    let mut lines = String::new();
    let mut of_task = |task: u64, name: &str, missed: Option<u64>| {
        line("name", quoted(name), &mut lines);
        line("task", task, &mut lines);
        if let Some(missed) = missed {
            line("missed", missed, &mut lines);
        }
        "tick"
    };
    let kind = match &trigger.cause {
        Cause::Cron {
            task, name, missed, ..
        } => of_task(*task, name, Some(*missed)),
        Cause::At { task, name, .. } => of_task(*task, name, None),
        Cause::Event {
            event,
            event_type,
            source,
            ..
        } => {
            line("type", quoted(event_type), &mut lines);
            line("source", quoted(source), &mut lines);
            line("id", event, &mut lines);
            "event"
        }
        // Nothing of this program starts a run so.
        Cause::Manual => return,
    };
    line("attempt", trigger.attempt, &mut lines);
    let payload = quoted(&format!("{}/{STDIN}", place.name));
    line("payload-file", payload, &mut lines);
    section(kind, &lines, text);
}

fn grants(place: &Place, given: &Given, copies: &Copies, text: &mut String) {
    let grants = &given.grants;
    let mut lines = String::new();
    if !grants.args.is_empty() {
        let args = Value::from(grants.args.clone());
        line("args", value(&args), &mut lines);
    }
    if grants.stdin.is_some() && given.trigger.is_none() {
        let file = format!("{}/{STDIN}", place.name);
        line("stdin-file", quoted(&file), &mut lines);
    }
    for (name, text) in &grants.env {
        let key = format!("env.{}", quoted(name));
        line(&key, quoted(text), &mut lines);
    }
    let dirs = grants.dirs.iter().zip(&copies.folders).map(|(dir, copy)| {
        let host = copy.as_ref().map_or_else(String::new, |copy| {
            format!("host = {}, ", quoted(&format!("{}/{copy}", place.name)))
        });
        let guest = quoted(&dir.guest);
        format!(
            "    {{ {host}guest = {guest}, writable = {} }},\n",
            dir.writable
        )
    });
    let dirs: String = dirs.collect();
    if !dirs.is_empty() {
        line("dirs", format_args!("[\n{dirs}]"), &mut lines);
    }
    let policy: String = policy(given, copies)
        .iter()
        .map(|line| format!("    {},\n", quoted(line)))
        .collect();
    if !policy.is_empty() {
        line("lines", format_args!("[\n{policy}]"), &mut lines);
    }
    section("grants", &lines, text);
}

/// The lines of policy for what no other part of a case grants.
fn policy(given: &Given, copies: &Copies) -> Vec<String> {
    let ai = |name: &str| names(given, "ai").any(|granted| granted.name() == name);
    let is_elsewhere = |interface: &String| {
        (copies.has_database && OF_DATA.contains(&&**interface))
            || OF_AI.iter().any(|(name, of)| of == interface && ai(name))
    };
    let interfaces = given.interfaces.iter();
    let interfaces = interfaces
        .filter(|interface| !is_elsewhere(interface))
        .map(|interface| format!("interfaces.{} = true", quoted(interface)));
    let others = given.names.iter();
    let others = others
        .filter(|name| !matches!(name.key(), "data" | "ai"))
        .map(|name| {
            let (key, granted) = (name.key(), quoted(name.name()));
            format!("{key}.{granted} = {}", value(name.value()))
        });
    interfaces.chain(others).collect()
}

fn names<'g>(given: &'g Given, key: &'static str) -> impl Iterator<Item = &'g GrantedName> {
    given.names.iter().filter(move |name| name.key() == key)
}

fn data(place: &Place, given: &Given, copies: &Copies, text: &mut String) {
    if !copies.has_database {
        return;
    }
    let mut lines = String::new();
    line(
        "seed",
        quoted(&format!("{}/{DATABASE}", place.name)),
        &mut lines,
    );
    for name in names(given, "data") {
        match (name.name(), name.value()) {
            // A case has lists only.
            (key @ ("read" | "write"), Value::Bool(true)) => line(key, "[\"*\"]", &mut lines),
            (key @ ("read" | "write" | "transaction"), granted) => {
                line(key, value(granted), &mut lines);
            }
            _ => {}
        }
    }
    section("data", &lines, text);
}

fn ai(place: &Place, given: &Given, copies: &Copies, text: &mut String) {
    let mut lines = String::new();
    for name in names(given, "ai") {
        match name.name() {
            "replay" | "record" | "models" => {}
            key => line(key, value(&without_server(name.value())), &mut lines),
        }
    }
    let file = |name: &str| quoted(&format!("{}/{name}", place.name));
    if copies.has_models {
        line("models", file(MODELS), &mut lines);
    }
    if place.answers().is_file() {
        line("replay", file(ANSWERS), &mut lines);
    }
    section("ai", &lines, text);
}

/// A model without the server and its key: nobody is asked again.
fn without_server(model: &Value) -> Value {
    let mut model = model.clone();
    if let Some(table) = model.as_object_mut()
        && table.contains_key("model")
    {
        table.remove("url");
        table.remove("key");
    }
    model
}
