//! The figures of benchmarks: printed as a table, kept as JSON, and compared with those of an earlier run.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use comfy_table::{CellAlignment, Table as Text, presets};
use fractalaw_measure::table::{Bar, Row, Table, Unit};

use super::repeated::{Repeated, Spread};
use crate::fault::{FAILED, Fault};
use crate::files::write_atomically;

/// Printed if there was no such figure before.
const NONE: &str = "–";

/// Reads the figures that were kept under a name.
pub(super) fn load(folder: &Path, name: &str) -> Result<Table> {
    let path = folder.join(name).with_extension("json");
    if !path.exists() {
        let message = format!("no figures in `{}`", path.display());
        let hint = format!("keep some with `--save {name}`");
        return Err(Fault::new(FAILED, message).hint(hint).into());
    }
    let text = fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("`{}`", path.display()))
}

/// Keeps figures under a name.
pub(super) fn store(folder: &Path, name: &str, table: &Table) -> Result<()> {
    let path = folder.join(name).with_extension("json");
    write_atomically(&path, &serde_json::to_vec_pretty(table)?)
}

/// The table, in Markdown. Of several runs it has the medians, and below it what the machine did else.
pub(super) fn text(runs: &Repeated, before: Option<&Table>) -> String {
    let mut text = Text::new();
    text.load_style(presets::ASCII_MARKDOWN);
    let mut heading = vec!["benchmark", "ours", "reference", "ratio"];
    if !runs.is_one() {
        heading.push("least to most");
    }
    heading.extend(["bar", "holds"]);
    if before.is_some() {
        heading.extend(["ratio before", "ours now / before"]);
    }
    text.set_header(heading);
    for row in &runs.medians().rows {
        let mut cells = cells(row, &runs.spread(&row.name), runs.is_one());
        if let Some(before) = before {
            let old = before.rows.iter().find(|old| old.name == row.name);
            let ratio = old.map(|old| format!("{:.3}", old.ratio));
            let moved = old.map(|old| format!("{:.3}", row.ours / old.ours));
            cells.extend([ratio, moved].map(|cell| cell.unwrap_or_else(|| NONE.to_owned())));
        }
        text.add_row(cells);
    }
    for column in text.column_iter_mut().skip(1).take(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    match runs.is_one() {
        true => text.to_string(),
        false => format!("{text}\n\n{}", runs.machine()),
    }
}

fn cells(row: &Row, spread: &Spread, is_one: bool) -> Vec<String> {
    let mut cells = vec![
        row.name.clone(),
        figure(row.unit, row.ours),
        figure(row.unit, row.reference),
        format!("{:.3}", row.ratio),
    ];
    if !is_one {
        cells.push(format!("{:.3} to {:.3}", spread.least, spread.most));
    }
    cells.push(row.bar.map_or_else(String::new, bound));
    let holds = row
        .bar
        .map(|bar| if bar.holds(row.ratio) { "yes" } else { "NO" });
    cells.push(match (holds, spread.holds) {
        (Some(holds), Some(times)) if !is_one => format!("{holds}, {times} of {}", spread.runs),
        (holds, _) => holds.unwrap_or_default().to_owned(),
    });
    cells
}

fn figure(unit: Unit, figure: f64) -> String {
    match unit {
        Unit::NanosecondsPerFuel => format!("{figure:.3} ns/fuel"),
        Unit::Microseconds => format!("{figure:.2} µs"),
        Unit::Milliseconds => format!("{figure:.2} ms"),
        Unit::Seconds => format!("{figure:.1} s"),
        Unit::PerSecond => format!("{figure:.0} /s"),
        Unit::KiB => format!("{figure:.0} KiB"),
        Unit::Count => format!("{figure:.0}"),
    }
}

fn bound(bar: Bar) -> String {
    match bar {
        Bar::AtMost(bound) => format!("≤ {bound:.2}"),
        Bar::AtLeast(bound) => format!("≥ {bound:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, ours: f64, bar: Option<Bar>) -> Row {
        Row {
            name: name.to_owned(),
            unit: Unit::Milliseconds,
            ours,
            reference: 2.0,
            ratio: ours / 2.0,
            bar,
        }
    }

    #[test]
    fn figures_stand_beside_those_that_were_kept() {
        let folder = tempfile::tempdir().unwrap();
        let before = Table {
            rows: vec![row("a/b", 2.0, None)],
        };
        store(folder.path(), "before", &before).unwrap();
        let now = Table {
            rows: vec![
                row("a/b", 3.0, Some(Bar::AtMost(1.5))),
                row("a/c", 1.0, Some(Bar::AtLeast(0.9))),
            ],
        };
        let once = |run: Table| {
            let mut runs = Repeated::default();
            runs.add("0.10".to_owned(), run);
            runs
        };
        let mut now = once(now);
        assert_eq!(
            text(&now, None),
            "| benchmark |    ours | reference | ratio | bar    | holds |\n\
             |-----------|---------|-----------|-------|--------|-------|\n\
             | a/b       | 3.00 ms |   2.00 ms | 1.500 | ≤ 1.50 | yes   |\n\
             | a/c       | 1.00 ms |   2.00 ms | 0.500 | ≥ 0.90 | NO    |"
        );
        let before = load(folder.path(), "before").unwrap();
        let text = text(&now, Some(&before));
        let compared: Vec<Vec<&str>> = text
            .lines()
            .map(|line| line.split('|').skip(7).map(str::trim).collect())
            .collect();
        assert_eq!(compared[0], ["ratio before", "ours now / before", ""]);
        assert_eq!(compared[2], ["1.000", "1.500", ""]);
        assert_eq!(compared[3], ["–", "–", ""]);
        now.add(
            "0.20".to_owned(),
            Table {
                rows: vec![
                    row("a/b", 3.2, Some(Bar::AtMost(1.5))),
                    row("a/c", 2.0, None),
                ],
            },
        );
        let lines = super::text(&now, None);
        let lines: Vec<&str> = lines.lines().collect();
        assert_eq!(
            lines[..4],
            [
                "| benchmark |    ours | reference | ratio | least to most  | bar    | holds      |",
                "|-----------|---------|-----------|-------|----------------|--------|------------|",
                "| a/b       | 3.10 ms |   2.00 ms | 1.550 | 1.500 to 1.600 | ≤ 1.50 | NO, 1 of 2 |",
                "| a/c       | 1.50 ms |   2.00 ms | 0.750 | 0.500 to 1.000 | ≥ 0.90 | NO, 1 of 2 |",
            ]
        );
        assert!(lines[5].ends_with(" processors, load before each run: 0.10, 0.20"));
        let missing = load(folder.path(), "other").unwrap_err().to_string();
        assert!(
            missing.ends_with("\nhint: keep some with `--save other`"),
            "{missing}"
        );
    }
}
