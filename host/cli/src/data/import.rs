//! `fractalaw data import`: fills a database from files, and says how many rows of which table it changed.

use anyhow::Result;
use fractalaw_sqlite::Value;
use fractalaw_sqlite::by_hand::{Counts, Filling};

use super::sheet::Sheet;
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
    print(flags, &counts)
}

fn print(flags: &Import, counts: &[(String, Counts)]) -> Result<()> {
    if counts.is_empty() && flags.form.is_table() {
        return Ok(());
    }
    let columns = ["table", "inserted", "updated", "deleted"].map(str::to_owned);
    let mut sheet = Sheet::begin(&flags.form, columns.into())?;
    for (table, counts) in counts {
        let number = |count: u64| Value::Integer(i64::try_from(count).unwrap_or(i64::MAX));
        let row = [
            Value::Text(table.as_bytes().into()),
            number(counts.inserted),
            number(counts.updated),
            number(counts.deleted),
        ];
        if sheet.row(&row).is_break() {
            break;
        }
    }
    sheet.finish().map(drop)
}
