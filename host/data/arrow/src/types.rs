//! The types of columns.

use std::fmt;

/// A column's name and type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// It can be empty, and several columns can have the same.
    pub name: &'a str,
    /// The type of its values.
    pub data_type: DataType<'a>,
    /// The type of its keys, if its values are in a dictionary.
    pub keys: Option<Integer>,
    /// Whether values can be null.
    pub nullable: bool,
}

/// A type. Its text is as Arrow's own library writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are Arrow's types, by Arrow's names")]
pub enum DataType<'a> {
    Null,
    Boolean,
    Integer(Integer),
    Float16,
    Float32,
    Float64,
    Utf8,
    LargeUtf8,
    Utf8View,
    Binary,
    LargeBinary,
    BinaryView,
    FixedSizeBinary(i32),
    /// Days.
    Date32,
    /// Milliseconds.
    Date64,
    /// A unit, and the name of the time zone in which values are shown. Values are UTC if there is one.
    Timestamp(TimeUnit, Option<&'a str>),
    Decimal128 {
        precision: u8,
        scale: i8,
    },
    Decimal256 {
        precision: u8,
        scale: i8,
    },
    /// `Float32` values, any number of them.
    List {
        nullable_items: bool,
    },
    /// `Float32` values, so many of them.
    FixedSizeList {
        length: i32,
        nullable_items: bool,
    },
}

/// A type of whole numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are Arrow's types, by Arrow's names")]
pub enum Integer {
    Int8,
    Int16,
    Int32,
    Int64,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
}

/// What a timestamp counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum TimeUnit {
    Second,
    Millisecond,
    Microsecond,
    Nanosecond,
}

impl Field<'_> {
    /// The type as Arrow names it.
    pub fn type_name(&self) -> String {
        match self.keys {
            None => self.data_type.to_string(),
            Some(keys) => format!("Dictionary({keys}, {})", self.data_type),
        }
    }
}

impl Integer {
    pub(crate) fn bytes(self) -> usize {
        match self {
            Integer::Int8 | Integer::UInt8 => 1,
            Integer::Int16 | Integer::UInt16 => 2,
            Integer::Int32 | Integer::UInt32 => 4,
            Integer::Int64 | Integer::UInt64 => 8,
        }
    }
}

impl fmt::Display for DataType<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let non_null = |nullable: &bool| if *nullable { "" } else { "non-null " };
        match self {
            DataType::Integer(integer) => write!(out, "{integer}"),
            DataType::FixedSizeBinary(width) => write!(out, "FixedSizeBinary({width})"),
            DataType::Timestamp(unit, None) => write!(out, "Timestamp({unit})"),
            DataType::Timestamp(unit, Some(zone)) => write!(out, "Timestamp({unit}, {zone:?})"),
            DataType::Decimal128 { precision, scale } => {
                write!(out, "Decimal128({precision}, {scale})")
            }
            DataType::Decimal256 { precision, scale } => {
                write!(out, "Decimal256({precision}, {scale})")
            }
            DataType::List { nullable_items } => {
                write!(out, "List({}Float32)", non_null(nullable_items))
            }
            DataType::FixedSizeList {
                length,
                nullable_items,
            } => {
                let non_null = non_null(nullable_items);
                write!(out, "FixedSizeList({length} x {non_null}Float32)")
            }
            plain => write!(out, "{plain:?}"),
        }
    }
}

impl fmt::Display for Integer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self:?}")
    }
}

impl fmt::Display for TimeUnit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            TimeUnit::Second => "s",
            TimeUnit::Millisecond => "ms",
            TimeUnit::Microsecond => "µs",
            TimeUnit::Nanosecond => "ns",
        })
    }
}
