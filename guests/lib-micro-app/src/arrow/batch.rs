//! A record batch: its head says where in its body each column's buffers are.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::column::{Bits, Column, Offsets, Values};
use super::flatbuffer::{Malformed, Table, Vector};
use super::schema::{Field, Kind};
use super::stream::Batch;
use crate::error::{Error, unreadable};

/// The dictionaries so far: how many values each has, and the values.
pub(crate) type Dictionaries<'a> = BTreeMap<i64, (usize, Rc<Column<'a>>)>;

/// What is still to be given to columns.
struct Buffers<'a, 'd> {
    nodes: Vector<'a>,
    node: usize,
    places: Vector<'a>,
    place: usize,
    body: &'a [u8],
    dictionaries: &'d Dictionaries<'a>,
}

pub(crate) fn read<'a>(
    head: Table<'a>,
    body: &'a [u8],
    fields: &[Field],
    dictionaries: &Dictionaries<'a>,
) -> Result<Batch<'a>, Error> {
    if head.table(3)?.is_some() {
        return Err(unreadable("it is compressed"));
    }
    let rows = usize::try_from(head.i64(0)?).map_err(|_| Malformed)?;
    let mut buffers = Buffers {
        nodes: head.vector(1, 16)?,
        node: 0,
        places: head.vector(2, 16)?,
        place: 0,
        body,
        dictionaries,
    };
    let mut columns = Vec::with_capacity(fields.len());
    for field in fields {
        columns.push(buffers.column(field, Some(rows))?);
    }
    Ok(Batch { rows, columns })
}

impl<'a> Buffers<'a, '_> {
    fn column(&mut self, field: &Field, rows: Option<usize>) -> Result<Column<'a>, Malformed> {
        let (length, nulls) = self.nodes.pair(self.node)?;
        self.node += 1;
        if rows.is_some_and(|rows| rows != length) {
            return Err(Malformed);
        }
        let valid = if field.kind == Kind::Null && field.dictionary.is_none() {
            None
        } else {
            let bits = self.buffer()?;
            (nulls > 0).then(|| Bits::new(bits, length)).transpose()?
        };
        let values = match field.dictionary {
            None => self.values(field, length)?,
            Some(dictionary) => {
                let known = self.dictionaries.get(&dictionary.id);
                let (count, values) = known.ok_or(Malformed)?;
                let Kind::Integer { bytes, signed } = dictionary.index else {
                    return Err(Malformed);
                };
                Values::Dictionary {
                    index: self.fixed(bytes, length)?,
                    bytes,
                    signed,
                    count: *count,
                    values: Rc::clone(values),
                }
            }
        };
        Ok(Column {
            length,
            valid,
            values,
        })
    }

    fn values(&mut self, field: &Field, length: usize) -> Result<Values<'a>, Malformed> {
        Ok(match field.kind {
            Kind::Null => Values::Null,
            Kind::Boolean => Values::Boolean(Bits::new(self.buffer()?, length)?),
            Kind::Integer { bytes, signed } => Values::Integer {
                numbers: self.fixed(bytes, length)?,
                bytes,
                signed,
            },
            Kind::Real { bytes } => Values::Real {
                numbers: self.fixed(bytes, length)?,
                bytes,
            },
            Kind::Decimal { scale } => Values::Decimal {
                numbers: self.fixed(16, length)?,
                scale,
            },
            Kind::Date => Values::Date(self.fixed(4, length)?),
            Kind::Timestamp { per_second } => Values::Timestamp {
                numbers: self.fixed(8, length)?,
                per_second,
            },
            Kind::Text { long } => Values::Text {
                ends: Offsets::new(self.buffer()?, long, length)?,
                // Once for the whole buffer: cheaper than for each value.
                text: std::str::from_utf8(self.buffer()?).map_err(|_| Malformed)?,
            },
            Kind::Bytes { long } => Values::Bytes {
                ends: Offsets::new(self.buffer()?, long, length)?,
                bytes: self.buffer()?,
            },
            Kind::FixedBytes(width) => Values::FixedBytes {
                bytes: self.fixed(width, length)?,
                width,
            },
            Kind::List { long } => Values::List {
                ends: Offsets::new(self.buffer()?, long, length)?,
                items: self.only_child(field)?,
            },
            Kind::FixedList(width) => Values::FixedList {
                width,
                items: self.only_child(field)?,
            },
            Kind::Record => {
                let mut parts = Vec::with_capacity(field.children.len());
                for child in &field.children {
                    parts.push((child.name.clone(), self.column(child, Some(length))?));
                }
                Values::Record(parts)
            }
        })
    }

    fn only_child(&mut self, field: &Field) -> Result<Box<Column<'a>>, Malformed> {
        let child = field.children.first().ok_or(Malformed)?;
        Ok(Box::new(self.column(child, None)?))
    }

    fn buffer(&mut self) -> Result<&'a [u8], Malformed> {
        let (at, length) = self.places.pair(self.place)?;
        self.place += 1;
        let end = at.checked_add(length).ok_or(Malformed)?;
        self.body.get(at..end).ok_or(Malformed)
    }

    /// A buffer with `width` bytes for each row.
    fn fixed(&mut self, width: usize, length: usize) -> Result<&'a [u8], Malformed> {
        let bytes = width.checked_mul(length).ok_or(Malformed)?;
        self.buffer()?.get(..bytes).ok_or(Malformed)
    }
}
