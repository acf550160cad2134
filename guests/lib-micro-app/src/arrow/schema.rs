//! The schema: what a stream's columns are called and hold.

use super::flatbuffer::{Malformed, Table};
use crate::error::{Error, unreadable};

/// Lists in lists, and records in them. A query has one or two.
const DEPTH: usize = 8;

/// Columns and what is in them. SQLite gives 500 at most; others have some thousands.
const FIELDS: usize = 10_000;

/// A column, or what a list or a record consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) children: Vec<Field>,
    pub(crate) dictionary: Option<Dictionary>,
}

/// Values of the column are numbers of values in a dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dictionary {
    pub(crate) id: i64,
    pub(crate) index: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Boolean,
    Integer {
        bytes: usize,
        signed: bool,
    },
    Real {
        bytes: usize,
    },
    /// 16 bytes each.
    Decimal {
        scale: u32,
    },
    Text {
        long: bool,
    },
    Bytes {
        long: bool,
    },
    FixedBytes(usize),
    /// Days since 1970.
    Date,
    /// Time since 1970, so many units each second. With a time zone or without, it is in UTC.
    Timestamp {
        per_second: u32,
    },
    List {
        long: bool,
    },
    FixedList(usize),
    Record,
}

/// The fields of a schema.
pub(crate) fn read(schema: Table<'_>) -> Result<Vec<Field>, Error> {
    if schema.i16(0, 0)? != 0 {
        return Err(unreadable("its numbers have the highest byte first"));
    }
    let mut left = FIELDS;
    fields(schema, 1, 0, &mut left)
}

fn fields(of: Table<'_>, at: usize, depth: usize, left: &mut usize) -> Result<Vec<Field>, Error> {
    let vector = of.vector(at, 4)?;
    *left = left.checked_sub(vector.len()).ok_or(Malformed)?;
    if vector.len() > 0 && depth > DEPTH {
        return Err(Malformed.into());
    }
    (0..vector.len())
        .map(|index| field(vector.table(index)?, depth, left))
        .collect()
}

fn field(field: Table<'_>, depth: usize, left: &mut usize) -> Result<Field, Error> {
    let name = field.text(0)?.to_owned();
    let kind = match field.table(3)? {
        Some(details) => kind(field.u8(2)?, details)?,
        None => return Err(Malformed.into()),
    };
    let Some(kind) = kind else {
        let mut message = String::from("column `");
        message.push_str(&name);
        message.push_str(
            "`: a type that micro-apps do not read\nhint: give it another one with `CAST(… AS …)`",
        );
        return Err(unreadable(&message));
    };
    let dictionary = match field.table(4)? {
        None => None,
        Some(encoding) => Some(Dictionary {
            id: encoding.i64(0)?,
            index: match encoding.table(1)? {
                None => Kind::Integer {
                    bytes: 4,
                    signed: true,
                },
                Some(index) => integer(index)?,
            },
        }),
    };
    let children = fields(field, 5, depth + 1, left)?;
    match kind {
        Kind::List { .. } | Kind::FixedList(_) if children.len() != 1 => Err(Malformed.into()),
        _ => Ok(Field {
            name,
            kind,
            children,
            dictionary,
        }),
    }
}

/// By the number that Arrow's `Schema.fbs` gives a type; nothing if it is one that is not read here.
fn kind(number: u8, details: Table<'_>) -> Result<Option<Kind>, Malformed> {
    let length = |at| usize::try_from(details.i32(at, 0)?).map_err(|_| Malformed);
    Ok(Some(match number {
        1 => Kind::Null,
        2 => integer(details)?,
        3 => match details.i16(0, 0)? {
            1 => Kind::Real { bytes: 4 },
            2 => Kind::Real { bytes: 8 },
            _ => return Ok(None),
        },
        4 => Kind::Bytes { long: false },
        5 => Kind::Text { long: false },
        6 => Kind::Boolean,
        7 => match (details.i32(1, 0)?, details.i32(2, 128)?) {
            (scale @ 0..=38, 128) => Kind::Decimal {
                scale: scale.unsigned_abs(),
            },
            _ => return Ok(None),
        },
        8 if details.i16(0, 1)? == 0 => Kind::Date,
        10 => Kind::Timestamp {
            per_second: match details.i16(0, 0)? {
                0 => 1,
                1 => 1_000,
                2 => 1_000_000,
                3 => 1_000_000_000,
                _ => return Err(Malformed),
            },
        },
        12 => Kind::List { long: false },
        13 => Kind::Record,
        15 => Kind::FixedBytes(length(0)?),
        16 => Kind::FixedList(length(0)?),
        19 => Kind::Bytes { long: true },
        20 => Kind::Text { long: true },
        21 => Kind::List { long: true },
        _ => return Ok(None),
    }))
}

fn integer(details: Table<'_>) -> Result<Kind, Malformed> {
    let bytes = match details.i32(0, 0)? {
        8 => 1,
        16 => 2,
        32 => 4,
        64 => 8,
        _ => return Err(Malformed),
    };
    let signed = details.u8(1)? != 0;
    Ok(Kind::Integer { bytes, signed })
}
