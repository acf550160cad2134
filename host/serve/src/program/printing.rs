//! Results to standard output, and everything else to standard error.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use anyhow::Context;
use fractalaw_manifest::terminal::{lines, one_line};

use crate::error::ServeError;
use crate::journal::told;

/// Exit codes, beside 0 and 1.
const USAGE: u8 = 2;
const FAILED: u8 = 10;

/// Prints the result of the command. A reader that closed the pipe has seen what it wanted.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("could not write to standard output")
        }
        _ => Ok(()),
    }
}

/// Prints a line besides the result.
pub(crate) fn note(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Prints what went wrong and what to do about it.
pub(crate) fn fail(failure: &anyhow::Error) -> ExitCode {
    let serve = failure.downcast_ref::<ServeError>();
    let (message, hint) = told(failure.as_ref());
    let hint = hint.or_else(|| serve.and_then(ServeError::hint));
    failed(
        &message,
        hint.as_deref(),
        serve.is_some_and(ServeError::is_usage),
    )
}

/// The same for an answer of a supervisor.
pub(crate) fn failed(message: &str, hint: Option<&str>, is_usage: bool) -> ExitCode {
    note(&format!("error: {}", lines(message)));
    if let Some(hint) = hint {
        note(&format!("hint: {}", one_line(hint)));
    }
    ExitCode::from(if is_usage { USAGE } else { FAILED })
}

/// Rows as a table: the first is the head. Columns are as wide as their longest cell.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(&format!("{cell:<width$}  "));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
