//! Reads a stream: a schema, then batches of rows and the dictionaries that their columns use.

// From the ground up.
mod fault;

mod flatbuffer;
mod number;

mod ends;
mod value;

mod column;
mod message;
mod schema;

mod dictionary;

mod batch;

use crate::error::ReadError;
use crate::types::Field;
use column::Column;
use dictionary::Dictionaries;
use fault::Fault;
use message::{Head, Message, Messages};
use schema::Layout;

pub use number::Decimal;
pub use value::{Value, Vector};

/// A stream that was read. Its values stay where they are, in the bytes of the stream.
#[derive(Debug)]
pub struct Stream<'a> {
    fields: Vec<Field<'a>>,
    batches: Vec<Rows<'a>>,
    dictionaries: Dictionaries<'a>,
}

/// The rows of one batch, column by column.
#[derive(Debug)]
struct Rows<'a> {
    rows: usize,
    columns: Vec<Column<'a>>,
}

/// One batch of a stream.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'s, 'a> {
    rows: &'s Rows<'a>,
    dictionaries: &'s Dictionaries<'a>,
}

/// Reads a stream.
///
/// # Errors
///
/// If it is not whole, not as the format says, or has something that is not read here.
pub fn read(stream: &[u8]) -> Result<Stream<'_>, ReadError> {
    let mut messages = Messages::of(stream)?;
    let layout = match messages.next()? {
        Some((number, message)) => match message.head {
            Head::Schema(table) => {
                schema::read(table, message.bytes).map_err(|fault| fault.in_message(number))?
            }
            _ => return Err(ReadError::NoSchema),
        },
        None => return Err(ReadError::NoSchema),
    };
    let mut reader = Reader {
        layout: &layout,
        batches: Vec::new(),
        dictionaries: Dictionaries::default(),
    };
    while let Some((number, message)) = messages.next()? {
        let added = reader.add(&message);
        added.map_err(|fault| fault.in_message(number))?;
    }
    let (batches, dictionaries) = (reader.batches, reader.dictionaries);
    Ok(Stream {
        fields: layout.columns.iter().map(|column| column.field).collect(),
        batches,
        dictionaries,
    })
}

struct Reader<'l, 'a> {
    layout: &'l Layout<'a>,
    batches: Vec<Rows<'a>>,
    dictionaries: Dictionaries<'a>,
}

impl<'a> Reader<'_, 'a> {
    fn add(&mut self, message: &Message<'a>) -> Result<(), Fault> {
        match message.head {
            Head::Schema(_) => return Err("a second schema".into()),
            Head::Batch(table) => {
                let layout = &self.layout.columns;
                let (rows, columns) = batch::read(table, message.body, layout, &self.dictionaries)?;
                self.batches.push(Rows { rows, columns });
            }
            Head::Dictionary { id, batch, adds } => {
                let values = self.layout.dictionaries.get(&id);
                let layout = values.ok_or("a dictionary that no column uses")?;
                let layout = std::slice::from_ref(layout);
                let (_, columns) = batch::read(batch, message.body, layout, &self.dictionaries)?;
                for values in columns {
                    self.dictionaries.add(id, values, adds)?;
                }
            }
        }
        Ok(())
    }
}

impl<'a> Stream<'a> {
    /// The columns.
    pub fn fields(&self) -> &[Field<'a>] {
        &self.fields
    }

    /// The rows of all batches. A stream without columns can state any number.
    pub fn rows(&self) -> usize {
        self.batches
            .iter()
            .fold(0, |sum, batch| sum.saturating_add(batch.rows))
    }

    /// The batches, in order.
    pub fn batches(&self) -> impl Iterator<Item = Batch<'_, 'a>> {
        self.batches.iter().map(|rows| Batch {
            rows,
            dictionaries: &self.dictionaries,
        })
    }
}

impl<'a> Batch<'_, 'a> {
    /// The rows of this batch.
    pub fn rows(&self) -> usize {
        self.rows.rows
    }

    /// The value of a column, in a row of this batch. Both count from 0.
    ///
    /// # Errors
    ///
    /// If there is no such column or row, or if text in the types `Utf8View` and `BinaryView` is not where the column
    /// says or not as it says. These types can name the same bytes for each row, so they are checked when a row is read.
    #[inline]
    pub fn value(&self, column: usize, row: usize) -> Result<Value<'a>, ReadError> {
        let column = self.rows.columns.get(column).ok_or(NO_SUCH_COLUMN)?;
        self.read(column, row)
            .map_err(|problem| ReadError::Value { problem })
    }

    fn read(&self, column: &Column<'a>, row: usize) -> Result<Value<'a>, &'static str> {
        match column.key(row)? {
            Some((dictionary, key)) => self.dictionaries.value(dictionary, key),
            None => column.value(row),
        }
    }
}

const NO_SUCH_COLUMN: ReadError = ReadError::Value {
    problem: "there is no such column",
};
