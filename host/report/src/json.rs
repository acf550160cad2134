//! The report as programs read it: a serialised view, so that the shape is decided here and does not
//! move when the types behind it do.

use fractalaw_manifest::terminal;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::captured::Captured;
use crate::effect::Effect;
use crate::grant::{Decision, Item};
use crate::host_calls::{HostCall, HostCalls, Trace};
use crate::limits::AppliedLimits;
use crate::outcome::{MemoryKind, Outcome};
use crate::refusal::Refusal;
use crate::report::Report;
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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    effects: Vec<Value>,
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

impl Report {
    /// The report for programs: one JSON object, documented in the README under "Reading a report".
    pub fn json(&self) -> String {
        render(self)
    }
}

fn render(report: &Report) -> String {
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
        effects: report.effects.iter().map(effect).collect(),
        fuel: json!({
            "budget": report.fuel.budget,
            "consumed": report.fuel.consumed(),
            "instantiation": report.fuel.instantiation,
            "guest": report.fuel.guest,
            "host_calls": report.fuel.host_calls,
            "certainty": report.fuel.certainty.name(),
            "cost_model": report.fuel.cost_model,
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

/// What it was held to.
pub fn limits(applied: &AppliedLimits) -> Value {
    let quotas = applied.quotas.iter();
    let quotas = quotas.map(|quota| (quota.quota.name.replace('-', "_"), json!(quota.limit)));
    json!({
        "tier": applied.tier.name(),
        "fuel": applied.limits.fuel,
        "deadline_us": micros(applied.limits.deadline),
        "memory_bytes": applied.limits.memory_bytes,
        "quotas": quotas.collect::<Map<_, _>>(),
    })
}

/// What it was granted.
pub fn grants(decision: &Decision) -> Value {
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
pub fn item(item: &Item) -> Value {
    json!({ "what": item.to_string(), "line": item.line() })
}

/// Why it was not run.
pub fn refusal(refusal: &Refusal) -> Value {
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

fn effect(effect: &Effect) -> Value {
    let fields = effect.fields.iter();
    let fields = fields.map(|(name, value)| json!({ "name": name, "value": value }));
    json!({
        "capability": effect.capability,
        "kind": effect.kind,
        "subject": effect.subject,
        "fields": fields.collect::<Vec<_>>(),
        "settled": effect.settled.name(),
    })
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
            value["quota"] = json!(quota.name);
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
