//! Rows as values of Rust: `read` and `cell` make them of columns with `serde`, `written` and `value` make
//! columns of them. `problem` says what did not fit.

mod cell;
mod problem;
mod read;
mod refuse;
mod value;
mod written;

use serde::Deserialize;

use crate::arrow::{Batch, Stream};
use crate::error::Error;

pub use written::to_stream;

/// The rows that a query gave.
#[derive(Clone, Debug)]
pub struct Rows {
    stream: Vec<u8>,
}

impl Rows {
    /// Rows from an Arrow IPC stream.
    pub fn from_stream(stream: Vec<u8>) -> Rows {
        Rows { stream }
    }

    /// The stream as it came.
    pub fn stream(&self) -> &[u8] {
        &self.stream
    }

    /// Goes over the rows. Text and bytes in them can be borrowed: `Permit<'a> { holder: &'a str }`.
    pub fn iter<'a, T: Deserialize<'a>>(&'a self) -> Result<Iter<'a, T>, Error> {
        Ok(Iter {
            stream: Stream::open(&self.stream)?,
            batch: Batch {
                rows: 0,
                columns: Vec::new(),
            },
            row: 0,
            before: 0,
            over: false,
            of: std::marker::PhantomData,
        })
    }

    /// All rows.
    pub fn to_vec<'a, T: Deserialize<'a>>(&'a self) -> Result<Vec<T>, Error> {
        self.iter()?.collect()
    }
}

/// Goes over rows; see [`Rows::iter`]. It ends with the first error.
pub struct Iter<'a, T> {
    stream: Stream<'a>,
    batch: Batch<'a>,
    row: usize,
    /// Rows of the batches before.
    before: usize,
    over: bool,
    of: std::marker::PhantomData<fn() -> T>,
}

impl<T> Iter<'_, T> {
    /// Goes to the next batch; `false` if there is none.
    fn next_batch(&mut self) -> Result<bool, Error> {
        self.before += self.batch.rows;
        self.row = 0;
        let batch = self.stream.next()?;
        let found = batch.is_some();
        if let Some(batch) = batch {
            self.batch = batch;
        }
        Ok(found)
    }
}

impl<'a, T: Deserialize<'a>> Iterator for Iter<'a, T> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Result<T, Error>> {
        if self.over {
            return None;
        }
        while self.row == self.batch.rows {
            match self.next_batch() {
                Ok(true) => {}
                Ok(false) => {
                    self.over = true;
                    return None;
                }
                Err(error) => {
                    self.over = true;
                    return Some(Err(error));
                }
            }
        }
        let row = T::deserialize(read::Row {
            fields: &self.stream.fields,
            columns: &self.batch.columns,
            row: self.row,
        });
        self.row += 1;
        Some(row.map_err(|problem| {
            self.over = true;
            problem.in_row(self.before + self.row)
        }))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.batch.rows - self.row, None)
    }
}
