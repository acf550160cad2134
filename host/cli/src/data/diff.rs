//! `fractalaw data diff`: says which rows of two databases differ.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use fractalaw_host::terminal::{self, one_line};
use fractalaw_sqlite::by_hand::{ByHandError, Counts, Difference, Reader, compare};
use fractalaw_sqlite::{Key, Row, RowChange, Value};
use serde_json::{Value as Json, json};

use super::output::{Output, warn_if_unsettled};
use super::sheet::Sheet;
use super::value;
use crate::exit::{self, DIFFERS};
use crate::flags::data::Diff;
use crate::printing;

/// The columns of a table of differences.
const COLUMNS: [&str; 6] = ["change", "name", "key", "column", "before", "after"];

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
    let mut counts: BTreeMap<String, Counts> = BTreeMap::new();
    let mut differs = false;
    let mut noted = |difference: &Difference<'_>| {
        differs = true;
        if let Difference::Row { table, change, .. } = difference {
            count(&mut counts, table, change);
        }
    };
    let table = if flags.form.json {
        let mut output = Output::new();
        let compared = compare(&old, &new, |difference| {
            noted(&difference);
            output.put((terminal::json(object(&difference)) + "\n").as_bytes())
        });
        output.finish()?;
        compared?;
        None
    } else {
        let mut sheet = Sheet::begin_mixed(&flags.form, COLUMNS.map(str::to_owned).into())?;
        let compared = compare(&old, &new, |difference| {
            noted(&difference);
            rows(&difference, |row| sheet.row(row))
        });
        let table = match differs || flags.form.csv {
            true => sheet.finish()?,
            false => None,
        };
        compared?;
        table
    };
    for (table, counts) in &counts {
        printing::note(format_args!("{}: {}", one_line(table), said(counts)));
    }
    if let Some(table) = table {
        table.note_cuts();
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

/// The counts that are not zero, in words.
fn said(counts: &Counts) -> String {
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

/// The difference as rows of a table, each with one value before and after.
fn rows(
    difference: &Difference<'_>,
    mut put: impl FnMut(&[Value]) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let text = |text: &str| Value::Text(text.as_bytes().into());
    match difference {
        Difference::Definition {
            name,
            before,
            after,
            ..
        } => {
            let sql = |sql: &Option<&str>| sql.map_or(Value::Null, text);
            put(&[
                text(of_definition(before, after)),
                text(name),
                Value::Null,
                Value::Null,
                sql(before),
                sql(after),
            ])
        }
        Difference::Row {
            table,
            columns,
            change,
        } => {
            let key = match &change.key {
                Key::Rowid(rowid) => Value::Integer(*rowid),
                Key::Columns(values) => match &**values {
                    [value] => value.clone(),
                    values => text(&values.iter().map(value::json).collect::<Json>().to_string()),
                },
            };
            for (at, column) in columns.iter().enumerate() {
                let of = |row: &Option<Row>| row.as_ref().and_then(|row| row.get(at)).cloned();
                let (before, after) = (of(&change.before), of(&change.after));
                if before == after {
                    continue;
                }
                put(&[
                    text(of_row(change)),
                    text(table),
                    key.clone(),
                    text(column),
                    before.unwrap_or(Value::Null),
                    after.unwrap_or(Value::Null),
                ])?;
            }
            ControlFlow::Continue(())
        }
    }
}

fn verb(is_before: bool, is_after: bool, [made, changed, gone]: [&'static str; 3]) -> &'static str {
    match (is_before, is_after) {
        (false, _) => made,
        (true, true) => changed,
        (true, false) => gone,
    }
}

/// What happened to a table, an index or the like.
fn of_definition(before: &Option<&str>, after: &Option<&str>) -> &'static str {
    let verbs = ["create", "alter", "drop"];
    verb(before.is_some(), after.is_some(), verbs)
}

/// What happened to a row.
fn of_row(change: &RowChange) -> &'static str {
    let verbs = ["insert", "update", "delete"];
    verb(change.before.is_some(), change.after.is_some(), verbs)
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
            ("kind", json!(of_definition(before, after)).to_string()),
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
            let key: Json = match &change.key {
                Key::Rowid(rowid) => value::json(&Value::Integer(*rowid)),
                Key::Columns(values) => values.iter().map(value::json).collect(),
            };
            let row = |row: &Option<Row>| {
                let row = row.as_ref().map(|row| value::row(columns, row));
                row.unwrap_or_else(|| "null".to_owned())
            };
            value::object([
                ("kind", json!(of_row(change)).to_string()),
                ("table", json!(table).to_string()),
                ("key", key.to_string()),
                ("before", row(&change.before)),
                ("after", row(&change.after)),
            ])
        }
    }
}
