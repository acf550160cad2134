//! `fractalaw data import`: fills a database from files, and says how many rows which table got.

use std::fmt::Write;

use anyhow::Result;
use fractalaw_host::terminal::{self, one_line};
use fractalaw_sqlite::by_hand::{Counts, Filling};
use serde_json::Value as Json;

use super::value;
use crate::flags::data::Import;
use crate::printing;

/// Runs the command.
pub(super) fn run(flags: &Import) -> Result<()> {
    let mut filling = Filling::begin(&flags.database)?;
    for source in &flags.sources {
        filling.import(source, flags.table.as_deref())?;
    }
    let counts = filling.finish()?;
    if counts.is_empty() {
        printing::note("no rows were changed");
    }
    let mut text = String::new();
    for (table, counts) in &counts {
        let _ = match flags.json {
            true => writeln!(text, "{}", terminal::json(object(table, counts))),
            false => writeln!(text, "{}: {}", one_line(table), said(counts)),
        };
    }
    printing::print(&text)
}

/// All counts, for a program.
fn object(table: &str, counts: &Counts) -> String {
    value::object([
        ("table", Json::from(table).to_string()),
        ("inserted", counts.inserted.to_string()),
        ("updated", counts.updated.to_string()),
        ("deleted", counts.deleted.to_string()),
    ])
}

/// The counts that are not zero, in words.
pub(super) fn said(counts: &Counts) -> String {
    let counts = [
        (counts.inserted, "inserted"),
        (counts.updated, "updated"),
        (counts.deleted, "deleted"),
    ];
    let mut text = String::new();
    for (count, what) in counts.into_iter().filter(|(count, _)| *count > 0) {
        let _ = match (text.is_empty(), count) {
            (true, 1) => write!(text, "1 row {what}"),
            (true, _) => write!(text, "{count} rows {what}"),
            (false, _) => write!(text, ", {count} {what}"),
        };
    }
    text
}
