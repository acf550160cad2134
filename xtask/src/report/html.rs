//! The page: records in, one HTML file out. The same records give the same bytes.
//!
//! Three things prevent that a guest's text becomes code. Only [`Shown`] text reaches a template. The templates
//! escape it. The page's security policy allows only the page's own script and style.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use askama::Template;

use super::outcome;
use super::view::{self, Case};
use crate::cases::records::Record;
use crate::coverage::page::{MARKS, Part};
use crate::page::shown::{Grouped, Shown};
use crate::page::{STYLE, flame, hash};

const SCRIPT: &str = include_str!("../../templates/report/script.js");

#[derive(Template)]
#[template(path = "report/page.html")]
struct Page<'a> {
    style: &'a str,
    script: &'a str,
    style_hash: String,
    script_hash: String,
    cases: usize,
    guests: Vec<Guest>,
    outcomes: Vec<OutcomeCount>,
    fuel: Grouped,
    entries: Grouped,
    cost_models: String,
    baseline: Baseline,
    marks: &'a str,
    marks_hash: String,
    coverage: Option<Part>,
}

/// The cases of one guest, or of one folder of fixtures.
struct Guest {
    name: Shown,
    is_fixture: bool,
    language: Option<&'static str>,
    cases: Vec<Case>,
}

struct OutcomeCount {
    kind: Shown,
    family: &'static str,
    count: usize,
}

/// What the cases are compared with.
struct Baseline {
    name: &'static str,
    moved: usize,
    gone: Vec<Shown>,
}

/// The page of these records, compared with earlier ones if there are any, and with the lines that the cases reach.
/// `languages` has the language of each guest that has one to show.
pub(super) fn page(
    records: &[Record],
    earlier: Option<&[Record]>,
    coverage: Option<Part>,
    languages: &BTreeMap<String, &'static str>,
) -> Result<String> {
    let mut guests: Vec<Guest> = Vec::new();
    let mut last: Option<&str> = None;
    for record in records {
        if last != Some(&*record.subject) {
            guests.push(Guest {
                name: Shown::line(&record.subject),
                is_fixture: record.is_fixture,
                language: languages.get(&*record.subject).copied(),
                cases: Vec::new(),
            });
            last = Some(&*record.subject);
        }
        let guest = guests.last_mut().context("a guest was added above")?;
        guest
            .cases
            .push(view::case(record, view::against(record, earlier)));
    }
    // Guests come first, because people look for them. Fixtures come last.
    guests.sort_by_key(|guest| guest.is_fixture);
    let moved = guests
        .iter()
        .flat_map(|guest| &guest.cases)
        .filter(|case| case.difference.moved())
        .count();
    let script = format!("{}{SCRIPT}", flame::SCRIPT);
    let page = Page {
        style: STYLE,
        style_hash: hash(STYLE),
        script_hash: hash(&script),
        script: &script,
        cases: records.len(),
        guests,
        outcomes: outcomes(records),
        fuel: Grouped(sum(records
            .iter()
            .map(|record| record.report.fuel.consumed()))),
        entries: Grouped(sum(records
            .iter()
            .map(|record| record.report.audit.len() as u64))),
        cost_models: cost_models(records),
        baseline: Baseline {
            name: if earlier.is_some() {
                "baseline"
            } else {
                "reviewed"
            },
            moved,
            gone: gone(records, earlier.unwrap_or_default()),
        },
        marks: MARKS,
        marks_hash: hash(MARKS),
        coverage,
    };
    page.render().context("cannot write the page")
}

fn sum(parts: impl Iterator<Item = u64>) -> u64 {
    parts.fold(0, u64::saturating_add)
}

fn outcomes(records: &[Record]) -> Vec<OutcomeCount> {
    let mut counts: BTreeMap<&str, OutcomeCount> = BTreeMap::new();
    for record in records {
        let outcome = &record.report.outcome;
        counts
            .entry(outcome.kind())
            .or_insert_with(|| OutcomeCount {
                kind: Shown::line(outcome.kind()),
                family: outcome::family(outcome),
                count: 0,
            })
            .count += 1;
    }
    let mut counts: Vec<_> = counts.into_values().collect();
    counts.sort_by_key(|outcome| std::cmp::Reverse(outcome.count));
    counts
}

fn cost_models(records: &[Record]) -> String {
    let models = records.iter().map(|record| record.report.fuel.cost_model);
    let models: std::collections::BTreeSet<u32> = models.collect();
    let models: Vec<String> = models.iter().map(u32::to_string).collect();
    models.join(", ")
}

fn gone(records: &[Record], earlier: &[Record]) -> Vec<Shown> {
    let is_gone = |earlier: &&Record| records.iter().all(|record| record.case != earlier.case);
    let gone = earlier.iter().filter(is_gone);
    gone.map(|record| Shown::line(&record.case)).collect()
}
