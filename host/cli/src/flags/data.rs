//! The flags of `fractalaw data`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// The exit codes of a comparison, which are those of the program `diff`.
const DIFFERS: &str = "\
Exit codes:
   0  no difference        2  usage
   1  differences         10  the comparison failed";

#[derive(Debug, Subcommand)]
pub(crate) enum Data {
    /// Print the rows of a query, without changing anything or holding anybody up.
    ///
    /// The table cuts long values and marks them with `…`. Nulls are `NULL`, blobs are `x'…'`, and text that could be
    /// taken for something else is in quotes. `--json` and `--csv` print values whole.
    Query(Query),
    /// Fill a database from files, completely or not at all, and print how many rows of which table were changed.
    ///
    /// A file `….sql` is run. The rows of a `TABLE.csv` or `TABLE.jsonl` go into that table. A database that does not
    /// exist is made.
    Import(Import),
    /// Print which rows of two databases differ, by table and in the order of their keys.
    ///
    /// There is a line for each value of a row that was inserted or deleted, and for each value of an updated row that differs. A
    /// key of several columns is a list in JSON. Tables, indexes and the like that were made, changed or dropped come first, with the
    /// statement that makes them.
    #[command(after_help = DIFFERS)]
    Diff(Diff),
}

#[derive(Debug, Args)]
pub(crate) struct Query {
    /// The SQLite database.
    pub(crate) database: PathBuf,
    /// One statement that only reads.
    pub(crate) sql: String,
    #[command(flatten)]
    pub(crate) form: Form,
}

/// The form of what a command prints, which is a table if no other is asked for.
#[derive(Debug, Args)]
pub(crate) struct Form {
    /// Print each row as a JSON object on a line. From `query`, `import` reads this as a file `TABLE.jsonl`. From `diff`, an
    /// object has the whole row before and after.
    #[arg(long, conflicts_with = "csv")]
    pub(crate) json: bool,
    /// Print comma-separated values. A null is an empty field, and text that is empty or looks like another value is in quotes.
    #[arg(long)]
    pub(crate) csv: bool,
}

impl Form {
    pub(crate) fn is_table(&self) -> bool {
        !self.json && !self.csv
    }
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The SQLite database.
    pub(crate) database: PathBuf,
    /// The files, in this order.
    #[arg(required = true, value_name = "SOURCE")]
    pub(crate) sources: Vec<PathBuf>,
    /// The table for rows, instead of the one that has the file's name.
    #[arg(long)]
    pub(crate) table: Option<String>,
    #[command(flatten)]
    pub(crate) form: Form,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The database as it was.
    pub(crate) old: PathBuf,
    /// The database as it is.
    pub(crate) new: PathBuf,
    #[command(flatten)]
    pub(crate) form: Form,
}
