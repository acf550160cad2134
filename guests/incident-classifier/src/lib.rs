//! Sorts reports of incidents into kinds, and finds reports that tell of the same again.
//!
//! Standard input has a report on each line: a number, a colon, and what happened. Each report is classified on its own. One
//! call makes the vectors of all of them, so that each can be compared with those before it.

mod likeness;
mod report;

use std::collections::BTreeMap;
use std::io;

use micro_app::contract::fractal::app::ai_classify::{Classification, classify};
use micro_app::contract::fractal::app::ai_embeddings::{AiError, embed_batch};
use micro_app::record;

use report::Report;

const KINDS: [&str; 5] = [
    "chemical spill",
    "fire and smoke",
    "fall from height",
    "vehicle accident",
    "breach of personal data",
];

/// A report whose best kind scores less is for a person to read.
const LEAST_SCORE: f32 = 0.25;

/// The best kind must score this much more than the next. Otherwise the report is for a person to read, too.
const LEAST_LEAD: f32 = 0.02;

micro_app::main!(run);

fn run() -> Result<String, String> {
    let text = io::read_to_string(io::stdin()).map_err(|error| error.to_string())?;
    let reports = report::read(&text)?;
    let kinds = KINDS.map(String::from);
    let texts: Vec<String> = reports
        .iter()
        .map(|report| report.text.to_owned())
        .collect();
    let repeated = likeness::repeated(&embed_batch(&texts).map_err(said)?);
    let mut counts = BTreeMap::new();
    for (report, repeated) in reports.iter().zip(repeated) {
        let ranking = classify(report.text, &kinds).map_err(said)?;
        let kind = kind(report, &ranking);
        *counts.entry(kind).or_insert(0) += 1;
        if let Some((earlier, likeness)) = repeated {
            let detail = format!("like {} by {likeness:.2}", reports[earlier].number);
            record("incident-repeated", report.number, detail);
        }
    }
    let counts: Vec<_> = counts
        .iter()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    Ok(format!(
        "{} incidents: {}",
        reports.len(),
        counts.join(", ")
    ))
}

/// The kind of a report, if it is clear.
fn kind(report: &Report<'_>, ranking: &[Classification]) -> String {
    let [best, next, ..] = ranking else {
        return "unclear".to_owned();
    };
    let detail = format!(
        "{} {:.2}, {} {:.2}",
        best.category, best.score, next.category, next.score
    );
    if best.score < LEAST_SCORE || best.score - next.score < LEAST_LEAD {
        record("incident-unclear", report.number, detail);
        return "unclear".to_owned();
    }
    record("incident-classified", report.number, detail);
    best.category.clone()
}

fn said(error: AiError) -> String {
    format!(
        "the model gave no answer ({}): {}",
        error.code, error.message
    )
}
