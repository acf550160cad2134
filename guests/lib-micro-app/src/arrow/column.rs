//! A column of one batch, and its values.

use std::rc::Rc;

use super::flatbuffer::{Malformed, take};

/// One column of a batch.
#[derive(Debug)]
pub(crate) struct Column<'a> {
    pub(super) length: usize,
    /// Which rows are not null; nothing if no row is.
    pub(super) valid: Option<Bits<'a>>,
    pub(super) values: Values<'a>,
}

/// A bit for each row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bits<'a>(&'a [u8]);

/// Where values of any length end: each begins where the one before ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offsets<'a> {
    bytes: &'a [u8],
    long: bool,
}

#[derive(Debug)]
pub(super) enum Values<'a> {
    Null,
    Boolean(Bits<'a>),
    Integer {
        numbers: &'a [u8],
        bytes: usize,
        signed: bool,
    },
    Real {
        numbers: &'a [u8],
        bytes: usize,
    },
    Decimal {
        numbers: &'a [u8],
        scale: u32,
    },
    Text {
        ends: Offsets<'a>,
        text: &'a str,
    },
    Bytes {
        ends: Offsets<'a>,
        bytes: &'a [u8],
    },
    FixedBytes {
        bytes: &'a [u8],
        width: usize,
    },
    Date(&'a [u8]),
    Timestamp {
        numbers: &'a [u8],
        per_second: u32,
    },
    List {
        ends: Offsets<'a>,
        items: Box<Column<'a>>,
    },
    FixedList {
        width: usize,
        items: Box<Column<'a>>,
    },
    Record(Vec<(String, Column<'a>)>),
    Dictionary {
        index: &'a [u8],
        bytes: usize,
        signed: bool,
        /// How many values there are.
        count: usize,
        values: Rc<Column<'a>>,
    },
}

/// A number of 128 bits, and how many of its digits are behind the point. A value is small, because each is returned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decimal<'c> {
    places: &'c [u8; 16],
    scale: &'c u32,
}

impl Decimal<'_> {
    pub(crate) fn digits(self) -> i128 {
        i128::from_le_bytes(*self.places)
    }

    pub(crate) fn scale(self) -> u32 {
        *self.scale
    }
}

/// One value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a, 'c> {
    Null,
    Boolean(bool),
    Integer(i64),
    Unsigned(u64),
    Real(f64),
    Decimal(Decimal<'c>),
    Text(&'a str),
    Bytes(&'a [u8]),
    /// Days since 1970.
    Date(i32),
    Timestamp {
        units: i64,
        per_second: u32,
    },
    /// The items from `start` up to `end`.
    List {
        items: &'c Column<'a>,
        start: usize,
        end: usize,
    },
    /// This row of each part.
    Record {
        parts: &'c [(String, Column<'a>)],
        row: usize,
    },
}

impl<'a> Column<'a> {
    #[inline]
    pub(crate) fn is_null(&self, row: usize) -> bool {
        self.is_marked(row)
            || match &self.values {
                Values::Null => true,
                // The dictionary may have a null among its values.
                Values::Dictionary { .. } => matches!(self.value(row), Ok(Value::Null)),
                _ => false,
            }
    }

    /// Whether the column says itself that it is null.
    #[inline]
    fn is_marked(&self, row: usize) -> bool {
        self.valid.is_some_and(|valid| !valid.is_set(row))
    }

    /// The value in this row, if it is text and the column is one of texts; anything else is found by [`Column::value`].
    #[inline]
    pub(crate) fn text(&self, row: usize) -> Option<&'a str> {
        match &self.values {
            Values::Text { ends, text } if !self.is_marked(row) => {
                let (start, end) = ends.of(row).ok()?;
                text.get(start..end)
            }
            _ => None,
        }
    }

    /// The same for 64-bit integers.
    #[inline]
    pub(crate) fn integer(&self, row: usize) -> Option<i64> {
        match &self.values {
            Values::Integer {
                numbers,
                bytes: 8,
                signed: true,
            } if !self.is_marked(row) => number(numbers, row).ok().map(i64::from_le_bytes),
            _ => None,
        }
    }

    /// The same for 64-bit real numbers.
    #[inline]
    pub(crate) fn real(&self, row: usize) -> Option<f64> {
        match &self.values {
            Values::Real { numbers, bytes: 8 } if !self.is_marked(row) => {
                number(numbers, row).ok().map(f64::from_le_bytes)
            }
            _ => None,
        }
    }

    pub(crate) fn value(&self, row: usize) -> Result<Value<'a, '_>, Malformed> {
        if self.is_marked(row) {
            return Ok(Value::Null);
        }
        Ok(match &self.values {
            Values::Null => Value::Null,
            Values::Boolean(bits) => Value::Boolean(bits.is_set(row)),
            Values::Text { ends, text } => {
                let (start, end) = ends.of(row)?;
                Value::Text(text.get(start..end).ok_or(Malformed)?)
            }
            Values::Real { numbers, bytes: 8 } => {
                Value::Real(f64::from_le_bytes(number(numbers, row)?))
            }
            Values::Integer {
                numbers,
                bytes,
                signed,
            } => integer(numbers, *bytes, *signed, row)?,
            Values::Real { numbers, .. } => {
                Value::Real(f32::from_le_bytes(number(numbers, row)?).into())
            }
            Values::Decimal { numbers, scale } => Value::Decimal(Decimal {
                places: numbers.as_chunks().0.get(row).ok_or(Malformed)?,
                scale,
            }),
            Values::Bytes { ends, bytes } => {
                let (start, end) = ends.of(row)?;
                Value::Bytes(bytes.get(start..end).ok_or(Malformed)?)
            }
            Values::FixedBytes { bytes, width } => {
                let start = row * width;
                Value::Bytes(bytes.get(start..start + width).ok_or(Malformed)?)
            }
            Values::Date(numbers) => Value::Date(i32::from_le_bytes(number(numbers, row)?)),
            Values::Timestamp {
                numbers,
                per_second,
            } => Value::Timestamp {
                units: i64::from_le_bytes(number(numbers, row)?),
                per_second: *per_second,
            },
            Values::List { ends, items } => {
                let (start, end) = ends.of(row)?;
                list(items, start, end)?
            }
            Values::FixedList { width, items } => {
                let start = row.checked_mul(*width).ok_or(Malformed)?;
                list(items, start, start.checked_add(*width).ok_or(Malformed)?)?
            }
            Values::Record(parts) => Value::Record { parts, row },
            Values::Dictionary {
                index,
                bytes,
                signed,
                count,
                values,
            } => {
                let at = match integer(index, *bytes, *signed, row)? {
                    Value::Integer(at) => usize::try_from(at),
                    Value::Unsigned(at) => usize::try_from(at),
                    _ => return Err(Malformed),
                };
                let at = at.ok().filter(|at| at < count).ok_or(Malformed)?;
                values.value(at)?
            }
        })
    }
}

fn list<'a, 'c>(
    items: &'c Column<'a>,
    start: usize,
    end: usize,
) -> Result<Value<'a, 'c>, Malformed> {
    if start > end || end > items.length {
        return Err(Malformed);
    }
    Ok(Value::List { items, start, end })
}

#[inline]
fn number<const N: usize>(numbers: &[u8], row: usize) -> Result<[u8; N], Malformed> {
    let (numbers, _) = numbers.as_chunks::<N>();
    numbers.get(row).copied().ok_or(Malformed)
}

fn integer<'a, 'c>(
    numbers: &[u8],
    bytes: usize,
    signed: bool,
    row: usize,
) -> Result<Value<'a, 'c>, Malformed> {
    let places: [u8; 8] = match bytes {
        8 => number(numbers, row)?,
        _ => {
            let start = row * bytes;
            let own = numbers.get(start..start + bytes).ok_or(Malformed)?;
            let negative = signed && own.last().is_some_and(|last| *last >= 0x80);
            let mut places = [if negative { 0xff } else { 0 }; 8];
            for (place, byte) in places.iter_mut().zip(own) {
                *place = *byte;
            }
            places
        }
    };
    Ok(if signed {
        Value::Integer(i64::from_le_bytes(places))
    } else {
        Value::Unsigned(u64::from_le_bytes(places))
    })
}

impl<'a> Bits<'a> {
    pub(super) fn new(bits: &'a [u8], length: usize) -> Result<Bits<'a>, Malformed> {
        bits.get(..length.div_ceil(8)).map(Bits).ok_or(Malformed)
    }

    #[inline]
    fn is_set(self, row: usize) -> bool {
        self.0
            .get(row / 8)
            .is_some_and(|byte| byte >> (row % 8) & 1 == 1)
    }
}

impl<'a> Offsets<'a> {
    pub(super) fn new(
        bytes: &'a [u8],
        long: bool,
        length: usize,
    ) -> Result<Offsets<'a>, Malformed> {
        let each = if long { 8 } else { 4 };
        // Without rows there may be no offset at all.
        let needed = match length {
            0 => Some(0),
            _ => length
                .checked_add(1)
                .and_then(|ends| ends.checked_mul(each)),
        };
        if needed.is_none_or(|needed| needed > bytes.len()) {
            return Err(Malformed);
        }
        Ok(Offsets { bytes, long })
    }

    #[inline]
    fn of(self, row: usize) -> Result<(usize, usize), Malformed> {
        if self.long {
            return self.of_long(row);
        }
        let both: [u8; 8] = take(self.bytes, row * 4)?;
        let [a, b, c, d, e, f, g, h] = both;
        let start = u32::from_le_bytes([a, b, c, d]);
        let end = u32::from_le_bytes([e, f, g, h]);
        Ok((start as usize, end as usize))
    }

    fn of_long(self, row: usize) -> Result<(usize, usize), Malformed> {
        let start = u64::from_le_bytes(take(self.bytes, row * 8)?);
        let end = u64::from_le_bytes(take(self.bytes, row * 8 + 8)?);
        let number = |number| usize::try_from(number).map_err(|_| Malformed);
        Ok((number(start)?, number(end)?))
    }
}
