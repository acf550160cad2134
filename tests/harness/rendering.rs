//! A report as the two texts that are committed: what the guest did, and what it cost.

use std::fmt::Write;
use std::time::{Duration, UNIX_EPOCH};

use fractalaw_host::terminal::one_line;
use fractalaw_host::{AuditEntry, Captured, Certainty, Outcome, Report};
use sha2::{Digest, Sha256};

/// Entries or lines shown of a long list: what a reviewer reads, from both ends.
const SHOWN: usize = 120;
const SHOWN_OF_LONG: usize = 5;

/// Outcome, output and audit entries: what a change of compiler must leave alone.
pub(crate) fn behaviour(report: &Report) -> String {
    let mut text = format!("outcome: {}\n", report.outcome.kind());
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

/// Fuel and memory: what a change of compiler may move.
pub(crate) fn cost(report: &Report) -> String {
    let fuel = &report.fuel;
    let at_least = match fuel.certainty {
        Certainty::Exact => "",
        Certainty::LowerBound => "at least ",
        Certainty::Unrepeatable => {
            return format!("fuel: not repeatable, {}\n", report.outcome.kind());
        }
    };
    format!(
        "fuel: {at_least}{}\ninstantiation: {}\nrun: {at_least}{}\npeak memory: {} bytes\n",
        fuel.consumed(),
        fuel.instantiation,
        fuel.run,
        report.memory.peak_bytes,
    )
}

/// The figure in the first line of a cost text, if it has one.
pub(crate) fn fuel_of(cost: &str) -> Option<u64> {
    let figure = cost.lines().next()?.strip_prefix("fuel: ")?;
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
