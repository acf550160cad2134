//! `fractalaw data query`: prints the rows of a query, one after another.

use anyhow::Result;
use fractalaw_sqlite::by_hand::Reader;

use super::output::warn_if_unsettled;
use super::sheet::Sheet;
use crate::flags::data::Query;
use crate::printing;

/// Runs the command.
pub(super) fn run(flags: &Query) -> Result<()> {
    let reader = Reader::open(&flags.database)?;
    warn_if_unsettled(&flags.database);
    let mut rows = reader.prepare(&flags.sql)?;
    let mut sheet = Sheet::begin(&flags.form, rows.columns())?;
    let read = rows.each(|row| sheet.row(row));
    // Rows that were read before an error are printed, too.
    let table = sheet.finish()?;
    read?;
    if let Some(table) = table {
        printing::note(match table.rows() {
            1 => "1 row".to_owned(),
            rows => format!("{rows} rows"),
        });
        table.note_cuts();
    }
    Ok(())
}
