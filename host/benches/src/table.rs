//! The results as rows: printed as a table, kept as JSON, compared with an earlier run.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use comfy_table::{CellAlignment, Table as Text, presets};
use serde::{Deserialize, Serialize};

/// All rows of one run.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Table {
    rows: Vec<Row>,
}

/// One of our figures beside the reference's.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) unit: Unit,
    pub(crate) ours: f64,
    pub(crate) reference: f64,
    /// Ours divided by the reference: the median over pairs, if there were several.
    pub(crate) ratio: f64,
    /// The bound that the ratio should hold.
    pub(crate) bar: Option<Bar>,
}

/// What `ours` and `reference` count.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Unit {
    NanosecondsPerFuel,
    Microseconds,
    Milliseconds,
    PerSecond,
    KiB,
    Count,
}

/// A bound on the ratio.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Bar {
    AtMost(f64),
    AtLeast(f64),
}

impl Bar {
    fn holds(self, ratio: f64) -> bool {
        match self {
            Bar::AtMost(bound) => ratio <= bound,
            Bar::AtLeast(bound) => ratio >= bound,
        }
    }
}

impl fmt::Display for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bar::AtMost(bound) => write!(f, "≤ {bound:.2}"),
            Bar::AtLeast(bound) => write!(f, "≥ {bound:.2}"),
        }
    }
}

impl Unit {
    fn show(self, figure: f64) -> String {
        match self {
            Unit::NanosecondsPerFuel => format!("{figure:.3} ns/fuel"),
            Unit::Microseconds => format!("{figure:.2} µs"),
            Unit::Milliseconds => format!("{figure:.2} ms"),
            Unit::PerSecond => format!("{figure:.0} /s"),
            Unit::KiB => format!("{figure:.0} KiB"),
            Unit::Count => format!("{figure:.0}"),
        }
    }
}

impl Table {
    pub(crate) fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    pub(crate) fn load(folder: &Path, name: &str) -> Result<Table> {
        let path = folder.join(name).with_extension("json");
        let text = fs::read(&path).with_context(|| {
            format!(
                "no figures in `{}`\nhint: keep some with `--save {name}`",
                path.display()
            )
        })?;
        serde_json::from_slice(&text).with_context(|| format!("`{}`", path.display()))
    }

    pub(crate) fn store(&self, folder: &Path, name: &str) -> Result<()> {
        fs::create_dir_all(folder)?;
        fs::write(
            folder.join(name).with_extension("json"),
            serde_json::to_vec_pretty(self)?,
        )?;
        Ok(())
    }

    pub(crate) fn render(&self, before: Option<&Table>) -> String {
        let mut text = Text::new();
        text.load_style(presets::ASCII_MARKDOWN);
        let mut heading = vec!["benchmark", "ours", "reference", "ratio", "bar", "holds"];
        if before.is_some() {
            heading.extend(["ratio before", "ours now / before"]);
        }
        text.set_header(heading);
        for row in &self.rows {
            let mut cells = vec![
                row.name.clone(),
                row.unit.show(row.ours),
                row.unit.show(row.reference),
                format!("{:.3}", row.ratio),
                row.bar.map_or_else(String::new, |bar| bar.to_string()),
                row.bar
                    .map_or("", |bar| if bar.holds(row.ratio) { "yes" } else { "NO" })
                    .to_owned(),
            ];
            if let Some(before) = before {
                let old = before.rows.iter().find(|old| old.name == row.name);
                cells.push(old.map_or("–".to_owned(), |old| format!("{:.3}", old.ratio)));
                cells.push(old.map_or("–".to_owned(), |old| {
                    format!("{:.3}", row.ours / old.ours)
                }));
            }
            text.add_row(cells);
        }
        for column in 1..4 {
            text.column_mut(column)
                .expect("it was set")
                .set_cell_alignment(CellAlignment::Right);
        }
        text.to_string()
    }
}
