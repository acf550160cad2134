//! `fractalaw data query`: prints the rows of a query, one after another.

use std::io::{self, IsTerminal};

use anyhow::Result;
use fractalaw_sqlite::by_hand::Reader;

use super::output::{Output, warn_if_unsettled};
use super::rows::{Csv, JsonLines};
use super::table::Table;

use crate::flags::data::Query;
use crate::printing;

/// Runs the command.
pub(super) fn run(flags: &Query) -> Result<()> {
    let reader = Reader::open(&flags.database)?;
    warn_if_unsettled(&flags.database);
    let mut rows = reader.prepare(&flags.sql)?;
    let columns = rows.columns();
    let mut output = Output::new();
    let read = if flags.json {
        let lines = JsonLines::new(columns)?;
        rows.each(|row| output.put(lines.row(row).as_bytes()))
    } else if flags.csv {
        let csv = Csv {
            for_terminal: io::stdout().is_terminal(),
        };
        match output.put(&csv.header(&columns)) {
            flow if flow.is_break() => Ok(()),
            _ => rows.each(|row| output.put(&csv.row(row))),
        }
    } else {
        let mut table = Table::new(&columns);
        let read = rows.each(|row| match table.add(row) {
            Some(text) => output.put(text.as_bytes()),
            None => std::ops::ControlFlow::Continue(()),
        });
        // Rows that were read before an error are printed, too.
        let _ = output.put(table.rest().as_bytes());
        output.finish()?;
        read?;
        table.note();
        return Ok(());
    };
    output.finish()?;
    Ok(read?)
}

impl Table {
    /// Says how many rows there were, and how to see what was cut.
    fn note(&self) {
        printing::note(match self.rows() {
            1 => "1 row".to_owned(),
            rows => format!("{rows} rows"),
        });
        if self.has_cut() {
            printing::note(
                "hint: values that end in `…` are cut; `--json` and `--csv` print them whole",
            );
        }
    }
}
