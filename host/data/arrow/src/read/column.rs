//! A column of one batch, and where its values are.

use super::ends::Ends;
use super::number::{self, Decimal};
use super::value::{Value, Vector};
use crate::types::{Integer, TimeUnit};

#[derive(Debug)]
pub(super) struct Column<'a> {
    pub(super) rows: usize,
    /// A bit for each row, set if it has a value. Nothing if all have.
    pub(super) valid: Option<&'a [u8]>,
    pub(super) values: Values<'a>,
}

/// The values of a column. There are as many as the column has rows.
#[derive(Debug)]
pub(super) enum Values<'a> {
    Null,
    Boolean(&'a [u8]),
    Integer(Integer, &'a [u8]),
    Float16(&'a [[u8; 2]]),
    Float32(&'a [[u8; 4]]),
    Float64(&'a [[u8; 8]]),
    /// The text from where the first value begins. It is UTF-8, and each value ends between two characters.
    Text(Ends<'a>, &'a str),
    Bytes(Ends<'a>, &'a [u8]),
    /// Where each value is, or the value itself if it is short. This is checked when it is read.
    Views {
        views: &'a [[u8; 16]],
        buffers: Vec<&'a [u8]>,
        are_text: bool,
    },
    FixedSizeBinary(usize, &'a [u8]),
    Date32(&'a [[u8; 4]]),
    Date64(&'a [[u8; 8]]),
    Timestamp(TimeUnit, &'a [[u8; 8]]),
    Decimal {
        width: usize,
        bytes: &'a [u8],
        precision: u8,
        scale: i8,
    },
    List(Ends<'a>, Items<'a>),
    FixedSizeList(usize, Items<'a>),
    /// Keys, each below the number of values that the dictionary had when they were read, but for null rows.
    Dictionary {
        at: Option<usize>,
        keys: Integer,
        bytes: &'a [u8],
    },
}

/// The `Float32` values of all lists of a column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Items<'a> {
    pub(super) numbers: &'a [u8],
    pub(super) valid: Option<&'a [u8]>,
}

const OUTSIDE: &str = "there is no such row";

pub(super) fn is_set(bits: &[u8], at: usize) -> bool {
    bits.get(at / 8)
        .is_some_and(|byte| byte >> (at % 8) & 1 == 1)
}

impl<'a> Column<'a> {
    fn is_null(&self, row: usize) -> bool {
        self.valid.is_some_and(|bits| !is_set(bits, row))
    }

    /// The dictionary and the key of a row that is not null, if values are in a dictionary.
    pub(super) fn key(&self, row: usize) -> Result<Option<(Option<usize>, usize)>, &'static str> {
        match self.values {
            Values::Dictionary { at, keys, bytes } if row < self.rows && !self.is_null(row) => {
                let key = key(keys, bytes, row).ok_or("a key of no value")?;
                Ok(Some((at, key)))
            }
            _ => Ok(None),
        }
    }

    #[inline]
    pub(super) fn value(&self, row: usize) -> Result<Value<'a>, &'static str> {
        if row >= self.rows {
            return Err(OUTSIDE);
        }
        if self.is_null(row) {
            return Ok(Value::Null);
        }
        match &self.values {
            Values::Views {
                views,
                buffers,
                are_text,
            } => {
                let bytes = view(views.get(row).ok_or(OUTSIDE)?, buffers)?;
                if !are_text {
                    return Ok(Value::Bytes(bytes));
                }
                let text = std::str::from_utf8(bytes);
                text.map(Value::Text).map_err(|_| "text that is not UTF-8")
            }
            values => values.get(row).ok_or(OUTSIDE),
        }
    }
}

impl<'a> Values<'a> {
    fn get(&self, row: usize) -> Option<Value<'a>> {
        Some(match self {
            Values::Null => Value::Null,
            Values::Boolean(bits) => Value::Boolean(is_set(bits, row)),
            Values::Integer(width, bytes) => integer(*width, bytes, row)?,
            Values::Float16(values) => {
                Value::Float(number::half(u16::from_le_bytes(*values.get(row)?)))
            }
            Values::Float32(values) => Value::Float(f32::from_le_bytes(*values.get(row)?).into()),
            Values::Float64(values) => Value::Float(f64::from_le_bytes(*values.get(row)?)),
            Values::Text(ends, text) => {
                let (start, end) = ends.after_first(row)?;
                Value::Text(text.get(start..end)?)
            }
            Values::Bytes(ends, bytes) => {
                let (start, end) = ends.of(row)?;
                Value::Bytes(bytes.get(start..end)?)
            }
            Values::FixedSizeBinary(width, bytes) => Value::Bytes(of_width(bytes, *width, row)?),
            Values::Date32(days) => Value::Date(i32::from_le_bytes(*days.get(row)?).into()),
            Values::Date64(millis) => {
                Value::Date(i64::from_le_bytes(*millis.get(row)?).div_euclid(86_400_000))
            }
            Values::Timestamp(unit, units) => {
                Value::Timestamp(i64::from_le_bytes(*units.get(row)?), *unit)
            }
            Values::Decimal {
                width,
                bytes,
                precision,
                scale,
            } => {
                let bytes = of_width(bytes, *width, row)?;
                Value::Decimal(Decimal::new(bytes, *precision, *scale))
            }
            Values::List(ends, items) => {
                let (start, end) = ends.of(row)?;
                Value::Vector(items.between(start, end)?)
            }
            Values::FixedSizeList(length, items) => {
                let start = row.checked_mul(*length)?;
                Value::Vector(items.between(start, start.checked_add(*length)?)?)
            }
            Values::Views { .. } | Values::Dictionary { .. } => return None,
        })
    }
}

/// A key of a dictionary.
pub(super) fn key(keys: Integer, bytes: &[u8], row: usize) -> Option<usize> {
    match integer(keys, bytes, row)? {
        Value::Integer(key) => usize::try_from(key).ok(),
        _ => None,
    }
}

fn of_width(bytes: &[u8], width: usize, row: usize) -> Option<&[u8]> {
    let start = row.checked_mul(width)?;
    bytes.get(start..start.checked_add(width)?)
}

fn integer<'a>(width: Integer, bytes: &[u8], row: usize) -> Option<Value<'a>> {
    fn at<const N: usize>(bytes: &[u8], row: usize) -> Option<[u8; N]> {
        bytes.as_chunks().0.get(row).copied()
    }
    Some(Value::Integer(match width {
        Integer::Int8 => i8::from_le_bytes(at(bytes, row)?).into(),
        Integer::Int16 => i16::from_le_bytes(at(bytes, row)?).into(),
        Integer::Int32 => i32::from_le_bytes(at(bytes, row)?).into(),
        Integer::Int64 => i64::from_le_bytes(at(bytes, row)?),
        Integer::UInt8 => u8::from_le_bytes(at(bytes, row)?).into(),
        Integer::UInt16 => u16::from_le_bytes(at(bytes, row)?).into(),
        Integer::UInt32 => u32::from_le_bytes(at(bytes, row)?).into(),
        Integer::UInt64 => {
            let number = u64::from_le_bytes(at(bytes, row)?);
            match i64::try_from(number) {
                Ok(number) => number,
                Err(_) => return Some(Value::Large(number)),
            }
        }
    }))
}

/// The bytes that a view stands for.
fn view<'a>(view: &'a [u8; 16], buffers: &[&'a [u8]]) -> Result<&'a [u8], &'static str> {
    const PREFIX: usize = 4;
    let [length, prefix, buffer, start] = [0, 4, 8, 12].map(|at| {
        let word = [view[at], view[at + 1], view[at + 2], view[at + 3]];
        u32::from_le_bytes(word) as usize
    });
    let inline = &view[4..];
    if length <= inline.len() {
        let (value, rest) = inline.split_at(length);
        if rest.iter().any(|byte| *byte != 0) {
            return Err("a short value is followed by others");
        }
        return Ok(value);
    }
    let bytes = buffers.get(buffer).and_then(|bytes| bytes.get(start..));
    let bytes = bytes.and_then(|bytes| bytes.get(..length));
    let bytes = bytes.ok_or("a value is outside of its buffers")?;
    if bytes.get(..PREFIX) != Some(&(prefix as u32).to_le_bytes()) {
        return Err("a value does not begin as it says");
    }
    Ok(bytes)
}

impl<'a> Items<'a> {
    fn between(&self, start: usize, end: usize) -> Option<Vector<'a>> {
        let bytes = self
            .numbers
            .get(start.checked_mul(4)?..end.checked_mul(4)?)?;
        let nulls = self.valid.map_or(0, |bits| {
            (start..end).filter(|at| !is_set(bits, *at)).count()
        });
        Some(Vector::new(bytes, nulls))
    }
}
