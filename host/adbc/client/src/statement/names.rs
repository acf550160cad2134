//! Names of functions and views that reach further than the tables of a database: into its settings, into what
//! other runs do, into the machine, or past the check of statements.

use super::tokens::Token;
use crate::engine::Sql;

/// DuckDB's functions that run a statement given as text, or reach what is not a table.
const DUCKDB: [&str; 10] = [
    "CURRENT_SETTING",
    "JSON_EXECUTE_SERIALIZED_SQL",
    "CHECKPOINT",
    "FORCE_CHECKPOINT",
    "QUERY",
    "QUERY_TABLE",
    "SEQ_SCAN",
    "SQL_AUTO_COMPLETE",
    "WHICH_SECRET",
    "WRITE_LOG",
];

/// How the names of more of them begin. `read_csv` and similar functions are among them, although the host turns
/// off access to files as well.
const DUCKDB_BEGINNINGS: [&str; 11] = [
    "ARROW_SCAN",
    "CHECK_PEG_",
    "DISABLE_",
    "DUCKDB_",
    "ENABLE_",
    "PARQUET_",
    "PRAGMA_",
    "READ_",
    "SNIFF_",
    "TRUNCATE_",
    "WRITE_",
];

/// Those among them that only describe tables and functions.
const DUCKDB_DESCRIPTIONS: [&str; 13] = [
    "DUCKDB_COLUMNS",
    "DUCKDB_CONSTRAINTS",
    "DUCKDB_FUNCTIONS",
    "DUCKDB_INDEXES",
    "DUCKDB_KEYWORDS",
    "DUCKDB_SCHEMAS",
    "DUCKDB_SEQUENCES",
    "DUCKDB_TABLES",
    "DUCKDB_TYPES",
    "DUCKDB_VIEWS",
    "PRAGMA_COLLATIONS",
    "PRAGMA_TABLE_INFO",
    "PRAGMA_VERSION",
];

/// Views of the same things. A text can name a table in DuckDB.
const DUCKDB_VIEWS: [&str; 4] = [
    "DUCKDB_DATABASES",
    "DUCKDB_LOGS",
    "PG_SETTINGS",
    "PRAGMA_DATABASE_LIST",
];

/// PostgreSQL's functions that change settings, and those that run a statement given as text.
const POSTGRESQL: [&str; 5] = [
    "SET_CONFIG",
    "QUERY_TO_XML",
    "QUERY_TO_XMLSCHEMA",
    "QUERY_TO_XML_AND_XMLSCHEMA",
    "TS_STAT",
];

/// An update of this view changes settings.
const POSTGRESQL_VIEWS: [&str; 1] = ["PG_SETTINGS"];

/// The first name in the statement that is not for guests, in upper case.
pub(super) fn refused(tokens: &[Token], dialect: Sql) -> Option<&str> {
    let (is_function, views): (fn(&str) -> bool, &[&str]) = match dialect {
        Sql::Duckdb => (is_of_duckdb, &DUCKDB_VIEWS),
        Sql::Postgresql => (|name| POSTGRESQL.contains(&name), &POSTGRESQL_VIEWS),
        Sql::Sqlite | Sql::Other => return None,
    };
    tokens.iter().enumerate().find_map(|(at, token)| {
        let name = token.name()?;
        let is_call = is_function(name) && is_call(tokens, at);
        (views.contains(&name) || is_call).then_some(name)
    })
}

/// Whether the name there is followed by arguments, and not by the columns of an `INSERT`.
fn is_call(tokens: &[Token], name: usize) -> bool {
    let mut before = tokens.iter().take(name).rev();
    let mut last = before.next();
    while last == Some(&Token::Sign('.')) {
        last = before.nth(1);
    }
    let is_inserted = last.and_then(Token::word) == Some("INTO");
    tokens.get(name + 1) == Some(&Token::Sign('(')) && !is_inserted
}

fn is_of_duckdb(name: &str) -> bool {
    let begins = DUCKDB_BEGINNINGS
        .iter()
        .any(|beginning| name.starts_with(beginning));
    DUCKDB.contains(&name) || begins && !DUCKDB_DESCRIPTIONS.contains(&name)
}
