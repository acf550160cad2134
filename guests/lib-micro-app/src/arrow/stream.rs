//! A stream: a schema, then record batches, and the dictionaries that their columns use.

use std::rc::Rc;

use super::batch::{self, Dictionaries};
use super::column::Column;
use super::flatbuffer::{Malformed, Table, take};
use super::schema::{self, Field};
use crate::error::{Error, unreadable};

/// What a message contains, as Arrow's `Message.fbs` numbers it.
const SCHEMA: u8 = 1;
const DICTIONARY: u8 = 2;
const BATCH: u8 = 3;

/// Stands before every message.
const CONTINUES: [u8; 4] = [0xff; 4];

/// A stream that is read message by message.
pub(crate) struct Stream<'a> {
    pub(crate) fields: Vec<Field>,
    rest: &'a [u8],
    dictionaries: Dictionaries<'a>,
}

/// Rows, column by column.
pub(crate) struct Batch<'a> {
    pub(crate) rows: usize,
    pub(crate) columns: Vec<Column<'a>>,
}

struct Message<'a> {
    kind: u8,
    head: Table<'a>,
    body: &'a [u8],
}

impl<'a> Stream<'a> {
    /// Reads the schema.
    pub(crate) fn open(stream: &'a [u8]) -> Result<Stream<'a>, Error> {
        let mut rest = stream;
        match next(&mut rest)? {
            Some(Message {
                kind: SCHEMA, head, ..
            }) => Ok(Stream {
                fields: schema::read(head)?,
                rest,
                dictionaries: Dictionaries::new(),
            }),
            _ => Err(unreadable("it does not begin with a schema")),
        }
    }

    /// The next batch, or nothing at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Batch<'a>>, Error> {
        while let Some(message) = next(&mut self.rest)? {
            match message.kind {
                BATCH => {
                    return batch::read(
                        message.head,
                        message.body,
                        &self.fields,
                        &self.dictionaries,
                    )
                    .map(Some);
                }
                DICTIONARY => self.add(message.head, message.body)?,
                _ => return Err(Malformed.into()),
            }
        }
        Ok(None)
    }

    fn add(&mut self, head: Table<'a>, body: &'a [u8]) -> Result<(), Error> {
        let id = head.i64(0)?;
        if head.u8(2)? != 0 {
            return Err(unreadable("it adds to a dictionary"));
        }
        let mut field = find(&self.fields, id).ok_or(Malformed)?.clone();
        field.dictionary = None;
        let data = head.table(1)?.ok_or(Malformed)?;
        let read = batch::read(data, body, &[field], &self.dictionaries)?;
        let values = read.columns.into_iter().next().ok_or(Malformed)?;
        self.dictionaries.insert(id, (read.rows, Rc::new(values)));
        Ok(())
    }
}

/// The field whose values are in this dictionary.
fn find(fields: &[Field], id: i64) -> Option<&Field> {
    fields.iter().find_map(|field| {
        if field
            .dictionary
            .is_some_and(|dictionary| dictionary.id == id)
        {
            return Some(field);
        }
        find(&field.children, id)
    })
}

/// The next message. A stream ends where its bytes end, or with a head of no bytes.
fn next<'a>(rest: &mut &'a [u8]) -> Result<Option<Message<'a>>, Malformed> {
    if rest.is_empty() {
        return Ok(None);
    }
    if take::<4>(rest, 0)? != CONTINUES {
        return Err(Malformed);
    }
    let length = u32::from_le_bytes(take(rest, 4)?) as usize;
    if length == 0 {
        return Ok(None);
    }
    let (head, after) = rest[8..].split_at_checked(length).ok_or(Malformed)?;
    let message = Table::root(head)?;
    let length = usize::try_from(message.i64(3)?).map_err(|_| Malformed)?;
    let (body, after) = after.split_at_checked(length).ok_or(Malformed)?;
    *rest = after;
    Ok(Some(Message {
        kind: message.u8(1)?,
        head: message.table(2)?.ok_or(Malformed)?,
        body,
    }))
}
