//! A report as the two texts that are committed: what the guest did, and what it cost.

use std::time::{Duration, UNIX_EPOCH};

use fractalaw_host::terminal::one_line;
use fractalaw_host::{
    AuditEntry, COST_MODEL, Captured, Certainty, HostCall, HostCalls, Outcome, Report,
};

use crate::granted::Changes;
use crate::listing::{self, Listing, Rendered};

/// What one run of a case gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Observed {
    pub(crate) report: Report,
    /// What it left in the folders that it was granted.
    pub(crate) changes: Changes,
}

/// Outcome, output, audit entries and files: what a change of compiler must leave alone.
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
    changes.put(&mut text);
    output(&mut text, "standard output", &report.stdout);
    output(&mut text, "standard error", &report.stderr);
    text.end()
}

const OUTCOME_LINE: &str = "outcome: ";

/// The kind of outcome in a behaviour text.
pub(crate) fn outcome_of(behaviour: &str) -> Option<&str> {
    behaviour.lines().next()?.strip_prefix(OUTCOME_LINE)
}

/// Fuel, where it went, and memory: what a change of compiler may move.
pub(crate) fn cost(report: &Report) -> Rendered {
    let fuel = &report.fuel;
    let at_least = match fuel.certainty {
        Certainty::Exact => "",
        Certainty::LowerBound => "at least ",
        Certainty::Unrepeatable => {
            let text = format!("fuel: not repeatable, {}\n", report.outcome.kind());
            return Listing::of(text).end();
        }
    };
    let mut text = Listing::of(format!(
        "{COST_MODEL_LINE}{COST_MODEL}\nfuel: {at_least}{}\ninstantiation: {}\nguest: {at_least}{}\nhost calls: {}\n",
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

const COST_MODEL_LINE: &str = "cost model: ";

/// The version of the cost model under which a cost text was made, if it has figures.
pub(crate) fn cost_model_of(cost: &str) -> Option<u32> {
    let version = cost.lines().next()?.strip_prefix(COST_MODEL_LINE)?;
    version.parse().ok()
}

/// The sum in a cost text, if it has one.
pub(crate) fn fuel_of(cost: &str) -> Option<u64> {
    let figure = cost.lines().find_map(|line| line.strip_prefix("fuel: "))?;
    figure
        .strip_prefix("at least ")
        .unwrap_or(figure)
        .parse()
        .ok()
}

/// An entry as reports print it, or, where that could be another entry too, with its fields told apart.
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

/// The lines of a text, which no other text has: after a last newline comes an empty line.
pub(crate) fn lines(text: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    text.split('\n').map(one_line).collect()
}
