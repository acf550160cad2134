//! A report as the texts that are committed: what the guest did, what it cost, and the functions that the cost is
//! made of.

use std::time::{Duration, UNIX_EPOCH};

use fractalaw_host::terminal::one_line;
use fractalaw_report::{
    AuditEntry, COST_MODEL, Captured, Certainty, Effect, FunctionsUsed, HostCall, HostCalls,
    Outcome, Report,
};

use crate::functions;
use crate::granted::Changes;
use crate::listing::{self, Listing, Rendered};

/// The result of one run of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Observed {
    pub(crate) report: Report,
    /// What it changed in the folders that it was granted.
    pub(crate) changes: Changes,
}

/// What a case's functions used, or why it has no profile.
pub(crate) type Profiled = Result<FunctionsUsed, String>;

/// Outcome, output, audit entries, effects and files: what a new compiler must not change.
pub(crate) fn behaviour(observed: &Observed) -> Rendered {
    let Observed { report, changes } = observed;
    let mut text = Listing::default();
    text.line(&format!("{OUTCOME_LINE}{}", report.outcome.kind()));
    text.list("  ", &lines(&report.outcome.to_string()));
    if let Outcome::Refused(refusal) = &report.outcome {
        text.line(&format!("  hint: {}", refusal.hint()));
    }
    text.line(&format!("audit trail: {} entries", report.audit.len()));
    text.list("  ", &report.audit.iter().map(entry).collect::<Vec<_>>());
    let effects = report.effects.iter().map(Effect::to_string);
    let effects: Vec<_> = effects.collect();
    if !effects.is_empty() {
        text.line(&format!("effects: {}", effects.len()));
        text.list("  ", &effects);
    }
    changes.put(&mut text);
    output(&mut text, "standard output", &report.stdout);
    output(&mut text, "standard error", &report.stderr);
    text.end()
}

// The beginnings of the lines that `reviewed` reads.
pub(crate) const OUTCOME_LINE: &str = "outcome: ";
pub(crate) const COST_MODEL_LINE: &str = "cost model: ";
pub(crate) const FUEL_LINE: &str = "fuel: ";
pub(crate) const NOT_REPEATABLE: &str = "fuel: not repeatable, ";
pub(crate) const NO_PROFILE: &str = "no profile: ";

/// Fuel, its parts, and memory: what a new compiler may change.
pub(crate) fn cost(report: &Report) -> Rendered {
    let fuel = &report.fuel;
    let at_least = match fuel.certainty {
        Certainty::Exact => "",
        Certainty::LowerBound => "at least ",
        Certainty::Unrepeatable => {
            let text = format!("{NOT_REPEATABLE}{}\n", report.outcome.kind());
            return Listing::of(text).end();
        }
    };
    let mut text = Listing::of(format!(
        "{COST_MODEL_LINE}{COST_MODEL}\n{FUEL_LINE}{at_least}{}\ninstantiation: {}\nguest: {at_least}{}\nhost calls: {}\n",
        fuel.consumed(),
        fuel.instantiation,
        fuel.guest,
        fuel.host_calls,
    ));
    let by_function = |calls: &HostCalls| {
        format!(
            "{} {}: {} calls, {} bytes in, {} out, {} fuel",
            calls.interface,
            calls.function,
            calls.calls,
            calls.bytes_in,
            calls.bytes_out,
            calls.fuel
        )
    };
    let calls: Vec<_> = report.host_calls.iter().map(by_function).collect();
    text.list("  ", &calls);
    text.line(&format!("peak memory: {} bytes", report.memory.peak_bytes));
    let trace = report.trace.iter().flat_map(|trace| &trace.calls);
    text.line("trace:");
    text.list("  ", &trace.map(host_call).collect::<Vec<_>>());
    text.end()
}

fn host_call(call: &HostCall) -> String {
    format!(
        "at {} {} {}: {} bytes in, {} out, {} fuel",
        call.at, call.interface, call.function, call.bytes_in, call.bytes_out, call.fuel
    )
}

/// What each function used, or why there is no profile.
pub(crate) fn functions(profiled: &Profiled) -> Rendered {
    let text = match profiled {
        Ok(functions) => functions::text(functions),
        Err(reason) => format!("{NO_PROFILE}{reason}\n"),
    };
    Listing::of(text).end()
}

/// An entry as reports print it. If another entry could look the same, its fields are separated.
pub(crate) fn entry(entry: &AuditEntry) -> String {
    let time = UNIX_EPOCH + Duration::from_nanos(entry.time_unix_ns);
    let time = humantime::format_rfc3339(time);
    let (event_type, resource) = (&entry.event_type, &entry.resource);
    let separator = format!("{resource} — ").find(" — ");
    if !event_type.contains(']') && separator == Some(resource.len()) {
        return format!("{}. {time} {entry}", entry.sequence);
    }
    let quoted = |field: &str| format!("\"{}\"", one_line(field).replace('"', "\\\""));
    format!(
        "{}. {time} event type {}, resource {}, detail {}",
        entry.sequence,
        quoted(event_type),
        quoted(resource),
        quoted(&entry.detail)
    )
}

fn output(text: &mut Listing, name: &str, captured: &Captured) {
    let bytes = &captured.bytes;
    if bytes.is_empty() {
        return text.line(&format!("{name}: none"));
    }
    text.line(&format!(
        "{name}: {} bytes, {} more dropped{}",
        bytes.len(),
        captured.dropped_bytes,
        listing::kind(bytes)
    ));
    text.list("  ", &listing::contents(bytes));
}

/// The lines of a text. No other text has the same lines: an empty line follows a newline at the end.
pub(crate) fn lines(text: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    text.split('\n').map(one_line).collect()
}
