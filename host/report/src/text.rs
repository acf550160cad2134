//! The report as text for people.

use std::fmt::Write;
use std::time::Duration;

use bytesize::ByteSize;
use fractalaw_manifest::terminal::{lines, one_line};

use crate::captured::Captured;
use crate::effect::Effect;
use crate::facts;
use crate::fuel::{Certainty, Fuel};
use crate::grant::{Decision, Item};
use crate::host_calls::Trace;
use crate::limits::{AppliedLimits, Limits, OUTPUT_BYTES};
use crate::outcome::Outcome;
use crate::report::Report;

impl Report {
    /// The report as text for people: result, audit trail, fuel, and output if there is any. It does not contain
    /// durations and memory, so it is the same for every repetition of a deterministic run.
    pub fn text(&self) -> String {
        render(self)
    }

    /// One line about memory and times, for the person who waits.
    pub fn summary(&self) -> String {
        summary(self)
    }
}

fn render(report: &Report) -> String {
    let mut text = outcome(&report.outcome);
    if let Outcome::Refused(refusal) = &report.outcome {
        text += &format!("{HINT} {}\n", refusal.hint());
        return text;
    }
    for function in &report.backtrace {
        text += &format!("  in {}\n", one_line(function));
    }
    if matches!(report.outcome, Outcome::Trap(_)) && !report.stderr.bytes.is_empty() {
        text += &format!("{HINT} what it wrote to standard error stands below\n");
    }
    text += &format!("\n--- Audit Trail ({} entries) ---\n", report.audit.len());
    for entry in &report.audit {
        text += &format!("  {entry}\n");
    }
    text += &effects(&report.effects);
    text += &fuel_line(&report.fuel);
    for of in &report.unmetered {
        text += &format!(
            "{NOT_METERED} {} ({})\n",
            one_line(&of.what),
            one_line(&of.capability)
        );
    }
    text += &limits_line(&report.limits);
    text += &grants_line(&report.grants);
    text += &report.trace.as_ref().map_or_else(String::new, trace);
    text += &output("Standard Output", &report.stdout);
    text += &output("Standard Error", &report.stderr);
    text
}

/// How each outcome except `completed` begins, the headings, and the lines about fuel, limits and grants. The programs
/// add `error:`. A result that begins like one of these is marked, so it cannot be mistaken for it.
const OURS: [&str; 19] = [
    "guest error:",
    "out of fuel:",
    "deadline exceeded:",
    "memory limit:",
    "stack overflow:",
    "quota exceeded:",
    "trap:",
    "trap in instantiation:",
    "trap in the result of `run`:",
    "interrupted:",
    "refused:",
    "result:",
    "---",
    FUEL,
    NOT_METERED,
    LIMITS,
    NOT_USED,
    HINT,
    "error:",
];

const FUEL: &str = "Fuel:";
const NOT_METERED: &str = "Not metered:";
const LIMITS: &str = "Limits:";
const NOT_USED: &str = "Granted, not used:";
const HINT: &str = "hint:";

fn outcome(outcome: &Outcome) -> String {
    let text = lines(&outcome.to_string());
    let is_result = matches!(outcome, Outcome::Completed(_));
    let mark = is_result && OURS.iter().any(|ours| text.starts_with(ours));
    format!("{}{text}\n", if mark { "result: " } else { "" })
}

fn summary(report: &Report) -> String {
    let durations = &report.durations;
    format!(
        "loaded in {}, waited {}, ran in {}, peak memory {} of {}",
        short(durations.load),
        short(durations.wait),
        short(durations.run),
        ByteSize(report.memory.peak_bytes as u64),
        ByteSize(report.memory.cap_bytes as u64),
    )
}

/// What the run did through capabilities; empty if it did nothing.
fn effects(effects: &[Effect]) -> String {
    if effects.is_empty() {
        return String::new();
    }
    let mut text = format!("\n--- Effects ({} effects) ---\n", effects.len());
    for effect in effects {
        writeln!(text, "  {effect}").expect("a string takes it");
    }
    text
}

fn fuel_line(fuel: &Fuel) -> String {
    let at_least = match fuel.certainty {
        Certainty::Exact => "",
        Certainty::LowerBound | Certainty::Unrepeatable => "at least ",
    };
    format!(
        "{FUEL} {at_least}{} consumed of {} (instantiation {}, guest {}, host calls {})\n",
        grouped(fuel.consumed()),
        grouped(fuel.budget),
        grouped(fuel.instantiation),
        grouped(fuel.guest),
        grouped(fuel.host_calls),
    )
}

/// Each host call with its place on the fuel axis.
fn trace(trace: &Trace) -> String {
    let all = (trace.calls.len() as u64).saturating_add(trace.dropped);
    let mut text = format!("\n--- Host Calls ({} calls) ---\n", grouped(all));
    let widest = trace.calls.last().map_or(0, |call| grouped(call.at).len());
    for call in &trace.calls {
        let short = call.interface.split('@').next().unwrap_or_default();
        let _ = writeln!(
            text,
            "  at {:>widest$}  {short} {}: {} in, {} out, {} fuel",
            grouped(call.at),
            call.function,
            bytes(call.bytes_in),
            bytes(call.bytes_out),
            grouped(call.fuel),
        );
        if !call.facts.is_empty() {
            let _ = writeln!(text, "      {}", facts::line(&call.facts));
        }
    }
    if trace.dropped > 0 {
        let _ = writeln!(text, "  … and {} more calls", grouped(trace.dropped));
    }
    text
}

fn bytes(bytes: u64) -> String {
    let unit = if bytes == 1 { "byte" } else { "bytes" };
    format!("{} {unit}", grouped(bytes))
}

/// What was overridden; empty if the tier's own limits applied.
fn limits_line(applied: &AppliedLimits) -> String {
    let (now, tier) = (&applied.limits, Limits::of(applied.tier));
    let bytes = |bytes: usize| ByteSize(bytes as u64).to_string();
    let mut overridden = Vec::new();
    let mut compare = |what: &str, order: std::cmp::Ordering, now: String, tier: String| {
        if order.is_ne() {
            let direction = if order.is_lt() { "lower" } else { "higher" };
            overridden.push(format!("{what} {now} ({direction} than {tier})"));
        }
    };
    compare(
        "fuel",
        now.fuel.cmp(&tier.fuel),
        grouped(now.fuel),
        grouped(tier.fuel),
    );
    compare(
        "deadline",
        now.deadline.cmp(&tier.deadline),
        // Whole: one that differs by nanoseconds would look like the tier's.
        humantime::format_duration(now.deadline).to_string(),
        short(tier.deadline),
    );
    compare(
        "memory",
        now.memory_bytes.cmp(&tier.memory_bytes),
        bytes(now.memory_bytes),
        bytes(tier.memory_bytes),
    );
    for quota in applied.quotas.iter() {
        let (now, host) = (quota.limit, quota.most);
        compare(
            &quota.quota.name,
            now.cmp(&host),
            grouped(now),
            grouped(host),
        );
    }
    if overridden.is_empty() {
        return String::new();
    }
    format!(
        "{LIMITS} tier {}, but {}\n",
        applied.tier,
        overridden.join(", ")
    )
}

/// What was granted and not used; empty if everything was used.
fn grants_line(decision: &Decision) -> String {
    let unused: Vec<_> = decision.unused.iter().map(Item::to_string).collect();
    if unused.is_empty() {
        return String::new();
    }
    format!("{NOT_USED} {}\n", unused.join(", "))
}

fn output(heading: &str, captured: &Captured) -> String {
    if captured.bytes.is_empty() {
        return String::new();
    }
    let text = String::from_utf8_lossy(&captured.bytes);
    let mut section = format!("\n--- {heading} ({} bytes) ---\n", captured.len());
    for line in text.strip_suffix('\n').unwrap_or(&text).split('\n') {
        writeln!(section, "  {}", one_line(line)).expect("a string takes it");
    }
    if captured.dropped_bytes > 0 {
        let (dropped, kept) = (
            grouped(captured.dropped_bytes),
            ByteSize(OUTPUT_BYTES as u64),
        );
        writeln!(
            section,
            "  … and {dropped} more bytes, past the {kept} that are kept"
        )
        .expect("a string takes it");
    }
    section
}

/// `1234567` as `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A duration to the microsecond. Finer digits are noise.
fn short(duration: Duration) -> String {
    let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    humantime::format_duration(Duration::from_micros(micros)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::MemoryKind;
    use crate::quota::Quota;
    use crate::refusal::Refusal;
    use crate::trap::{During, Trap, TrapCode};

    #[test]
    fn numbers_are_grouped_in_threes() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
            (100_000, "100,000"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn a_result_cannot_pass_for_another_outcome_or_for_a_heading() {
        let others = [
            Outcome::GuestError("no".to_owned()),
            Outcome::OutOfFuel,
            Outcome::DeadlineExceeded,
            Outcome::MemoryLimit {
                kind: MemoryKind::Table,
                requested: 2,
                limit: 1,
            },
            Outcome::StackOverflow,
            Outcome::QuotaExceeded {
                quota: Quota::HANDLES,
                limit: 1,
            },
            Outcome::Trap(Trap {
                code: TrapCode::Unreachable,
                message: "it stopped".to_owned(),
                during: During::Run,
            }),
            Outcome::Refused(Refusal::LineFull { waiting: 1 }),
        ];
        for other in others {
            let other = other.to_string();
            let result = Outcome::Completed(other.clone());
            assert_eq!(outcome(&result), format!("result: {other}\n"));
        }
        for (text, shown) in [
            (
                "--- Audit Trail (0 entries) ---",
                "result: --- Audit Trail (0 entries) ---\n",
            ),
            ("result: ok", "result: result: ok\n"),
            ("plain", "plain\n"),
        ] {
            assert_eq!(outcome(&Outcome::Completed(text.to_owned())), shown);
        }
    }

    #[test]
    fn what_is_past_the_bound_of_the_output_is_said() {
        let captured = Captured {
            bytes: b"one\n\x1b[2Jtwo\n".to_vec(),
            dropped_bytes: 4096,
            bytes_before: None,
        };
        assert_eq!(
            output("Standard Output", &captured),
            "\n--- Standard Output (12 bytes) ---\n  one\n  \\u{1b}[2Jtwo\n  \
             … and 4,096 more bytes, past the 1.0 MiB that are kept\n"
        );
    }
}
