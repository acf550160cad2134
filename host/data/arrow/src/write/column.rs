//! Columns, and the buffers that they are written as.

use super::bits::{Bits, Validity};
use crate::error::WriteError;

/// A column to be written.
#[derive(Clone, Copy, Debug)]
pub struct Column<'c> {
    /// Its name.
    pub name: &'c str,
    /// Its values.
    pub values: Array<'c>,
    /// Which rows have a value.
    pub valid: &'c Validity,
}

/// The values of a column, one for each row. A row that is null has any value.
#[derive(Clone, Copy, Debug)]
pub enum Array<'c> {
    /// Only nulls.
    Null,
    /// Booleans.
    Boolean(&'c Bits),
    /// Whole numbers.
    Int64(&'c [i64]),
    /// Numbers.
    Float64(&'c [f64]),
    /// Days since 1970.
    Date32(&'c [i32]),
    /// Microseconds since 1970.
    Timestamp {
        /// The values.
        micros: &'c [i64],
        /// Whether the time zone is UTC. Otherwise there is none.
        utc: bool,
    },
    /// Text.
    Utf8 {
        /// Where each value ends, after a 0. They rise to the length of `bytes`.
        ends: &'c [i32],
        /// All values.
        bytes: &'c [u8],
    },
    /// Bytes.
    Binary {
        /// Where each value ends, after a 0. They rise to the length of `bytes`.
        ends: &'c [i32],
        /// All values.
        bytes: &'c [u8],
    },
    /// Lists of `Float32`, all of one length.
    FixedSizeList {
        /// The numbers of each list.
        length: i32,
        /// The numbers of all lists.
        numbers: &'c [f32],
    },
}

/// A buffer.
#[derive(Clone, Copy)]
pub(super) enum Part<'c> {
    Bytes(&'c [u8]),
    /// The ends of values, counted from where the first value begins.
    Ends(&'c [i32]),
    Int32(&'c [i32]),
    Int64(&'c [i64]),
    Float32(&'c [f32]),
    Float64(&'c [f64]),
}

impl<'c> Column<'c> {
    /// Checks that there are so many rows, and that text is UTF-8.
    pub(super) fn check(&self, rows: usize) -> Result<(), WriteError> {
        let values = match self.values {
            Array::Null => rows,
            Array::Boolean(bits) => bits.len(),
            Array::Int64(values) | Array::Timestamp { micros: values, .. } => values.len(),
            Array::Float64(values) => values.len(),
            Array::Date32(values) => values.len(),
            Array::Utf8 { ends, bytes } | Array::Binary { ends, bytes } => {
                let rise = ends.is_sorted() && ends.first() == Some(&0);
                let whole = ends
                    .last()
                    .is_some_and(|last| *last as usize == bytes.len());
                if rise && whole {
                    ends.len() - 1
                } else {
                    usize::MAX
                }
            }
            Array::FixedSizeList { length, numbers } => match usize::try_from(length) {
                Ok(length) if rows.checked_mul(length) == Some(numbers.len()) => rows,
                _ => usize::MAX,
            },
        };
        if values != rows || self.valid.rows() != rows {
            return Err(WriteError::Rows {
                column: self.name.to_owned(),
                rows,
            });
        }
        match self.values {
            Array::Utf8 { ends, bytes } if !is_text(ends, bytes) => Err(WriteError::NotUtf8 {
                column: self.name.to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// Adds the column's nodes, which are its rows and nulls, and its buffers, for some rows.
    pub(super) fn parts(
        &self,
        start: usize,
        end: usize,
        nodes: &mut Vec<(usize, usize)>,
        parts: &mut Vec<Part<'c>>,
    ) {
        let rows = end - start;
        if let Array::Null = self.values {
            nodes.push((rows, rows));
            return;
        }
        let (nulls, valid) = self.valid.between(start, end);
        nodes.push((rows, nulls));
        parts.push(Part::Bytes(valid));
        match self.values {
            Array::Null => {}
            Array::Boolean(bits) => parts.push(Part::Bytes(bits.between(start, end))),
            Array::Int64(values) | Array::Timestamp { micros: values, .. } => {
                parts.push(Part::Int64(&values[start..end]));
            }
            Array::Float64(values) => parts.push(Part::Float64(&values[start..end])),
            Array::Date32(values) => parts.push(Part::Int32(&values[start..end])),
            Array::Utf8 { ends, bytes } | Array::Binary { ends, bytes } => {
                parts.push(Part::Ends(&ends[start..=end]));
                let (first, last) = (ends[start] as usize, ends[end] as usize);
                parts.push(Part::Bytes(&bytes[first..last]));
            }
            Array::FixedSizeList { length, numbers } => {
                let length = length as usize;
                nodes.push((rows * length, 0));
                parts.push(Part::Bytes(&[]));
                parts.push(Part::Float32(&numbers[start * length..end * length]));
            }
        }
    }
}

/// Whether each value is UTF-8.
fn is_text(ends: &[i32], bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| {
        text.is_ascii() || ends.iter().all(|end| text.is_char_boundary(*end as usize))
    })
}

impl Part<'_> {
    pub(super) fn bytes(&self) -> usize {
        match self {
            Part::Bytes(bytes) => bytes.len(),
            Part::Ends(numbers) | Part::Int32(numbers) => size_of_val(*numbers),
            Part::Int64(numbers) => size_of_val(*numbers),
            Part::Float32(numbers) => size_of_val(*numbers),
            Part::Float64(numbers) => size_of_val(*numbers),
        }
    }

    /// Fills the beginning of `room`.
    pub(super) fn put(&self, room: &mut [u8]) {
        match self {
            Part::Bytes(bytes) => room[..bytes.len()].copy_from_slice(bytes),
            Part::Ends(ends) => {
                let first = ends.first().copied().unwrap_or(0);
                fill(room, ends, |end| (end - first).to_le_bytes());
            }
            Part::Int32(numbers) => fill(room, numbers, i32::to_le_bytes),
            Part::Int64(numbers) => fill(room, numbers, i64::to_le_bytes),
            Part::Float32(numbers) => fill(room, numbers, f32::to_le_bytes),
            Part::Float64(numbers) => fill(room, numbers, f64::to_le_bytes),
        }
    }
}

fn fill<T: Copy, const N: usize>(room: &mut [u8], numbers: &[T], bytes: impl Fn(T) -> [u8; N]) {
    let (room, _) = room.as_chunks_mut::<N>();
    for (place, number) in room.iter_mut().zip(numbers) {
        *place = bytes(*number);
    }
}
