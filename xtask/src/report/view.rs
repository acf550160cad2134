//! A case as the page shows it: what is long is cut, and what is left out is counted.

use super::difference::{self, Difference};
use super::flame::{self, Flame};
use super::outcome;
use super::record::{Entry, HostCall, Output, Record, Report};
use super::timeline::{self, Timeline};
use super::written::{Grouped, Share, Shown};

/// Rows of a table of audit entries or of host calls: the first ones, and the last.
const FIRST_ROWS: usize = 60;
const LAST_ROWS: usize = 15;

/// Rows that do not push away what comes below them.
const SHORT: usize = 12;

/// Characters of a guest's text in a cell, in a list, and where it stands by itself.
const CELL_CHARACTERS: usize = 400;
const ABOUT_CHARACTERS: usize = 300;
const TEXT_CHARACTERS: usize = 4_000;

/// Parts of the bar of fuel with a colour of their own; the table has all.
const COLOURS: usize = 7;

/// Units of the bar's length.
const BAR: u64 = 1000;

/// Everything about one case.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) id: Shown,
    pub(super) stem: Shown,
    pub(super) about: Shown,
    pub(super) kind: Shown,
    pub(super) family: &'static str,
    /// What the list says of the outcome, and its colour: a change is to be looked at, whatever it came to.
    pub(super) ended: Shown,
    pub(super) ended_family: &'static str,
    pub(super) said: Shown,
    pub(super) hint: Shown,
    pub(super) backtrace: Vec<Shown>,
    pub(super) facts: Vec<(&'static str, Shown)>,
    pub(super) was_refused: bool,
    pub(super) at_least: bool,
    pub(super) fuel: Grouped,
    pub(super) budget: Grouped,
    pub(super) budget_share: Share,
    pub(super) parts: Vec<Part>,
    pub(super) timeline: Timeline,
    pub(super) memory: Memory,
    pub(super) audit: Rows<AuditRow>,
    pub(super) calls: Rows<CallRow>,
    pub(super) flame: Option<Flame>,
    pub(super) no_flame: Shown,
    pub(super) outputs: Vec<Text>,
    pub(super) difference: Difference,
}

/// A part of the fuel.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) name: Shown,
    pub(super) interface: Shown,
    pub(super) colour: usize,
    pub(super) calls: Option<(Grouped, Grouped, Grouped)>,
    pub(super) fuel: Grouped,
    pub(super) share: Share,
    /// Where it lies in the bar.
    pub(super) from: u64,
    pub(super) length: u64,
}

/// Memory against its cap.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) peak: Grouped,
    pub(super) cap: Grouped,
    pub(super) share: Share,
    pub(super) length: u64,
}

/// Rows of a table, without those in its middle.
#[derive(Debug)]
pub(super) struct Rows<T> {
    pub(super) first: Vec<T>,
    pub(super) left_out: Grouped,
    pub(super) last: Vec<T>,
    pub(super) count: Grouped,
}

#[derive(Debug)]
pub(super) struct AuditRow {
    pub(super) sequence: Grouped,
    pub(super) at: Grouped,
    pub(super) event_type: Shown,
    pub(super) resource: Shown,
    pub(super) detail: Shown,
}

#[derive(Debug)]
pub(super) struct CallRow {
    pub(super) sequence: Grouped,
    pub(super) at: Grouped,
    pub(super) function: Shown,
    pub(super) bytes_in: Grouped,
    pub(super) bytes_out: Grouped,
    pub(super) fuel: Grouped,
}

/// What a guest printed.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) title: &'static str,
    pub(super) note: String,
    pub(super) text: Shown,
}

pub(super) fn case(record: &Record, difference: Difference) -> Case {
    let report = &record.report;
    let fuel = &report.fuel;
    let name = record.case.raw();
    let stem = name.split_once('/').map_or(name, |(_, stem)| stem);
    let share = |part, whole| Share { part, whole };
    let kind = report.outcome.kind.line();
    let family = outcome::family(&report.outcome);
    let (ended, ended_family) = match &difference.outcome_before {
        None => (kind.clone(), family),
        Some(before) if *before == kind => (Shown::ours(format!("{kind}, other text")), "changed"),
        Some(before) => (Shown::ours(format!("{before} → {kind}")), "changed"),
    };
    Case {
        id: record.case.line(),
        stem: super::written::Written::from(stem).line(),
        about: record
            .about
            .clone()
            .unwrap_or_default()
            .start_of_line(ABOUT_CHARACTERS),
        kind,
        family,
        ended,
        ended_family,
        said: outcome::said(&report.outcome).start_of_lines(TEXT_CHARACTERS),
        hint: report
            .outcome
            .hint
            .clone()
            .unwrap_or_default()
            .start_of_lines(TEXT_CHARACTERS),
        backtrace: report
            .backtrace
            .iter()
            .map(|name| name.start_of_line(CELL_CHARACTERS))
            .collect(),
        facts: facts(report),
        was_refused: report.outcome.kind.raw() == "refused",
        at_least: fuel.certainty.raw() != "exact",
        fuel: Grouped(fuel.consumed),
        budget: Grouped(fuel.budget),
        budget_share: share(fuel.consumed, fuel.budget),
        parts: parts(report),
        timeline: timeline::timeline(report),
        memory: Memory {
            peak: Grouped(report.memory.peak_bytes),
            cap: Grouped(report.memory.cap_bytes),
            share: share(report.memory.peak_bytes, report.memory.cap_bytes),
            length: scaled(report.memory.peak_bytes, report.memory.cap_bytes),
        },
        audit: rows(&report.audit, audit_row),
        calls: rows(
            report.trace.as_ref().map_or(&[][..], |trace| &trace.calls),
            call_row,
        ),
        flame: record.profile.as_ref().map(flame::flame),
        no_flame: record
            .no_profile
            .clone()
            .unwrap_or_default()
            .start_of_line(CELL_CHARACTERS),
        outputs: [
            text("Standard output", &report.stdout),
            text("Standard error", &report.stderr),
        ]
        .into_iter()
        .flatten()
        .collect(),
        difference,
    }
}

impl<T> Rows<T> {
    /// Whether it can be open from the start.
    pub(super) fn is_short(&self) -> bool {
        self.first.len() <= SHORT
    }
}

/// A case against its earlier record, or its reviewed fuel where there are no earlier records at all.
pub(super) fn against(record: &Record, earlier: Option<&[Record]>) -> Difference {
    match earlier {
        Some(earlier) => {
            let same = earlier.iter().find(|earlier| earlier.case == record.case);
            difference::to_record(record, same)
        }
        None => difference::to_reviewed(record),
    }
}

fn facts(report: &Report) -> Vec<(&'static str, Shown)> {
    let limits = &report.limits;
    let mut facts = vec![
        ("tier", limits.tier.line()),
        (
            "deadline",
            Shown::ours(format!("{} ms", Grouped(limits.deadline_us / 1000))),
        ),
        ("certainty", report.fuel.certainty.line()),
        (
            "cost model",
            Shown::ours(report.fuel.cost_model.to_string()),
        ),
    ];
    if let Some(trap) = &report.outcome.trap {
        facts.push(("trap", trap.line()));
    }
    if let Some(app) = &report.app {
        if let Some(version) = &app.version {
            facts.push(("version", version.start_of_line(40)));
        }
        facts.push(("sha-256", app.sha256.start_of_line(64)));
    }
    facts
}

fn parts(report: &Report) -> Vec<Part> {
    let fuel = &report.fuel;
    let mut calls: Vec<_> = report.host_calls.iter().collect();
    // Stable: what costs the same keeps the report's order.
    calls.sort_by_key(|calls| std::cmp::Reverse(calls.fuel));
    let own = [("instantiation", fuel.instantiation), ("guest", fuel.guest)];
    let own = own.map(|(name, fuel)| (Shown::ours(name), Shown::default(), None, fuel));
    let calls = calls.into_iter().map(|calls| {
        let counts = (
            Grouped(calls.calls),
            Grouped(calls.bytes_in),
            Grouped(calls.bytes_out),
        );
        let function = calls.function.start_of_line(CELL_CHARACTERS);
        let interface = calls.interface.start_of_line(CELL_CHARACTERS);
        (function, interface, Some(counts), calls.fuel)
    });
    let mut before = 0;
    own.into_iter()
        .chain(calls)
        .enumerate()
        .map(|(index, (name, interface, calls, part))| {
            let from = scaled(before, fuel.consumed);
            before += part;
            Part {
                name,
                interface,
                colour: index.min(COLOURS),
                calls,
                fuel: Grouped(part),
                share: Share {
                    part,
                    whole: fuel.consumed,
                },
                from,
                length: scaled(before, fuel.consumed) - from,
            }
        })
        .collect()
}

/// How long a part of a whole is in a bar.
fn scaled(part: u64, whole: u64) -> u64 {
    let length = u128::from(part) * u128::from(BAR) / u128::from(whole.max(1));
    u64::try_from(length).unwrap_or(BAR).min(BAR)
}

fn rows<T, R>(all: &[T], row: impl Fn(&T) -> R) -> Rows<R> {
    let (first, rest) = all.split_at(all.len().min(FIRST_ROWS));
    let (middle, last) = rest.split_at(rest.len().saturating_sub(LAST_ROWS));
    Rows {
        first: first.iter().map(&row).collect(),
        left_out: Grouped(middle.len() as u64),
        last: last.iter().map(&row).collect(),
        count: Grouped(all.len() as u64),
    }
}

fn audit_row(entry: &Entry) -> AuditRow {
    AuditRow {
        sequence: Grouped(entry.sequence),
        at: Grouped(entry.fuel),
        event_type: entry.event_type.start_of_line(CELL_CHARACTERS),
        resource: entry.resource.start_of_line(CELL_CHARACTERS),
        detail: entry.detail.start_of_line(CELL_CHARACTERS),
    }
}

fn call_row(call: &HostCall) -> CallRow {
    let interface = call.interface.start_of_line(CELL_CHARACTERS).to_string();
    // Without the version, which the table of fuel has.
    let interface = interface.split('@').next().unwrap_or_default();
    let function = call.function.start_of_line(CELL_CHARACTERS);
    CallRow {
        sequence: Grouped(call.sequence),
        at: Grouped(call.at),
        function: Shown::ours(format!("{interface} {function}")),
        bytes_in: Grouped(call.bytes_in),
        bytes_out: Grouped(call.bytes_out),
        fuel: Grouped(call.fuel),
    }
}

fn text(title: &'static str, output: &Output) -> Option<Text> {
    if output.bytes == 0 && output.dropped_bytes == 0 {
        return None;
    }
    let mut note = format!("{} bytes", Grouped(output.bytes));
    if output.dropped_bytes > 0 {
        note += &format!(
            ", and {} more that were not kept",
            Grouped(output.dropped_bytes)
        );
    }
    if output.lossy {
        note += ", not all of them UTF-8";
    }
    Some(Text {
        title,
        note,
        text: output.text.start_of_lines(TEXT_CHARACTERS),
    })
}
