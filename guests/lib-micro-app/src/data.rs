//! Queries and changes. What a run changes takes effect when it completes.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::contract::fractal::app::{data_mutate, data_query};
use crate::error::{Code, Error};
use crate::rows::{Rows, to_stream};
use crate::sql::Sql;

/// The rows of a statement that only reads.
pub fn query(sql: impl Into<Sql>) -> Result<Rows, Error> {
    let stream = data_query::query(sql.into().as_str());
    stream
        .map(Rows::from_stream)
        .map_err(|error| refused(error.code, error.message))
}

/// The rows as structs by the columns' names, as tuples by their order, or from a single column as values.
pub fn query_as<T: DeserializeOwned>(sql: impl Into<Sql>) -> Result<Vec<T>, Error> {
    query(sql)?.to_vec()
}

/// The first row, if there is one.
pub fn query_one<T: DeserializeOwned>(sql: impl Into<Sql>) -> Result<Option<T>, Error> {
    query(sql)?.iter()?.next().transpose()
}

/// Runs a statement that changes rows, and says how many.
pub fn execute(sql: impl Into<Sql>) -> Result<u64, Error> {
    data_mutate::execute(sql.into().as_str()).map_err(|error| refused(error.code, error.message))
}

/// Adds rows to a table, all of them or none: each field of the struct goes into the column of its name. Dates and times
/// are text, as `2025-12-31` and `2025-12-31 23:59:59`. Without rows there is nothing to ask the host.
pub fn insert<T: Serialize>(table: &str, rows: &[T]) -> Result<u64, Error> {
    if rows.is_empty() {
        return Ok(0);
    }
    data_mutate::insert(table, &to_stream(rows)?)
        .map_err(|error| refused(error.code, error.message))
}

fn refused(code: u32, message: String) -> Error {
    Error::new(Code::from(code), message)
}
