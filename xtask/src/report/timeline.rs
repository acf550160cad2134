//! What happened along the fuel axis, as lanes of marks: audit entries by event type, host calls by function.
//!
//! The axis is cut into equal parts, and the height of a mark says how many things happened in its part. So ten
//! thousand entries are as small on the page as ten.

use std::collections::BTreeMap;
use std::fmt::Write;

use fractalaw_report::{AuditEntry, HostCall, Outcome, Report};

use crate::page::shown::{Grouped, Share, Shown};

/// The parts of the axis: about one for two pixels of a wide screen.
const PARTS: u64 = 500;

/// The height of a lane in the units of its path, and the least height of a mark.
const HEIGHT: u64 = 100;
const LEAST: u64 = 40;

/// The lanes of one kind. Past that, the last lane collects all others.
const MOST_LANES: usize = 12;

/// All lanes of one run.
#[derive(Debug)]
pub(super) struct Timeline {
    pub(super) end: Grouped,
    pub(super) lanes: Vec<Lane>,
    /// What has no lane, and why.
    pub(super) notes: Vec<String>,
}

/// Events of one kind.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) name: Shown,
    pub(super) kind: &'static str,
    pub(super) count: Grouped,
    /// The text for a screen reader.
    pub(super) told: String,
    /// An SVG path within `0 0 500 100`.
    pub(super) path: String,
}

/// The start and the end of something on the axis.
type Span = (u64, u64);

pub(super) fn timeline(report: &Report) -> Timeline {
    let end = report.fuel.consumed();
    let mut notes = Vec::new();
    let mut lanes = Vec::new();
    // If the fuel of a run is not repeatable, its entries have no place on the axis.
    if report.trace.is_some() {
        let entries = group(&report.audit, |entry: &AuditEntry| {
            (entry.event_type.clone(), (entry.fuel, entry.fuel))
        });
        lanes.extend(few(entries, "entry", "other event types", end));
        let calls = report.trace.as_ref().map_or(&[][..], |trace| &trace.calls);
        let calls = group(calls, |call: &HostCall| {
            let until = call.at.saturating_add(call.fuel);
            (call.function.to_string(), (call.at, until))
        });
        lanes.extend(few(calls, "call", "other host functions", end));
    } else if !matches!(report.outcome, Outcome::Refused(_)) {
        notes.push(
            "The fuel of this run does not repeat, so nothing has a place on its axis.".to_owned(),
        );
    }
    if let Some(trace) = report.trace.as_ref().filter(|trace| trace.dropped > 0) {
        notes.push(format!(
            "{} host calls came after the trace was full and stand in no lane.",
            Grouped(trace.dropped)
        ));
    }
    Timeline {
        end: Grouped(end),
        lanes,
        notes,
    }
}

fn group<T>(things: &[T], of: impl Fn(&T) -> (String, Span)) -> Vec<(String, Vec<Span>)> {
    // In the order in which the first of each happened.
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut groups: Vec<(String, Vec<Span>)> = Vec::new();
    for (name, span) in things.iter().map(of) {
        let place = *places.entry(name.clone()).or_insert_with(|| {
            groups.push((name, Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(span);
    }
    groups
}

fn few(
    mut groups: Vec<(String, Vec<Span>)>,
    kind: &'static str,
    others: &str,
    end: u64,
) -> Vec<Lane> {
    let rest = if groups.len() > MOST_LANES {
        groups.split_off(MOST_LANES - 1)
    } else {
        Vec::new()
    };
    let mut lanes: Vec<Lane> = groups
        .iter()
        .map(|(name, spans)| lane(Shown::start_of_line(name, 60), kind, spans, end))
        .collect();
    if !rest.is_empty() {
        let name = Shown::ours(format!("{} {others}", rest.len()));
        let spans: Vec<Span> = rest.into_iter().flat_map(|(_, spans)| spans).collect();
        lanes.push(lane(name, kind, &spans, end));
    }
    lanes
}

fn lane(name: Shown, kind: &'static str, spans: &[Span], end: u64) -> Lane {
    let first = spans.iter().map(|span| span.0).min().unwrap_or_default();
    let last = spans.iter().map(|span| span.0).max().unwrap_or_default();
    let at = |fuel| {
        format!(
            "{} fuel ({})",
            Grouped(fuel),
            Share {
                part: fuel,
                whole: end
            }
        )
    };
    Lane {
        name,
        kind,
        count: Grouped(spans.len() as u64),
        told: if spans.len() == 1 {
            format!("once, at {}", at(first))
        } else {
            format!(
                "{} times, first at {}, last at {}",
                Grouped(spans.len() as u64),
                at(first),
                at(last)
            )
        },
        path: path(spans, end),
    }
}

/// The parts of the axis that are not empty. Neighbours of the same height are one rectangle.
fn path(spans: &[Span], end: u64) -> String {
    let part = |fuel: u64| {
        let part = u128::from(fuel) * u128::from(PARTS) / u128::from(end.max(1));
        part.min(u128::from(PARTS - 1)) as usize
    };
    let mut counts = vec![0u64; PARTS as usize];
    for (from, to) in spans {
        for count in &mut counts[part(*from)..=part(*to)] {
            *count += 1;
        }
    }
    let most = counts.iter().copied().max().unwrap_or_default();
    let mut path = String::new();
    let mut from = 0;
    while from < counts.len() {
        let height = height(counts[from], most);
        let same = counts[from..]
            .iter()
            .take_while(|count| self::height(**count, most) == height);
        let width = same.count();
        if height > 0 {
            let top = HEIGHT - height;
            let _ = write!(path, "M{from} {top}h{width}v{height}h-{width}z");
        }
        from += width;
    }
    path
}

/// By powers of two, so that one among thousands is still visible. Whole numbers only.
fn height(count: u64, most: u64) -> u64 {
    let power = |count: u64| u64::from(count.max(1).ilog2());
    match (count, power(most)) {
        (0, _) => 0,
        (_, 0) => HEIGHT,
        (count, powers) => LEAST + (HEIGHT - LEAST) * power(count) / powers,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_stands_where_it_happened_and_is_as_long_as_it_took() {
        assert_eq!(path(&[(0, 0)], 1000), "M0 0h1v100h-1z");
        assert_eq!(path(&[(1000, 1000)], 1000), "M499 0h1v100h-1z");
        assert_eq!(path(&[(100, 300)], 1000), "M50 0h101v100h-101z");
        assert_eq!(path(&[(5, 5)], 0), "M499 0h1v100h-1z");
        assert_eq!(path(&[], 10), "");
        assert_eq!(path(&[(u64::MAX, u64::MAX)], u64::MAX), "M499 0h1v100h-1z");
    }

    #[test]
    fn ten_thousand_marks_are_no_larger_than_the_axis_has_parts() {
        let spans: Vec<Span> = (0..10_000).map(|at| (at * at, at * at)).collect();
        assert!(path(&spans, 100_000_000).len() < 15_000);
        assert_eq!(height(1, 4), LEAST);
        assert_eq!(height(2, 4), (LEAST + HEIGHT) / 2);
        assert_eq!(height(4, 4), HEIGHT);
    }
}
