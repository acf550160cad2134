//! Why a stream cannot be read or written.

use thiserror::Error;

use crate::limits::COLUMNS;

/// Why bytes cannot be read as a stream.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadError {
    /// It is a file, which has a footer and may be read in any order.
    #[error("it is an Arrow file and not a stream")]
    File,
    /// It does not begin with a schema.
    #[error("it has no schema")]
    NoSchema,
    /// It ends within a message.
    #[error("message {message} is cut off")]
    CutOff {
        /// Which message, from 1.
        message: usize,
    },
    /// A message is not as the format says.
    #[error("message {message}: {problem}")]
    Malformed {
        /// Which message, from 1.
        message: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The values are compressed.
    #[error("it is compressed with {codec}")]
    Compressed {
        /// The method.
        codec: &'static str,
    },
    /// The numbers have their most significant byte first.
    #[error("its numbers are big-endian")]
    BigEndian,
    /// The stream is of a version of the format before 4, or after 5.
    #[error("it has version {version} of the format, expected 4 or 5")]
    Version {
        /// As the format counts versions.
        version: i32,
    },
    /// There are more columns than are read.
    #[error("it has {columns} columns, expected at most {COLUMNS}")]
    Columns {
        /// How many there are.
        columns: usize,
    },
    /// A column has a type that is not read.
    #[error("column `{column}` has the type {found}")]
    UnsupportedType {
        /// The column's name.
        column: String,
        /// The type's name.
        found: &'static str,
    },
    /// A value is not one of its column's type. It is found when the value is read.
    #[error("{problem}")]
    Value {
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// Why columns cannot be written as a stream.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriteError {
    /// Text is not UTF-8.
    #[error("column `{column}`: text that is not UTF-8")]
    NotUtf8 {
        /// The column's name.
        column: String,
    },
    /// The column does not have as many values as there are rows.
    #[error("column `{column}` does not have {rows} rows")]
    Rows {
        /// The column's name.
        column: String,
        /// The rows of the stream.
        rows: usize,
    },
}
