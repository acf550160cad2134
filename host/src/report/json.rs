//! The report as programs read it: a serialised view, so that the shape is decided here and does not
//! move when the types behind it do.

use serde::Serialize;
use serde_json::{Value, json};

use crate::cost::COST_MODEL;
use crate::limits::AppliedLimits;
use crate::offer::capture::Captured;
use crate::offer::meter::{HostCall, HostCalls, Trace};
use crate::outcome::{MemoryKind, Outcome};
use crate::policy::grant::{Decision, Item};
use crate::refusal::Refusal;
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
    grants: Value,
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
        limits: limits(&report.limits),
        grants: grants(&report.grants),
        durations_us: json!({
            "load": micros(report.durations.load),
            "wait": micros(report.durations.wait),
            "run": micros(report.durations.run),
        }),
    };
    terminal::json(serde_json::to_string_pretty(&json).expect("a report is plain data"))
}

pub(crate) fn limits(applied: &AppliedLimits) -> Value {
    let quotas = &applied.quotas;
    json!({
        "tier": applied.tier.name(),
        "fuel": applied.limits.fuel,
        "deadline_us": micros(applied.limits.deadline),
        "memory_bytes": applied.limits.memory_bytes,
        "quotas": {
            "host_calls": quotas.host_calls,
            "host_bytes": quotas.host_bytes,
            "audit_entries": quotas.audit_entries,
            "audit_bytes": quotas.audit_bytes,
            "handles": quotas.handles,
            "host_memory": quotas.host_memory,
        },
    })
}

pub(crate) fn grants(decision: &Decision) -> Value {
    let granted = decision.granted.iter().map(|granted| {
        let mut value = item(&granted.item);
        value["by"] = json!(granted.by.name());
        value
    });
    let items = |items: &[Item]| items.iter().map(item).collect::<Vec<_>>();
    json!({
        "policy": decision.policy.as_ref().map(|id| json!({ "path": id.path, "sha256": id.sha256 })),
        "sections": decision.sections,
        "granted": granted.collect::<Vec<_>>(),
        "not_asked": items(&decision.not_asked),
        "unused": items(&decision.unused),
    })
}

/// What it is, and the line of policy that grants it.
pub(crate) fn item(item: &Item) -> Value {
    json!({ "what": item.to_string(), "line": item.line() })
}

pub(crate) fn refusal(refusal: &Refusal) -> Value {
    let mut value = json!({
        "refusal": refusal.kind(),
        "message": refusal.to_string(),
        "hint": refusal.hint(),
    });
    if let Refusal::NotGranted(not_granted) = refusal {
        let missing = not_granted.missing.iter().map(|missing| {
            json!({
                "what": missing.item.to_string(),
                "line": missing.line(),
                "instead": missing.instead,
            })
        });
        value["missing"] = missing.collect();
        value["policy"] = json!(not_granted.policy());
    }
    value
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
        Outcome::OutOfFuel
        | Outcome::DeadlineExceeded
        | Outcome::StackOverflow
        | Outcome::Interrupted => {}
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
            value["during"] = json!(trap.during.name());
            if let TrapCode::Exit { status } = trap.code {
                value["status"] = json!(status);
            }
        }
        Outcome::Refused(refused) => {
            let mut refused = refusal(refused);
            refused["kind"] = value["kind"].take();
            return refused;
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
