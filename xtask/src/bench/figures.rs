//! The figures of benchmarks: printed as a table, kept as JSON, and compared with those of an earlier run.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use comfy_table::{CellAlignment, Table as Text, presets};
use fractalaw_measure::table::{Bar, Row, Table, Unit};

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

/// The table, in Markdown.
pub(super) fn text(table: &Table, before: Option<&Table>) -> String {
    let mut text = Text::new();
    text.load_style(presets::ASCII_MARKDOWN);
    let mut heading = vec!["benchmark", "ours", "reference", "ratio", "bar", "holds"];
    if before.is_some() {
        heading.extend(["ratio before", "ours now / before"]);
    }
    text.set_header(heading);
    for row in &table.rows {
        let mut cells = Vec::from(cells(row));
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
    text.to_string()
}

fn cells(row: &Row) -> [String; 6] {
    let holds = |bar: Bar| if bar.holds(row.ratio) { "yes" } else { "NO" };
    [
        row.name.clone(),
        figure(row.unit, row.ours),
        figure(row.unit, row.reference),
        format!("{:.3}", row.ratio),
        row.bar.map_or_else(String::new, bound),
        row.bar.map_or("", holds).to_owned(),
    ]
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
        let missing = load(folder.path(), "other").unwrap_err().to_string();
        assert!(
            missing.ends_with("\nhint: keep some with `--save other`"),
            "{missing}"
        );
    }
}
