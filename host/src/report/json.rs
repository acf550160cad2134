//! The report as programs read it: a serialised view, so that the shape is decided here and does not
//! move when the types behind it do.

use serde::Serialize;
use serde_json::{Value, json};

use crate::capture::Captured;
use crate::cost::COST_MODEL;
use crate::meter::{HostCall, HostCalls, Trace};
use crate::outcome::{MemoryKind, Outcome};
use crate::report::Report;
use crate::terminal;
use crate::trap::TrapCode;

/// Version of the report's shape: it goes up when a field changes its meaning or goes away. Fields
/// may be added without it.
pub const JSON_VERSION: u32 = 2;

#[derive(Serialize)]
struct Json<'a> {
    version: u32,
    app: Option<Value>,
    outcome: Value,
    backtrace: &'a [String],
    audit: Vec<Value>,
    fuel: Value,
    host_calls: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<Value>,
    memory: Value,
    stdout: Value,
    stderr: Value,
    limits: Value,
    durations_us: Value,
}

pub(super) fn render(report: &Report) -> String {
    let json = Json {
        version: JSON_VERSION,
        app: report
            .app
            .as_ref()
            .map(|app| json!({ "name": app.name.as_deref(), "version": app.version.as_deref(), "sha256": &*app.digest })),
        outcome: outcome(&report.outcome),
        backtrace: &report.backtrace,
        audit: report
            .audit
            .iter()
            .map(|entry| {
                json!({
                    "sequence": entry.sequence,
                    "time_unix_ns": entry.time_unix_ns,
                    "fuel": entry.fuel,
                    "event_type": entry.event_type,
                    "resource": entry.resource,
                    "detail": entry.detail,
                })
            })
            .collect(),
        fuel: json!({
            "budget": report.fuel.budget,
            "consumed": report.fuel.consumed(),
            "instantiation": report.fuel.instantiation,
            "guest": report.fuel.guest,
            "host_calls": report.fuel.host_calls,
            "certainty": report.fuel.certainty.name(),
            "cost_model": COST_MODEL,
        }),
        host_calls: report.host_calls.iter().map(host_calls).collect(),
        trace: report.trace.as_ref().map(trace),
        memory: json!({
            "peak_bytes": report.memory.peak_bytes,
            "cap_bytes": report.memory.cap_bytes,
        }),
        stdout: captured(&report.stdout),
        stderr: captured(&report.stderr),
        limits: json!({
            "tier": report.limits.tier.name(),
            "fuel": report.limits.limits.fuel,
            "deadline_us": micros(report.limits.limits.deadline),
            "memory_bytes": report.limits.limits.memory_bytes,
        }),
        durations_us: json!({
            "load": micros(report.durations.load),
            "wait": micros(report.durations.wait),
            "run": micros(report.durations.run),
        }),
    };
    terminal::json(serde_json::to_string_pretty(&json).expect("a report is plain data"))
}

fn host_calls(calls: &HostCalls) -> Value {
    json!({
        "interface": calls.interface,
        "function": calls.function,
        "calls": calls.calls,
        "bytes_in": calls.bytes_in,
        "bytes_out": calls.bytes_out,
        "fuel": calls.fuel,
    })
}

fn trace(trace: &Trace) -> Value {
    let call = |call: &HostCall| {
        json!({
            "sequence": call.sequence,
            "interface": call.interface,
            "function": call.function,
            "at": call.at,
            "bytes_in": call.bytes_in,
            "bytes_out": call.bytes_out,
            "fuel": call.fuel,
        })
    };
    json!({
        "calls": trace.calls.iter().map(call).collect::<Vec<_>>(),
        "dropped": trace.dropped,
    })
}

fn outcome(outcome: &Outcome) -> Value {
    let mut value = json!({ "kind": outcome.kind() });
    match outcome {
        Outcome::Completed(text) => value["ok"] = json!(text),
        Outcome::GuestError(message) => value["err"] = json!(message),
        Outcome::OutOfFuel | Outcome::DeadlineExceeded | Outcome::StackOverflow => {}
        Outcome::MemoryLimit {
            kind,
            requested,
            limit,
        } => {
            value["of"] = json!(match kind {
                MemoryKind::LinearMemory => "linear-memory",
                MemoryKind::Table => "table",
            });
            value["requested"] = json!(requested);
            value["limit"] = json!(limit);
        }
        Outcome::QuotaExceeded { quota, limit } => {
            value["quota"] = json!(quota.name());
            value["limit"] = json!(limit);
        }
        Outcome::Trap(trap) => {
            value["trap"] = json!(trap.code.name());
            value["message"] = json!(trap.message);
            if let TrapCode::Exit { status } = trap.code {
                value["status"] = json!(status);
            }
        }
        Outcome::Refused(refusal) => {
            value["refusal"] = json!(refusal.kind());
            value["message"] = json!(refusal.to_string());
            value["hint"] = json!(refusal.hint());
        }
    }
    value
}

/// Text where it is UTF-8; else with replacement characters, and said so.
fn captured(captured: &Captured) -> Value {
    let text = String::from_utf8_lossy(&captured.bytes);
    json!({
        "text": text,
        "lossy": text.len() != captured.bytes.len(),
        "bytes": captured.bytes.len(),
        "dropped_bytes": captured.dropped_bytes,
    })
}

fn micros(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
