//! Fills tables from files. A `.sql` file is run. The rows of a `.csv` or `.jsonl` file go into the table that
//! has the file's name.
//!
//! This is for whoever sets up a database and not for guests: nothing is metered and nothing is denied.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::limits::Limit;
use rusqlite::{Batch, Connection, Error as SqliteError, ErrorCode, Statement, params_from_iter};
use thiserror::Error;

use crate::changes::Bound;
use crate::csv::{Broken, Records, too_long};
use crate::json;
use crate::kind::ColumnKind;
use crate::limits::RECORD_BYTES;
use crate::value::Value;
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
    /// A statement of the file rolled everything back.
    #[error("`{path}` rolls back, and everything that is imported takes effect together")]
    RolledBack {
        /// The file.
        path: PathBuf,
    },
}

/// Why a file of rows ends before its end.
enum Stop {
    Line(Problem),
    Read(std::io::Error),
}

/// Imports one file completely or not at all, and returns how many rows were added or changed.
pub fn import(connection: &Connection, path: &Path) -> Result<u64, ImportError> {
    let sqlite = |source| ImportError::Sqlite {
        path: path.to_owned(),
        source,
    };
    let before = connection.total_changes();
    let transaction = connection.unchecked_transaction().map_err(sqlite)?;
    into(connection, path, None)?;
    transaction.commit().map_err(sqlite)?;
    Ok(connection.total_changes() - before)
}

/// Imports one file in the transaction that is open. Rows go into the table that is named, or that has the file's
/// name. The table of an SQL file is in the file itself.
pub(crate) fn into(
    connection: &Connection,
    path: &Path,
    table: Option<&str>,
) -> Result<(), ImportError> {
    let extension = path.extension().and_then(|extension| extension.to_str());
    let table = table.or_else(|| path.file_stem().and_then(|stem| stem.to_str()));
    let unreadable = |source| ImportError::Read {
        path: path.to_owned(),
        source,
    };
    let sqlite = |source| ImportError::Sqlite {
        path: path.to_owned(),
        source,
    };
    let open = || match path.metadata().map_err(unreadable)?.is_file() {
        true => File::open(path).map(BufReader::new).map_err(unreadable),
        // Nothing of ours would end the wait for the other end of a pipe.
        false => Err(unreadable(std::io::Error::new(
            ErrorKind::InvalidInput,
            "expected a regular file",
        ))),
    };
    let read = match (extension, table) {
        (Some("sql"), _) => {
            open()?;
            let text = fs::read_to_string(path).map_err(unreadable)?;
            // The file fills this database and reaches no other.
            let most = connection
                .set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)
                .map_err(sqlite)?;
            let done = statements(connection, path, &text);
            connection
                .set_limit(Limit::SQLITE_LIMIT_ATTACHED, most)
                .map_err(sqlite)?;
            done?;
            Ok(())
        }
        (Some("csv"), Some(table)) => csv(connection, table, open()?),
        (Some("jsonl"), Some(table)) => json_lines(connection, table, open()?),
        _ => {
            return Err(ImportError::Kind {
                path: path.to_owned(),
            });
        }
    };
    read.map_err(|stop| match stop {
        Stop::Line(problem) => problem.of(path),
        Stop::Read(source) => unreadable(source),
    })
}

/// Runs one statement after another.
fn statements(connection: &Connection, path: &Path, text: &str) -> Result<(), ImportError> {
    let failed = |at: usize, error: SqliteError| {
        let line = 1 + text.as_bytes()[..at.min(text.len())]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        match error.sqlite_error_code() {
            Some(ErrorCode::AuthorizationForStatementDenied) => ImportError::RolledBack {
                path: path.to_owned(),
            },
            _ if said(&error).starts_with("too many attached databases") => {
                Problem::new(line, "`ATTACH` would reach another file").of(path)
            }
            _ => Problem::new(line, said(&error)).of(path),
        }
    };
    // SQLite would stop there, and leave out what follows.
    if let Some(zero) = text.find('\0') {
        let line = 1 + text[..zero].matches('\n').count();
        return Err(Problem::new(line, "a zero byte").of(path));
    }
    let mut batch = Batch::new(connection, text);
    let mut at = 0;
    loop {
        let mut statement = match batch.next() {
            Ok(Some(statement)) => statement,
            Ok(None) => return Ok(()),
            Err(error) => {
                at += text[at..].len() - text[at..].trim_start().len();
                // SQLite was given the rest of the text, and mostly knows a place in it.
                if let SqliteError::SqlInputError { sql, offset, .. } = &error {
                    at = text.len() - sql.len() + usize::try_from(*offset).unwrap_or(0);
                }
                return Err(failed(at, error));
            }
        };
        let sql = statement.expanded_sql().unwrap_or_default();
        at += text[at..].find(sql.trim_start()).unwrap_or(0);
        let mut rows = statement.raw_query();
        loop {
            match rows.next() {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(error) => return Err(failed(at, error)),
            }
        }
        at += sql.trim_start().len();
    }
}

/// SQLite's message, without the text of the statement.
fn said(error: &SqliteError) -> String {
    match error {
        SqliteError::SqlInputError { msg, .. } => msg.clone(),
        SqliteError::SqliteFailure(_, Some(message)) => message.clone(),
        other => other.to_string(),
    }
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

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Stop {
        Stop::Line(problem)
    }
}

/// The first line names the columns. An empty field is null, and a field of two quotes is empty text.
fn csv(connection: &Connection, table: &str, text: impl BufRead) -> Result<(), Stop> {
    let mut records = Records::new(text);
    let Some((line, header)) = records.next()? else {
        return Err(Problem::new(1, "expected the names of the columns").into());
    };
    let names: Vec<String> = header.into_iter().map(Option::unwrap_or_default).collect();
    once(&names).map_err(|what| Problem::new(line, what))?;
    let mut rows =
        Rows::new(connection, table, &names).map_err(|e| Problem::new(line, said(&e)))?;
    while let Some((line, fields)) = records.next()? {
        if fields.len() != names.len() {
            let what = format!("{} fields, expected {}", fields.len(), names.len());
            return Err(Problem::new(line, what).into());
        }
        let values = fields
            .into_iter()
            .zip(&rows.kinds)
            .map(|(field, kind)| match (field.as_deref(), kind) {
                (Some("true"), ColumnKind::Boolean) => Value::Integer(1),
                (Some("false"), ColumnKind::Boolean) => Value::Integer(0),
                (_, _) => field.map_or(Value::Null, |text| Value::Text(text.into_bytes().into())),
            })
            .collect();
        rows.add(values).map_err(|e| Problem::new(line, said(&e)))?;
    }
    Ok(())
}

/// Each column once. SQLite would take one of the values and drop the other.
fn once(names: &[String]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    let twice = names
        .iter()
        .find(|name| !seen.insert(name.to_ascii_lowercase()));
    twice.map_or(Ok(()), |name| {
        Err(format!("the column `{name}` is there twice"))
    })
}

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Stop {
        match broken {
            Broken::Record { line, what } => Problem::new(line, what).into(),
            Broken::Read(source) => Stop::Read(source),
        }
    }
}

/// Each line is an object with a member for each column. What `fractalaw data query --json` writes for a value that JSON has no form for is
/// that value. A list of numbers is a vector for a column `FLOAT[n]`. Any other list or object is stored as the JSON text that it is.
fn json_lines(connection: &Connection, table: &str, mut text: impl BufRead) -> Result<(), Stop> {
    let mut line = String::new();
    let mut kept: Option<(Vec<String>, Rows<'_>)> = None;
    for at in 1.. {
        line.clear();
        let most = RECORD_BYTES as u64 + 1;
        let read = text.by_ref().take(most).read_line(&mut line);
        if read.map_err(Stop::Read)? == 0 {
            break;
        }
        let problem = |what: &dyn ToString| Problem::new(at, what.to_string());
        if line.len() > RECORD_BYTES {
            return Err(problem(&too_long()).into());
        }
        if line.trim().is_empty() {
            continue;
        }
        let object = json::object(&line).map_err(|error| problem(&error))?;
        let (names, members): (Vec<String>, Vec<_>) = object.into_iter().unzip();
        // Mostly, all lines have the same members.
        if kept.as_ref().is_none_or(|(known, _)| *known != names) {
            once(&names).map_err(|what| problem(&what))?;
            let rows = Rows::new(connection, table, &names);
            kept = Some((names, rows.map_err(|error| problem(&said(&error)))?));
        }
        let Some((_, rows)) = &mut kept else {
            continue;
        };
        let values = members
            .into_iter()
            .zip(&rows.kinds)
            .map(|(member, kind)| json::value(member, *kind))
            .collect::<Result<_, _>>()
            .map_err(|error| problem(&error))?;
        rows.add(values).map_err(|error| problem(&said(&error)))?;
    }
    Ok(())
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
        let bound = values.iter().map(Bound::Value);
        self.insert.execute(params_from_iter(bound)).map(|_| ())
    }
}
