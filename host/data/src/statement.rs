//! What a run's trace says of a call: the statement, and what the engine did for it.

use serde_json::{Value, json};

use crate::limits::TRACED_STATEMENT_BYTES;

/// What a guest asks of the engine.
pub(crate) enum Statement {
    /// A statement.
    Sql(String),
    /// Rows for a table.
    Insert(String),
}

impl Statement {
    /// The statement, or the name of the table.
    pub(crate) fn text(&self) -> &str {
        match self {
            Statement::Sql(text) | Statement::Insert(text) => text,
        }
    }

    /// The text for the trace, with a mark where it was cut.
    pub(crate) fn facts(&self) -> Vec<(String, Value)> {
        let name = match self {
            Statement::Sql(_) => "sql",
            Statement::Insert(_) => "table",
        };
        let text = self.text();
        let mut end = text.len().min(TRACED_STATEMENT_BYTES);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let shown = match end == text.len() {
            true => text.to_owned(),
            false => format!("{}…", &text[..end]),
        };
        vec![(name.to_owned(), json!(shown))]
    }
}

/// What the engine has done for a run so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Done {
    /// The steps of SQLite's virtual machine. Nothing counts them behind an ADBC driver.
    pub(crate) steps: Option<u64>,
    /// The rows that were returned, inserted and changed.
    pub(crate) rows: u64,
}

impl Done {
    /// What was done since then, for the trace.
    pub(crate) fn since(self, before: Done) -> Vec<(String, Value)> {
        let rows = self.rows.saturating_sub(before.rows);
        let mut facts = vec![("rows".to_owned(), json!(rows))];
        if let Some(steps) = self.steps {
            let steps = steps.saturating_sub(before.steps.unwrap_or_default());
            facts.push(("steps".to_owned(), json!(steps)));
        }
        facts
    }
}
