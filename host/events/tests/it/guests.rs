//! Components that emit, schedule and cancel, one call after the other.

use std::collections::BTreeMap;
use std::fmt::Write;

use fractalaw_manifest::Manifest;
use fractalaw_testing::with_manifest;
use serde_json::json;

/// What a guest does.
#[derive(Clone, Copy)]
pub(crate) enum Does<'a> {
    /// Emits an event of this type with this payload, as itself.
    Emit(&'a str, &'a str),
    /// The same with this source.
    EmitAs(&'a str, &'a str, &'a str),
    /// Emits an event with so many bytes.
    EmitBytes(&'a str, usize),
    /// Schedules a task: its name, cron, run-at and target.
    Schedule(&'a str, Option<&'a str>, Option<u64>, &'a str),
    /// Cancels the task with this id.
    Cancel(u64),
    /// Cancels the last task.
    CancelLast,
    /// Instructions of its own.
    Wat(&'a str),
}

use Does::*;

/// The micro-app `NAME`, which asks for these names under `on`, `emits` and `schedules`.
pub(crate) fn guest(name: &str, asks: [&[&str]; 3], does: &[Does<'_>]) -> Vec<u8> {
    let component = wat::parse_str(text(name, does)).unwrap();
    with_manifest(&component, &manifest(asks))
}

pub(crate) fn manifest(asks: [&[&str]; 3]) -> Manifest {
    let keys = ["on", "emits", "schedules"].into_iter().zip(asks);
    let asks = keys.filter(|(_, names)| !names.is_empty());
    let asks: BTreeMap<_, _> = asks
        .map(|(key, names)| (key.to_owned(), json!(names)))
        .collect();
    Manifest {
        asks,
        ..Manifest::default()
    }
}

#[derive(Default)]
struct Memory {
    data: String,
    at: usize,
}

impl Memory {
    /// Where a text stands, as two instructions.
    fn text(&mut self, text: &str) -> String {
        let escaped: String = text.bytes().map(|byte| format!("\\{byte:02x}")).collect();
        let at = 1024 + self.at;
        writeln!(self.data, "(data (i32.const {at}) \"{escaped}\")").unwrap();
        self.at += text.len();
        assert!(self.at < 130_000);
        format!("(i32.const {at}) (i32.const {})", text.len())
    }
}

fn text(name: &str, does: &[Does<'_>]) -> String {
    let (mut memory, mut body) = (Memory::default(), String::new());
    for step in does {
        let (call, answer) = match *step {
            Emit(event_type, payload) => emit(&mut memory, event_type, payload, name),
            EmitAs(event_type, payload, source) => emit(&mut memory, event_type, payload, source),
            EmitBytes(event_type, bytes) => {
                let (event_type, name) = (memory.text(event_type), memory.text(name));
                let call = format!(
                    "(call $emit {event_type} (i32.const 200000) (i32.const {bytes}) {name} (i32.const 32))"
                );
                (call, "answered")
            }
            Schedule(task, cron, run_at, target) => {
                let some = |text: Option<String>, none: &str| match text {
                    Some(text) => format!("(i32.const 1) {text}"),
                    None => format!("(i32.const 0) {none}"),
                };
                let cron = some(
                    cron.map(|cron| memory.text(cron)),
                    "(i32.const 0) (i32.const 0)",
                );
                let run_at = some(
                    run_at.map(|at| format!("(i64.const {at})")),
                    "(i64.const 0)",
                );
                let [task, target, payload] = [task, target, "now"].map(|text| memory.text(text));
                let call = format!(
                    "(call $schedule {task} {cron} {run_at} {target} {payload} (i32.const 32))"
                );
                (call, "answered")
            }
            Cancel(id) => (
                format!("(call $cancel (i64.const {id}) (i32.const 64))"),
                "cancelled",
            ),
            CancelLast => (
                "(call $cancel (global.get $last) (i32.const 64))".to_owned(),
                "cancelled",
            ),
            Wat(wat) => {
                body += wat;
                continue;
            }
        };
        writeln!(
            body,
            "{call}(if (call ${answer}) (then (return (i32.const 16))))"
        )
        .unwrap();
    }
    include_str!("../components/calls.wat")
        .replace("$NAME", &format!("${name}"))
        .replace("{data}", &memory.data)
        .replace("{body}", &body)
}

fn emit(
    memory: &mut Memory,
    event_type: &str,
    payload: &str,
    source: &str,
) -> (String, &'static str) {
    let [event_type, payload, source] = [event_type, payload, source].map(|text| memory.text(text));
    (
        format!("(call $emit {event_type} {payload} {source} (i32.const 32))"),
        "answered",
    )
}
