//! Fills tables from files. A `.sql` file is run. The rows of a `.csv` or `.jsonl` file go into the table that
//! has the file's name.
//!
//! This is for whoever sets up a database and not for guests: nothing is metered and nothing is denied.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::types::Value;
use rusqlite::{Connection, Statement, params_from_iter};
use thiserror::Error;

use crate::csv::Records;
use crate::kind::ColumnKind;
use crate::world::{list, quoted};

/// Why a file was not imported. None of its rows were added.
#[derive(Debug, Error)]
pub enum ImportError {
    /// The file does not exist or is not text.
    #[error("cannot read `{path}`: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The file's name does not say what it contains.
    #[error("`{path}` is no file of data\nhint: call it `….sql`, `TABLE.csv` or `TABLE.jsonl`")]
    Kind {
        /// The file.
        path: PathBuf,
    },
    /// A line of the file is not a row.
    #[error("`{path}`, line {line}: {what}")]
    Line {
        /// The file.
        path: PathBuf,
        /// The line's number, from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// The database refused a row.
    #[error("`{path}`: {source}")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// SQLite's error.
        source: rusqlite::Error,
    },
}

/// Imports one file completely or not at all, and returns how many rows were added or changed. A file of SQL must
/// not have a transaction of its own.
pub fn import(connection: &Connection, path: &Path) -> Result<u64, ImportError> {
    let text = fs::read_to_string(path).map_err(|source| ImportError::Read {
        path: path.to_owned(),
        source,
    })?;
    let sqlite = |source| ImportError::Sqlite {
        path: path.to_owned(),
        source,
    };
    let before = connection.total_changes();
    let transaction = connection.unchecked_transaction().map_err(sqlite)?;
    let extension = path.extension().and_then(|extension| extension.to_str());
    let table = path.file_stem().and_then(|stem| stem.to_str());
    match (extension, table) {
        (Some("sql"), _) => connection.execute_batch(&text).map_err(sqlite)?,
        (Some("csv"), Some(table)) => {
            csv(connection, table, &text).map_err(|problem| problem.of(path))?;
        }
        (Some("jsonl"), Some(table)) => {
            json_lines(connection, table, &text).map_err(|problem| problem.of(path))?;
        }
        _ => {
            return Err(ImportError::Kind {
                path: path.to_owned(),
            });
        }
    }
    transaction.commit().map_err(sqlite)?;
    Ok(connection.total_changes() - before)
}

/// A line that is not a row, and why.
struct Problem {
    line: usize,
    what: String,
}

impl Problem {
    fn new(line: usize, what: impl ToString) -> Problem {
        Problem {
            line,
            what: what.to_string(),
        }
    }

    fn of(self, path: &Path) -> ImportError {
        ImportError::Line {
            path: path.to_owned(),
            line: self.line,
            what: self.what,
        }
    }
}

/// The first line names the columns. An empty field is null, and a field of two quotes is empty text.
fn csv(connection: &Connection, table: &str, text: &str) -> Result<(), Problem> {
    let mut records = Records::new(text);
    let mut next = || records.next().transpose();
    let header = next().map_err(|(line, what)| Problem::new(line, what))?;
    let Some((line, header)) = header else {
        return Err(Problem::new(1, "expected the names of the columns"));
    };
    let names: Vec<String> = header.into_iter().map(Option::unwrap_or_default).collect();
    let mut rows = Rows::new(connection, table, &names).map_err(|e| Problem::new(line, e))?;
    while let Some((line, fields)) = next().map_err(|(line, what)| Problem::new(line, what))? {
        if fields.len() != names.len() {
            let what = format!("{} fields, expected {}", fields.len(), names.len());
            return Err(Problem::new(line, what));
        }
        let values = fields
            .into_iter()
            .zip(&rows.kinds)
            .map(|(field, kind)| match (field.as_deref(), kind) {
                (Some("true"), ColumnKind::Boolean) => Value::Integer(1),
                (Some("false"), ColumnKind::Boolean) => Value::Integer(0),
                (_, _) => field.map_or(Value::Null, Value::Text),
            })
            .collect();
        rows.add(values).map_err(|e| Problem::new(line, e))?;
    }
    Ok(())
}

/// Each line is an object with a member for each column. A list of numbers is a vector for a column `FLOAT[n]`.
/// Any other list, and any object, is stored as JSON text.
fn json_lines(connection: &Connection, table: &str, text: &str) -> Result<(), Problem> {
    let lines = text.lines().enumerate();
    for (at, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let problem = |what: &dyn ToString| Problem::new(at + 1, what.to_string());
        let object: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(line).map_err(|error| problem(&error))?;
        let (names, members): (Vec<String>, Vec<_>) = object.into_iter().unzip();
        let mut rows = Rows::new(connection, table, &names).map_err(|error| problem(&error))?;
        let values = members
            .into_iter()
            .zip(&rows.kinds)
            .map(|(member, kind)| value(member, *kind))
            .collect();
        rows.add(values).map_err(|error| problem(&error))?;
    }
    Ok(())
}

fn value(member: serde_json::Value, kind: ColumnKind) -> Value {
    use serde_json::Value as Json;
    match member {
        Json::Null => Value::Null,
        Json::Bool(is) => Value::Integer(is.into()),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Value::Integer(integer),
            (None, Some(real)) => Value::Real(real),
            (None, None) => Value::Text(number.to_string()),
        },
        Json::String(text) => Value::Text(text),
        Json::Array(items) if matches!(kind, ColumnKind::Vector(_)) => {
            vector(&items).map_or_else(|| Value::Text(Json::Array(items).to_string()), Value::Blob)
        }
        other => Value::Text(other.to_string()),
    }
}

fn vector(items: &[serde_json::Value]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(4 * items.len());
    for item in items {
        bytes.extend_from_slice(&(item.as_f64()? as f32).to_le_bytes());
    }
    Some(bytes)
}

/// Rows that go into some columns of a table.
struct Rows<'c> {
    insert: Statement<'c>,
    kinds: Vec<ColumnKind>,
}

impl<'c> Rows<'c> {
    fn new(
        connection: &'c Connection,
        table: &str,
        names: &[String],
    ) -> rusqlite::Result<Rows<'c>> {
        let mut declared = connection
            .prepare("SELECT type FROM pragma_table_info(?1) WHERE name = ?2 COLLATE NOCASE")?;
        let mut kinds = Vec::with_capacity(names.len());
        for name in names {
            let mut found = declared.query((table, name))?;
            // If there is no such column, `INSERT` says so.
            let kind = match found.next()? {
                Some(row) => ColumnKind::of(&row.get::<_, String>(0)?),
                None => ColumnKind::Any,
            };
            kinds.push(kind);
        }
        let places: Vec<String> = (1..=names.len()).map(|at| format!("?{at}")).collect();
        let insert = connection.prepare(&format!(
            "INSERT INTO {} ({}) VALUES ({})",
            quoted(table),
            list(names),
            places.join(", ")
        ))?;
        Ok(Rows { insert, kinds })
    }

    fn add(&mut self, values: Vec<Value>) -> rusqlite::Result<()> {
        self.insert.execute(params_from_iter(values)).map(|_| ())
    }
}
