//! The costs as a table, for a terminal and as Markdown.

use std::fmt::Write;

use fractalaw_report::FunctionMoved;

use super::gate::Verdict;
use super::rows::Row;
use crate::numbers::{grouped, percent, signed};
use crate::tables;

/// The functions that are shown below a case.
const FUNCTIONS: usize = 5;

const HEADING: [&str; 7] = [
    "case",
    "fuel",
    "before",
    "change",
    "percent",
    "of budget",
    "",
];

/// The most expensive case first. If nothing moved, the columns for changes are left out.
pub(super) fn text(rows: &[Row], against: &str) -> String {
    let mut table = tables::start(HEADING);
    for row in sorted(rows) {
        table.add_row(cells(row));
    }
    let mut text = tables::text(table, |column| (1..6).contains(&column));
    for row in rows.iter().filter(|row| !row.functions.is_empty()) {
        let _ = writeln!(text, "\n{}: functions whose fuel moved", row.case);
        for change in row.functions.iter().take(FUNCTIONS) {
            let _ = writeln!(text, "  {}", function(change));
        }
        more(&mut text, row.functions.len());
    }
    let moved = rows.iter().filter(|row| row.fuel != row.before).count();
    let _ = writeln!(
        text,
        "\n{} cases, {moved} moved against {against}",
        rows.len()
    );
    text
}

/// The same for a page of CI, with changes first.
pub(super) fn markdown(rows: &[Row], against: &str) -> String {
    let moved = rows
        .iter()
        .filter(|row| row.verdict > Verdict::Fine)
        .count();
    let mut text = format!(
        "## Fuel against {against}\n\n{moved} of {} cases moved\n\n",
        rows.len()
    );
    let _ = writeln!(text, "| {} |", HEADING.join(" | "));
    text += "|---|--:|--:|--:|--:|--:|---|\n";
    let mut rows = sorted(rows);
    rows.sort_by_key(|row| std::cmp::Reverse(row.verdict));
    for row in rows {
        let cells = cells(row).map(|cell| cell.replace('|', "\\|"));
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text
}

fn sorted(rows: &[Row]) -> Vec<&Row> {
    let mut sorted: Vec<&Row> = rows.iter().collect();
    sorted.sort_by_key(|row| (std::cmp::Reverse(row.fuel), &row.case));
    sorted
}

fn cells(row: &Row) -> [String; 7] {
    let figure = |fuel: Option<u64>| fuel.map_or_else(|| "–".to_owned(), grouped);
    let (change, part) = match (row.before, row.fuel) {
        (Some(before), Some(after)) if before != after => (
            signed(i128::from(after) - i128::from(before)),
            percent(before, after),
        ),
        _ => (String::new(), String::new()),
    };
    #[expect(clippy::cast_precision_loss, reason = "two decimals of a percentage")]
    let share = match (row.fuel, row.budget) {
        (Some(fuel), Some(budget)) if budget > 0 => {
            format!("{:.2} %", fuel as f64 * 100.0 / budget as f64)
        }
        _ => "–".to_owned(),
    };
    let said = match row.verdict {
        Verdict::Fine => "",
        Verdict::Warn => "warn",
        Verdict::Fail => "FAIL",
    };
    let words = [Some(said), row.note.as_deref()];
    let said: Vec<_> = words
        .into_iter()
        .flatten()
        .filter(|word| !word.is_empty())
        .collect();
    [
        row.case.clone(),
        figure(row.fuel),
        figure(row.before),
        change,
        part,
        share,
        said.join(", "),
    ]
}

/// A function that moved, on one line.
pub(crate) fn function(change: &FunctionMoved) -> String {
    format!(
        "{} in `{}`: {} → {}, calls {} → {}",
        signed(change.difference()),
        change.name,
        grouped(change.before.fuel),
        grouped(change.after.fuel),
        grouped(change.before.calls),
        grouped(change.after.calls),
    )
}

fn more(text: &mut String, functions: usize) {
    if functions > FUNCTIONS {
        let _ = writeln!(text, "  … and {} more", functions - FUNCTIONS);
    }
}
