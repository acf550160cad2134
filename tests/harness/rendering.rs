//! A report as the two texts that are committed: what the guest did, and what it cost.

use std::fmt::Write;
use std::time::{Duration, UNIX_EPOCH};

use fractalaw_host::terminal::one_line;
use fractalaw_host::{
    AuditEntry, COST_MODEL, Captured, Certainty, HostCall, HostCalls, Outcome, Report,
};
use sha2::{Digest, Sha256};

/// Entries or lines shown of a long list: what a reviewer reads, from both ends.
const SHOWN: usize = 120;
const SHOWN_OF_LONG: usize = 5;

/// Outcome, output and audit entries: what a change of compiler must leave alone.
pub(crate) fn behaviour(report: &Report) -> String {
    let mut text = format!("{OUTCOME_LINE}{}\n", report.outcome.kind());
    list(&mut text, lines(&report.outcome.to_string()));
    if let Outcome::Refused(refusal) = &report.outcome {
        writeln!(text, "  hint: {}", refusal.hint()).expect("a string takes it");
    }
    writeln!(text, "audit trail: {} entries", report.audit.len()).expect("a string takes it");
    list(&mut text, report.audit.iter().map(entry).collect());
    output(&mut text, "standard output", &report.stdout);
    output(&mut text, "standard error", &report.stderr);
    text
}

const OUTCOME_LINE: &str = "outcome: ";

/// The kind of outcome in a behaviour text.
pub(crate) fn outcome_of(behaviour: &str) -> Option<&str> {
    behaviour.lines().next()?.strip_prefix(OUTCOME_LINE)
}

/// Fuel, where it went, and memory: what a change of compiler may move.
pub(crate) fn cost(report: &Report) -> String {
    let fuel = &report.fuel;
    let at_least = match fuel.certainty {
        Certainty::Exact => "",
        Certainty::LowerBound => "at least ",
        Certainty::Unrepeatable => {
            return format!("fuel: not repeatable, {}\n", report.outcome.kind());
        }
    };
    let mut text = format!(
        "{COST_MODEL_LINE}{COST_MODEL}\nfuel: {at_least}{}\ninstantiation: {}\nguest: {at_least}{}\nhost calls: {}\n",
        fuel.consumed(),
        fuel.instantiation,
        fuel.guest,
        fuel.host_calls,
    );
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
    list(
        &mut text,
        report.host_calls.iter().map(by_function).collect(),
    );
    writeln!(text, "peak memory: {} bytes", report.memory.peak_bytes).expect("a string takes it");
    let trace = report.trace.iter().flat_map(|trace| &trace.calls);
    text += "trace:\n";
    list(&mut text, trace.map(host_call).collect());
    text
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

fn entry(entry: &AuditEntry) -> String {
    let time = UNIX_EPOCH + Duration::from_nanos(entry.time_unix_ns);
    format!(
        "{}. {} {entry}",
        entry.sequence,
        humantime::format_rfc3339(time)
    )
}

fn output(text: &mut String, name: &str, captured: &Captured) {
    let bytes = captured.bytes.len();
    if bytes == 0 {
        writeln!(text, "{name}: none").expect("a string takes it");
        return;
    }
    writeln!(
        text,
        "{name}: {bytes} bytes, {} more dropped",
        captured.dropped_bytes
    )
    .expect("a string takes it");
    // Whether there is a last newline is in the number of bytes.
    let shown = String::from_utf8_lossy(&captured.bytes);
    list(text, shown.split_terminator('\n').map(one_line).collect());
}

/// The lines of a text, which no other text has: after a last newline comes an empty line.
pub(crate) fn lines(text: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    text.split('\n').map(one_line).collect()
}

/// Each item on a line; of a long list both ends, and a digest that holds the rest.
fn list(text: &mut String, items: Vec<String>) {
    let mut put = |items: &[String]| {
        for item in items {
            writeln!(text, "  {item}").expect("a string takes it");
        }
    };
    if items.len() <= SHOWN {
        return put(&items);
    }
    let digest = Sha256::digest(items.join("\n"));
    let left_out = items.len() - 2 * SHOWN_OF_LONG;
    put(&items[..SHOWN_OF_LONG]);
    put(&[format!("… {left_out} more; SHA-256 of all: {digest:x}")]);
    put(&items[items.len() - SHOWN_OF_LONG..]);
}
