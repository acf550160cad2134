//! What a command prints, in the form that was asked for: a table, comma-separated values, or JSON objects on lines.

use std::io::{self, IsTerminal};
use std::ops::ControlFlow;

use fractalaw_sqlite::Value;

use super::output::Output;
use super::rows::{Csv, JsonLines};
use super::table::Table;
use crate::flags::data::Form;
use crate::printing;
use crate::same_name::SameName;

/// Rows with the same columns, while they are printed.
pub(super) struct Sheet {
    kind: Kind,
    output: Output,
}

enum Kind {
    Table(Table),
    Csv(Csv),
    Json(JsonLines),
}

impl Sheet {
    pub(super) fn begin(form: &Form, columns: Vec<String>) -> Result<Sheet, SameName> {
        let mut output = Output::new();
        let kind = if form.json {
            Kind::Json(JsonLines::new(columns)?)
        } else if form.csv {
            let csv = Csv {
                for_terminal: io::stdout().is_terminal(),
            };
            // If nobody takes it, the first row says so.
            let _ = output.put(&csv.header(&columns));
            Kind::Csv(csv)
        } else {
            Kind::Table(Table::new(&columns))
        };
        Ok(Sheet { kind, output })
    }

    /// The same, for columns that have values of many kinds.
    pub(super) fn begin_mixed(form: &Form, columns: Vec<String>) -> Result<Sheet, SameName> {
        let mut sheet = Sheet::begin(form, columns)?;
        if let Kind::Table(table) = &mut sheet.kind {
            table.align_left();
        }
        Ok(sheet)
    }

    /// Takes a row, and says whether to go on.
    pub(super) fn row(&mut self, row: &[Value]) -> ControlFlow<()> {
        match &mut self.kind {
            Kind::Json(lines) => self.output.put(lines.row(row).as_bytes()),
            Kind::Csv(csv) => self.output.put(&csv.row(row)),
            Kind::Table(table) => match table.add(row) {
                Some(text) => self.output.put(text.as_bytes()),
                None => ControlFlow::Continue(()),
            },
        }
    }

    /// Prints what is left. Returns the table, which knows how many rows there were.
    pub(super) fn finish(mut self) -> anyhow::Result<Option<Table>> {
        if let Kind::Table(table) = &mut self.kind {
            let _ = self.output.put(table.rest().as_bytes());
        }
        self.output.finish()?;
        Ok(match self.kind {
            Kind::Table(table) => Some(table),
            Kind::Csv(_) | Kind::Json(_) => None,
        })
    }
}

impl Table {
    /// Says how to see what was cut.
    pub(super) fn note_cuts(&self) {
        if self.has_cut() {
            printing::note(
                "hint: values that end in `…` are cut; `--json` and `--csv` print them whole",
            );
        }
    }
}
