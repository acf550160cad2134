//! A case as the page shows it. Long lists and texts are cut, and what is left out is counted.

use fractalaw_report::{AuditEntry, Captured, Certainty, Effect, HostCall, Outcome, Report};

use super::difference::{self, Difference};
use super::facts::{CELL_CHARACTERS, Fact, fact};
use super::functions::{self, Functions};
use super::outcome;
use super::timeline::{self, Timeline};
use crate::cases::records::Record;
use crate::page::flame::Flame;
use crate::page::shown::{Grouped, Share, Shown};

/// The rows of a table of audit entries or of host calls: the first ones, and the last.
const FIRST_ROWS: usize = 60;
const LAST_ROWS: usize = 15;

/// A table this short may be open from the start.
const SHORT: usize = 12;

/// The characters of a guest's text in a list, and in a block of its own.
const ABOUT_CHARACTERS: usize = 300;
const TEXT_CHARACTERS: usize = 4_000;

/// The parts of the fuel bar with a colour of their own. The table has all parts.
const COLOURS: usize = 7;

/// The units of the bar's length.
const BAR: u64 = 1000;

/// Everything about one case.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) id: Shown,
    pub(super) stem: Shown,
    pub(super) about: Shown,
    pub(super) kind: Shown,
    pub(super) family: &'static str,
    /// The outcome in the list, and its colour. A changed outcome is highlighted, whatever it is.
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
    /// Work that the fuel does not pay for, and the capability that had it done.
    pub(super) unmetered: Vec<(Shown, Shown)>,
    pub(super) timeline: Timeline,
    pub(super) memory: Memory,
    pub(super) audit: Rows<AuditRow>,
    pub(super) calls: Rows<CallRow>,
    pub(super) effects: Rows<EffectRow>,
    pub(super) functions: Option<Functions>,
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
    /// Its start in the bar.
    pub(super) from: u64,
    pub(super) length: u64,
}

/// Memory and its cap.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) peak: Grouped,
    pub(super) cap: Grouped,
    pub(super) share: Share,
    pub(super) length: u64,
}

/// The rows of a table, without those in the middle.
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
    pub(super) facts: Vec<Fact>,
}

/// A row for something that a run did through a capability of its host.
#[derive(Debug)]
pub(super) struct EffectRow {
    pub(super) capability: Shown,
    pub(super) kind: Shown,
    pub(super) subject: Shown,
    pub(super) facts: Vec<Fact>,
    pub(super) settled: &'static str,
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
    let name = &*record.case;
    let stem = name.split_once('/').map_or(name, |(_, stem)| stem);
    let share = |part, whole| Share { part, whole };
    let kind = Shown::line(report.outcome.kind());
    let family = outcome::family(&report.outcome);
    let (ended, ended_family) = match &difference.outcome_before {
        None => (kind.clone(), family),
        Some(before) if *before == kind => (Shown::ours(format!("{kind}, other text")), "changed"),
        Some(before) => (Shown::ours(format!("{before} → {kind}")), "changed"),
    };
    Case {
        id: Shown::line(&record.case),
        stem: Shown::line(stem),
        about: Shown::start_of_line(
            record.about.as_deref().unwrap_or_default(),
            ABOUT_CHARACTERS,
        ),
        kind,
        family,
        ended,
        ended_family,
        said: Shown::start_of_lines(&outcome::said(&report.outcome), TEXT_CHARACTERS),
        hint: match &report.outcome {
            Outcome::Refused(refusal) => Shown::start_of_lines(&refusal.hint(), TEXT_CHARACTERS),
            _ => Shown::default(),
        },
        backtrace: report
            .backtrace
            .iter()
            .map(|name| Shown::start_of_line(name, CELL_CHARACTERS))
            .collect(),
        facts: facts(report),
        was_refused: matches!(report.outcome, Outcome::Refused(_)),
        at_least: fuel.certainty != Certainty::Exact,
        fuel: Grouped(fuel.consumed()),
        budget: Grouped(fuel.budget),
        budget_share: share(fuel.consumed(), fuel.budget),
        parts: parts(report),
        unmetered: unmetered(report),
        timeline: timeline::timeline(report),
        memory: memory(report.memory),
        audit: rows(&report.audit, audit_row),
        calls: rows(
            report.trace.as_ref().map_or(&[][..], |trace| &trace.calls),
            call_row,
        ),
        effects: rows(&report.effects, effect_row),
        functions: record.profile.as_ref().map(functions::functions),
        flame: record
            .profile
            .as_ref()
            .map(|profile| Flame::of(profile, None)),
        no_flame: Shown::start_of_line(
            record.no_profile.as_deref().unwrap_or_default(),
            CELL_CHARACTERS,
        ),
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

fn unmetered(report: &Report) -> Vec<(Shown, Shown)> {
    let shown = |text: &str| Shown::start_of_line(text, ABOUT_CHARACTERS);
    let all = report.unmetered.iter();
    all.map(|of| (shown(&of.what), shown(&of.capability)))
        .collect()
}

impl<T> Rows<T> {
    /// Whether it may be open from the start.
    pub(super) fn is_short(&self) -> bool {
        self.first.len() <= SHORT
    }
}

/// A case compared with its earlier record, or with its reviewed fuel if there are no earlier records at all.
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
        ("tier", Shown::ours(limits.tier.to_string())),
        (
            "deadline",
            Shown::ours(format!(
                "{} ms",
                Grouped(limits.limits.deadline.as_millis() as u64)
            )),
        ),
        ("certainty", Shown::ours(report.fuel.certainty.name())),
        (
            "cost model",
            Shown::ours(report.fuel.cost_model.to_string()),
        ),
    ];
    if let Outcome::Trap(trap) = &report.outcome {
        facts.push(("trap", Shown::ours(trap.code.name())));
    }
    if let Some(app) = &report.app {
        if let Some(version) = &app.version {
            facts.push(("version", Shown::start_of_line(version, 40)));
        }
        facts.push(("sha-256", Shown::start_of_line(&app.digest, 64)));
    }
    facts
}

fn parts(report: &Report) -> Vec<Part> {
    let fuel = &report.fuel;
    let mut calls: Vec<_> = report.host_calls.iter().collect();
    // The sort is stable: equal costs keep the report's order.
    calls.sort_by_key(|calls| std::cmp::Reverse(calls.fuel));
    let own = [("instantiation", fuel.instantiation), ("guest", fuel.guest)];
    let own = own.map(|(name, fuel)| (Shown::ours(name), Shown::default(), None, fuel));
    let calls = calls.into_iter().map(|calls| {
        let counts = (
            Grouped(calls.calls),
            Grouped(calls.bytes_in),
            Grouped(calls.bytes_out),
        );
        let function = Shown::start_of_line(&calls.function, CELL_CHARACTERS);
        let interface = Shown::start_of_line(&calls.interface, CELL_CHARACTERS);
        (function, interface, Some(counts), calls.fuel)
    });
    let mut before = 0;
    own.into_iter()
        .chain(calls)
        .enumerate()
        .map(|(index, (name, interface, calls, part))| {
            let from = scaled(before, fuel.consumed());
            before += part;
            Part {
                name,
                interface,
                colour: index.min(COLOURS),
                calls,
                fuel: Grouped(part),
                share: Share {
                    part,
                    whole: fuel.consumed(),
                },
                from,
                length: scaled(before, fuel.consumed()) - from,
            }
        })
        .collect()
}

/// The length of a part in a bar.
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

fn audit_row(entry: &AuditEntry) -> AuditRow {
    AuditRow {
        sequence: Grouped(entry.sequence),
        at: Grouped(entry.fuel),
        event_type: Shown::start_of_line(&entry.event_type, CELL_CHARACTERS),
        resource: Shown::start_of_line(&entry.resource, CELL_CHARACTERS),
        detail: Shown::start_of_line(&entry.detail, CELL_CHARACTERS),
    }
}

fn effect_row(effect: &Effect) -> EffectRow {
    let shown = |text: &str| Shown::start_of_line(text, CELL_CHARACTERS);
    EffectRow {
        capability: shown(&effect.capability),
        kind: shown(&effect.kind),
        subject: shown(&effect.subject),
        facts: effect.fields.iter().map(fact).collect(),
        settled: effect.settled.name(),
    }
}

fn memory(memory: fractalaw_report::Memory) -> Memory {
    let (peak, cap) = (memory.peak_bytes as u64, memory.cap_bytes as u64);
    Memory {
        peak: Grouped(peak),
        cap: Grouped(cap),
        share: Share {
            part: peak,
            whole: cap,
        },
        length: scaled(peak, cap),
    }
}

fn call_row(call: &HostCall) -> CallRow {
    let interface = Shown::start_of_line(&call.interface, CELL_CHARACTERS).to_string();
    // Without the version, which the table of fuel has.
    let interface = interface.split('@').next().unwrap_or_default();
    let function = Shown::start_of_line(&call.function, CELL_CHARACTERS);
    CallRow {
        sequence: Grouped(call.sequence),
        at: Grouped(call.at),
        function: Shown::ours(format!("{interface} {function}")),
        bytes_in: Grouped(call.bytes_in),
        bytes_out: Grouped(call.bytes_out),
        fuel: Grouped(call.fuel),
        facts: call.facts.iter().map(fact).collect(),
    }
}

fn text(title: &'static str, output: &Captured) -> Option<Text> {
    if output.is_empty() && output.dropped_bytes == 0 {
        return None;
    }
    let mut note = format!("{} bytes", Grouped(output.len() as u64));
    if output.dropped_bytes > 0 {
        note += &format!(
            ", and {} more that were not kept",
            Grouped(output.dropped_bytes)
        );
    }
    if output.bytes_before.is_some() {
        note += ", not all of them UTF-8";
    }
    Some(Text {
        title,
        note,
        text: Shown::start_of_lines(&String::from_utf8_lossy(&output.bytes), TEXT_CHARACTERS),
    })
}
