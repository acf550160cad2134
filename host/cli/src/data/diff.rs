//! `fractalaw data diff`: says which rows of two databases differ.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use fractalaw_data::row_effect;
use fractalaw_host::terminal::{self, one_line};
use fractalaw_host::{Effect, Settled};
use fractalaw_sqlite::by_hand::{ByHandError, Counts, Difference, Reader, compare};
use fractalaw_sqlite::{Key, Row, RowChange, Value};
use serde_json::{Value as Json, json};

use super::import::said;
use super::output::{Output, warn_if_unsettled};
use super::value;
use crate::exit::{self, DIFFERS};
use crate::flags::data::Diff;
use crate::printing;

/// Runs the command. Its exit codes are those of the program `diff`.
pub(super) fn run(flags: &Diff) -> ExitCode {
    match diff(flags) {
        Ok(false) => exit::printed(Ok(())),
        Ok(true) => ExitCode::from(DIFFERS),
        Err(error) => exit::fail(&error),
    }
}

/// Prints the differences, and returns whether there are any.
fn diff(flags: &Diff) -> Result<bool> {
    let (old, new) = (open(&flags.old)?, open(&flags.new)?);
    let mut output = Output::new();
    let mut differs = false;
    let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
    let compared = compare(&old, &new, |difference| {
        differs = true;
        if let Difference::Row { table, change, .. } = difference {
            count(&mut counts, table, change);
        }
        let line = match flags.json {
            true => terminal::json(object(&difference)),
            false => effect(&difference).deed(),
        };
        output.put((line + "\n").as_bytes())
    });
    output.finish()?;
    compared?;
    for (table, counts) in &counts {
        printing::note(format_args!("{}: {}", one_line(table), said(counts)));
    }
    Ok(differs)
}

fn open(database: &Path) -> Result<Reader, ByHandError> {
    let reader = Reader::open(database)?;
    warn_if_unsettled(database);
    Ok(reader)
}

fn count(counts: &mut BTreeMap<String, Counts>, table: &str, change: &RowChange) {
    if !counts.contains_key(table) {
        counts.insert(table.to_owned(), Counts::default());
    }
    if let Some(counts) = counts.get_mut(table) {
        match (&change.before, &change.after) {
            (None, _) => counts.inserted += 1,
            (Some(_), Some(_)) => counts.updated += 1,
            (Some(_), None) => counts.deleted += 1,
        }
    }
}

/// The difference as a report shows the effect of a run.
fn effect(difference: &Difference<'_>) -> Effect {
    let settled = Settled::Committed;
    match difference {
        Difference::Row {
            table,
            columns,
            change,
        } => row_effect(table, columns, change, settled),
        Difference::Definition {
            kind,
            name,
            before,
            after,
        } => Effect {
            capability: "data".to_owned(),
            kind: verb(before, after).to_owned(),
            subject: (*name).to_owned(),
            fields: vec![(
                (*kind).to_owned(),
                match (before, after) {
                    (Some(before), Some(after)) => json!({ "before": before, "after": after }),
                    (before, after) => json!(before.or(*after)),
                },
            )],
            settled,
        },
    }
}

fn verb(before: &Option<&str>, after: &Option<&str>) -> &'static str {
    match (before, after) {
        (None, _) => "create",
        (Some(_), None) => "drop",
        (Some(_), Some(_)) => "alter",
    }
}

/// The difference for a program, with the whole row before and after.
fn object(difference: &Difference<'_>) -> String {
    match difference {
        Difference::Definition {
            kind,
            name,
            before,
            after,
        } => value::object([
            ("kind", json!(verb(before, after)).to_string()),
            ("object", json!(kind).to_string()),
            ("name", json!(name).to_string()),
            ("before", json!(before).to_string()),
            ("after", json!(after).to_string()),
        ]),
        Difference::Row {
            table,
            columns,
            change,
        } => {
            let kind = row_effect(table, columns, change, Settled::Committed).kind;
            let key: Json = match &change.key {
                Key::Rowid(rowid) => value::json(&Value::Integer(*rowid)),
                Key::Columns(values) => values.iter().map(value::json).collect(),
            };
            let row = |row: &Option<Row>| {
                let row = row.as_ref().map(|row| value::row(columns, row));
                row.unwrap_or_else(|| "null".to_owned())
            };
            value::object([
                ("kind", json!(kind).to_string()),
                ("table", json!(table).to_string()),
                ("key", key.to_string()),
                ("before", row(&change.before)),
                ("after", row(&change.after)),
            ])
        }
    }
}
