//! The schema: which columns there are, and of which types.

use std::collections::BTreeMap;

use super::fault::Fault;
use super::flatbuffer::Table;
use crate::error::ReadError;
use crate::limits::COLUMNS;
use crate::types::{DataType, Field, Integer, TimeUnit};

/// A column, as its batches are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct ColumnLayout<'a> {
    pub(super) field: Field<'a>,
    /// The number of its dictionary, if it has one.
    pub(super) dictionary: Option<i64>,
}

#[derive(Debug)]
pub(super) struct Layout<'a> {
    pub(super) columns: Vec<ColumnLayout<'a>>,
    /// The values of each dictionary, as a column of their own.
    pub(super) dictionaries: BTreeMap<i64, ColumnLayout<'a>>,
}

/// Reads the texts of a schema.
struct Texts {
    /// The bytes that texts may still have. Many columns can name the same text. Their texts together must not be
    /// longer than the schema, or a short stream could take a long time.
    left: usize,
}

pub(super) fn read<'a>(schema: Table<'a>, head: &'a [u8]) -> Result<Layout<'a>, Fault> {
    match schema.i16(0, 0)? {
        0 => {}
        1 => return Err(ReadError::BigEndian.into()),
        _ => return Err("an unknown order of bytes".into()),
    }
    let fields = schema.vector(1, 4, 4)?.ok_or("a schema without columns")?;
    if fields.len() > COLUMNS {
        let columns = fields.len();
        return Err(ReadError::Columns { columns }.into());
    }
    let mut texts = Texts { left: head.len() };
    let mut layout = Layout {
        columns: Vec::with_capacity(fields.len()),
        dictionaries: BTreeMap::new(),
    };
    for index in 0..fields.len() {
        let column = texts.column(fields.table(index)?)?;
        if let Some(id) = column.dictionary {
            let mut values = column;
            values.dictionary = None;
            values.field.keys = None;
            values.field.nullable = true;
            let known = layout.dictionaries.entry(id).or_insert(values);
            if known.field.data_type != values.field.data_type {
                return Err("a dictionary of two types".into());
            }
        }
        layout.columns.push(column);
    }
    Ok(layout)
}

impl Texts {
    fn read<'a>(&mut self, table: Table<'a>, field: usize) -> Result<Option<&'a str>, Fault> {
        let Some(text) = table.text(field)? else {
            return Ok(None);
        };
        let left = self.left.checked_sub(text.len());
        self.left = left.ok_or("its texts are longer than its head")?;
        let text = std::str::from_utf8(text).map_err(|_| "a name that is not UTF-8")?;
        Ok(Some(text))
    }

    fn column<'a>(&mut self, table: Table<'a>) -> Result<ColumnLayout<'a>, Fault> {
        let name = self.read(table, 0)?.unwrap_or_default();
        let data_type = self.data_type(table, name)?;
        let dictionary = table.table(4)?;
        let keys = dictionary.map(keys).transpose()?;
        Ok(ColumnLayout {
            field: Field {
                name,
                data_type,
                keys,
                nullable: table.bool(1)?,
            },
            dictionary: dictionary.map(|dictionary| dictionary.i64(0)).transpose()?,
        })
    }

    fn data_type<'a>(&mut self, field: Table<'a>, name: &str) -> Result<DataType<'a>, Fault> {
        let details = field.table(3)?.ok_or("a column without a type")?;
        let unsupported = |found| {
            let column = name.to_owned();
            Fault::from(ReadError::UnsupportedType { column, found })
        };
        Ok(match field.u8(2)? {
            1 => DataType::Null,
            2 => DataType::Integer(integer(details)?),
            3 => match details.i16(0, 0)? {
                0 => DataType::Float16,
                1 => DataType::Float32,
                2 => DataType::Float64,
                _ => return Err("a float of an unknown size".into()),
            },
            4 => DataType::Binary,
            5 => DataType::Utf8,
            6 => DataType::Boolean,
            7 => decimal(details)?.ok_or_else(|| unsupported("Decimal of 32 or 64 bits"))?,
            8 => match details.i16(0, 1)? {
                0 => DataType::Date32,
                1 => DataType::Date64,
                _ => return Err("a date of an unknown unit".into()),
            },
            10 => DataType::Timestamp(unit(details)?, self.read(details, 1)?),
            12 => DataType::List {
                nullable_items: floats(field)?
                    .ok_or_else(|| unsupported("List of other values than Float32"))?,
            },
            15 => DataType::FixedSizeBinary(positive(details)?),
            16 => DataType::FixedSizeList {
                length: positive(details)?,
                nullable_items: floats(field)?
                    .ok_or_else(|| unsupported("FixedSizeList of other values than Float32"))?,
            },
            19 => DataType::LargeBinary,
            20 => DataType::LargeUtf8,
            23 => DataType::BinaryView,
            24 => DataType::Utf8View,
            other => {
                return Err(unread(other).map_or("a column of an unknown type".into(), unsupported));
            }
        })
    }
}

/// The types that are not read.
fn unread(number: u8) -> Option<&'static str> {
    Some(match number {
        9 => "Time",
        11 => "Interval",
        13 => "Struct",
        14 => "Union",
        17 => "Map",
        18 => "Duration",
        21 => "LargeList",
        22 => "RunEndEncoded",
        25 => "ListView",
        26 => "LargeListView",
        _ => return None,
    })
}

/// The type of a dictionary's keys.
fn keys(dictionary: Table<'_>) -> Result<Integer, Fault> {
    match dictionary.table(1)? {
        Some(index) => integer(index),
        None => Err("a dictionary without a type of its keys".into()),
    }
}

fn integer(details: Table<'_>) -> Result<Integer, Fault> {
    Ok(match (details.i32(0, 0)?, details.bool(1)?) {
        (8, true) => Integer::Int8,
        (16, true) => Integer::Int16,
        (32, true) => Integer::Int32,
        (64, true) => Integer::Int64,
        (8, false) => Integer::UInt8,
        (16, false) => Integer::UInt16,
        (32, false) => Integer::UInt32,
        (64, false) => Integer::UInt64,
        _ => return Err("an integer of an unknown size".into()),
    })
}

/// Nothing if it is a decimal of another size.
fn decimal(details: Table<'_>) -> Result<Option<DataType<'static>>, Fault> {
    let precision =
        u8::try_from(details.i32(0, 0)?).map_err(|_| "a decimal of unknown precision")?;
    let scale = i8::try_from(details.i32(1, 0)?).map_err(|_| "a decimal of unknown scale")?;
    Ok(match details.i32(2, 128)? {
        128 => Some(DataType::Decimal128 { precision, scale }),
        256 => Some(DataType::Decimal256 { precision, scale }),
        32 | 64 => None,
        _ => return Err("a decimal of an unknown size".into()),
    })
}

fn unit(details: Table<'_>) -> Result<TimeUnit, Fault> {
    Ok(match details.i16(0, 0)? {
        0 => TimeUnit::Second,
        1 => TimeUnit::Millisecond,
        2 => TimeUnit::Microsecond,
        3 => TimeUnit::Nanosecond,
        _ => return Err("a time of an unknown unit".into()),
    })
}

fn positive(details: Table<'_>) -> Result<i32, Fault> {
    let length = details.i32(0, 0)?;
    if length < 0 {
        return Err("a type of negative length".into());
    }
    Ok(length)
}

/// Whether the items of a list can be null, if they are `Float32`.
fn floats(list: Table<'_>) -> Result<Option<bool>, Fault> {
    let items = list
        .vector(5, 4, 4)?
        .ok_or("a list without a type of its items")?;
    if items.len() != 1 {
        return Err("a list of several types".into());
    }
    let item = items.table(0)?;
    let details = item.table(3)?.ok_or("a list without a type of its items")?;
    let is_float = item.u8(2)? == 3 && details.i16(0, 0)? == 1 && item.table(4)?.is_none();
    Ok(is_float.then_some(item.bool(1)?))
}
