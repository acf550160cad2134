//! What a run staged, as effects: its events, tasks and cancellations, in the order of its calls.

use std::fmt::Write;

use fractalaw_events_engine::{Emitted, Scheduled, Step};
use fractalaw_host::{Effect, Settled};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::limits::SHOWN_PAYLOAD_BYTES;

/// The name of the capability.
pub(crate) const CAPABILITY: &str = "events";

pub(crate) fn effects(steps: &[Step], settled: Settled) -> Vec<Effect> {
    steps.iter().map(|step| effect(step, settled)).collect()
}

fn effect(step: &Step, settled: Settled) -> Effect {
    let (kind, subject, fields) = match step {
        Step::Emit(event) => ("emit", event.event_type.clone(), of_event(event)),
        Step::Schedule(task) => ("schedule", task.target.clone(), of_task(task)),
        Step::Cancel(task) => ("cancel", task.0.to_string(), Vec::new()),
    };
    let fields = fields.into_iter();
    Effect {
        capability: CAPABILITY.to_owned(),
        kind: kind.to_owned(),
        subject,
        fields: fields
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        settled,
    }
}

fn of_event(event: &Emitted) -> Vec<(&'static str, Value)> {
    vec![
        ("id", number(event.id.0)),
        ("payload", payload(&event.payload)),
    ]
}

fn of_task(task: &Scheduled) -> Vec<(&'static str, Value)> {
    let mut fields = vec![("id", number(task.id.0)), ("name", json!(task.name))];
    if let Some(cron) = &task.cron {
        fields.push(("cron", json!(cron)));
    }
    if let Some(first) = task.first {
        let name = if task.cron.is_some() { "first" } else { "at" };
        fields.push((name, json!(first.to_string())));
    }
    fields.push(("payload", payload(&task.payload)));
    fields
}

/// Readers of JSON keep integers up to 2^53 exactly. Larger ids are text.
fn number(id: u64) -> Value {
    match id <= 1 << 53 {
        true => json!(id),
        false => json!(id.to_string()),
    }
}

/// A payload, so that no two payloads look the same. Text is shown as it is, and other bytes as hexadecimal digits.
fn payload(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        _ if bytes.len() > SHOWN_PAYLOAD_BYTES => {
            json!({ "bytes": bytes.len(), "sha256": hex(&Sha256::digest(bytes)) })
        }
        Ok(text) => json!(text),
        Err(_) => json!({ "hex": hex(bytes) }),
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use fractalaw_events_engine::{EventId, Place, TaskId, Time};

    use super::*;

    #[test]
    fn each_step_says_what_it_would_do() {
        let emitted = |id: u64, payload: &[u8]| {
            Step::Emit(Emitted {
                id: EventId(id),
                event_type: "duty-changed".to_owned(),
                source: "watch".to_owned(),
                payload: payload.to_vec(),
                place: Place { depth: 0, root: id },
            })
        };
        let task = |cron: Option<&str>| {
            Step::Schedule(Scheduled {
                id: TaskId(65_538),
                name: "remind \"Ada\"".to_owned(),
                target: "deadline-keeper".to_owned(),
                cron: cron.map(str::to_owned),
                first: Some(Time::from_unix_s(1_772_323_140)),
                payload: Vec::new(),
                place: None,
            })
        };
        let steps = [
            emitted(65_537, b"duty \"7\""),
            emitted(u64::MAX, b"\xff\x00"),
            emitted(1, &[b'a'; SHOWN_PAYLOAD_BYTES + 1]),
            task(Some("0 6 * * 1")),
            task(None),
            Step::Cancel(TaskId(9)),
        ];
        let lines: Vec<_> = effects(&steps, Settled::Committed)
            .iter()
            .map(ToString::to_string)
            .collect();
        let digest = hex(&Sha256::digest([b'a'; SHOWN_PAYLOAD_BYTES + 1]));
        assert_eq!(
            lines,
            [
                r#"[events] emit duty-changed — id 65537, payload "duty \"7\"" (committed)"#.to_owned(),
                r#"[events] emit duty-changed — id "18446744073709551615", payload {"hex":"ff00"} (committed)"#.to_owned(),
                format!(r#"[events] emit duty-changed — id 1, payload {{"bytes":4097,"sha256":"{digest}"}} (committed)"#),
                r#"[events] schedule deadline-keeper — id 65538, name "remind \"Ada\"", cron "0 6 * * 1", first "2026-02-28T23:59:00Z", payload "" (committed)"#.to_owned(),
                r#"[events] schedule deadline-keeper — id 65538, name "remind \"Ada\"", at "2026-02-28T23:59:00Z", payload "" (committed)"#.to_owned(),
                "[events] cancel 9 (committed)".to_owned(),
            ]
        );
    }
}
