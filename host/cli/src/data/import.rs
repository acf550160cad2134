//! `fractalaw data import`: fills a database from files, and says how many rows which table got.

use std::fmt::Write;

use anyhow::Result;
use fractalaw_host::terminal::one_line;
use fractalaw_sqlite::by_hand::{Counts, Filling};

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
        let _ = writeln!(text, "{}: {}", one_line(table), said(counts));
    }
    printing::print(&text)
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
