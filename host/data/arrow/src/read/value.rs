//! Values, as they are read.

use super::number::Decimal;
use crate::types::TimeUnit;

/// A value. Text and bytes stay where they are, in the bytes of the stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// No value.
    Null,
    /// A boolean.
    Boolean(bool),
    /// A whole number of any width.
    Integer(i64),
    /// A whole number that is more than an `i64` holds.
    Large(u64),
    /// A number of the types `Float16`, `Float32` and `Float64`.
    Float(f64),
    /// Text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// Days since 1970.
    Date(i64),
    /// So many units since 1970.
    Timestamp(i64, TimeUnit),
    /// A decimal number.
    Decimal(Decimal<'a>),
    /// A list of `Float32`.
    Vector(Vector<'a>),
}

/// A list of `Float32`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Vector<'a> {
    bytes: &'a [u8],
    nulls: usize,
}

impl<'a> Vector<'a> {
    pub(super) fn new(bytes: &'a [u8], nulls: usize) -> Vector<'a> {
        Vector { bytes, nulls }
    }

    /// The numbers, little-endian. A null is any number.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// How many numbers there are, with nulls.
    pub fn len(&self) -> usize {
        self.bytes.len() / 4
    }

    /// Whether there are no numbers.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// How many of the numbers are null.
    pub fn nulls(&self) -> usize {
        self.nulls
    }
}
