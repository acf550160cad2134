//! Reads the rows of an Arrow stream that go into SQLite.

use fractalaw_arrow::{DataType, Field, ReadError, Stream, TimeUnit, Value, Vector};
use fractalaw_data_call::{CallError, Code};
use rusqlite::types::ValueRef;

use crate::kind::ColumnKind;
use crate::rows_out::shown;
use crate::time;

/// The columns and the batches of a stream.
pub(crate) fn read(stream: &[u8]) -> Result<Stream<'_>, CallError> {
    fractalaw_arrow::read(stream).map_err(unreadable)
}

/// Why a stream, or a value of one, cannot be read.
pub(crate) fn unreadable(error: ReadError) -> CallError {
    let (message, hint) = match &error {
        ReadError::UnsupportedType { column, found } => (
            format!(
                "column `{}`: values of the type {found} cannot be inserted",
                shown(column)
            ),
            "`host/data/sqlite/TYPES.md` lists the types that can",
        ),
        ReadError::Compressed { .. } => (
            format!("the data is an Arrow IPC stream, but {error}"),
            "write it uncompressed",
        ),
        ReadError::BigEndian => (
            format!("the data is an Arrow IPC stream, but {error}"),
            "write it with little-endian numbers",
        ),
        ReadError::File => (
            format!("the data is not one Arrow IPC stream: {error}"),
            "write it with a stream writer and not with a file writer",
        ),
        _ => (
            format!("the data is not one Arrow IPC stream: {error}"),
            "write it with the stream writer of an Arrow library",
        ),
    };
    CallError::new(Code::Type, message).hint(hint)
}

/// Room for a value that is converted from another one.
#[derive(Default)]
pub(crate) struct Cell(Vec<u8>);

/// Whether columns of the first type can be stored in columns of the second. Each value is checked later, row by
/// row.
pub(crate) fn fits(field: &Field<'_>, kind: ColumnKind) -> bool {
    use DataType as T;
    let found = field.data_type;
    let integer = matches!(found, T::Integer(_));
    let text = matches!(found, T::Utf8 | T::LargeUtf8 | T::Utf8View);
    let blob = matches!(
        found,
        T::Binary | T::LargeBinary | T::BinaryView | T::FixedSizeBinary(_)
    );
    let float = matches!(found, T::Float16 | T::Float32 | T::Float64);
    match (found, kind) {
        (T::Null, _) => true,
        (_, ColumnKind::Integer) => integer,
        (_, ColumnKind::Real) => integer || float,
        (_, ColumnKind::Text | ColumnKind::NumericText) => text,
        (_, ColumnKind::Blob) => blob,
        (_, ColumnKind::Boolean) => integer || found == T::Boolean,
        (_, ColumnKind::Date) => text || matches!(found, T::Date32 | T::Date64),
        (_, ColumnKind::Timestamp { .. }) => text || matches!(found, T::Timestamp(..)),
        (_, ColumnKind::Decimal) => {
            text || integer || matches!(found, T::Decimal128 { .. } | T::Decimal256 { .. })
        }
        (T::FixedSizeList { length, .. }, ColumnKind::Vector(expected)) => length == expected,
        (T::List { .. }, ColumnKind::Vector(_)) => true,
        (_, ColumnKind::Vector(_)) => blob,
        (_, ColumnKind::Any) => text || blob || integer || float || found == T::Boolean,
    }
}

/// One value as SQLite stores it. The error is the name of what it was instead.
pub(crate) fn value<'a>(
    value: Value<'a>,
    kind: ColumnKind,
    room: &'a mut Cell,
) -> Result<ValueRef<'a>, String> {
    match value {
        Value::Null => Ok(ValueRef::Null),
        Value::Boolean(is) => Ok(ValueRef::Integer(is.into())),
        Value::Integer(number) => from_integer(number, kind),
        Value::Large(number) => Err(format!("integer {number}")),
        Value::Float(number) => real(number),
        Value::Text(value) => text(value, kind),
        Value::Bytes(value) => blob(value, kind),
        Value::Date(days) => room.text(time::date_text(days), "date out of range"),
        Value::Timestamp(units, unit) => {
            let text = micros(units, unit).and_then(time::timestamp_text);
            room.text(text, "time out of range, or more exact than microseconds")
        }
        Value::Decimal(decimal) => {
            room.text(decimal.text(), "decimal with more digits than its type")
        }
        Value::Vector(numbers) => vector(numbers, kind),
    }
}

fn from_integer(number: i64, kind: ColumnKind) -> Result<ValueRef<'static>, String> {
    match kind {
        ColumnKind::Boolean if !matches!(number, 0 | 1) => Err(format!("integer {number}")),
        // A real number cannot hold a larger integer exactly.
        ColumnKind::Real if number.unsigned_abs() > 1 << 53 => Err(format!("integer {number}")),
        ColumnKind::Real => Ok(ValueRef::Real(number as f64)),
        _ => Ok(ValueRef::Integer(number)),
    }
}

/// SQLite would store NaN as null, which is another value.
fn real(number: f64) -> Result<ValueRef<'static>, String> {
    if number.is_nan() {
        Err("float (not a number)".to_owned())
    } else {
        Ok(ValueRef::Real(number))
    }
}

fn text(text: &str, kind: ColumnKind) -> Result<ValueRef<'_>, String> {
    let is_it = match kind {
        ColumnKind::Date => time::date(text.as_bytes()).is_some(),
        ColumnKind::Timestamp { .. } => time::timestamp(text.as_bytes()).is_some(),
        ColumnKind::Decimal => is_decimal(text),
        _ => true,
    };
    if is_it {
        Ok(ValueRef::Text(text.as_bytes()))
    } else {
        Err("text".to_owned())
    }
}

/// Whether a query returns the value as it is, after SQLite has stored it in a column that makes numbers of texts.
pub(crate) fn is_kept(value: ValueRef<'_>, kind: ColumnKind) -> bool {
    let ValueRef::Text(text) = value else {
        return true;
    };
    match kind {
        ColumnKind::NumericText => !is_number(text) || is_told_again(text),
        ColumnKind::Any => !is_number(text),
        _ => true,
    }
}

/// Whether SQLite reads the text as a number: `[+-] digits [. digits] [e [+-] digits]`, between spaces.
fn is_number(text: &[u8]) -> bool {
    let digits = |text: &mut &[u8]| {
        let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        *text = &text[count..];
        count
    };
    let after = |text: &mut &[u8], any: &[u8]| {
        let found = text.first().is_some_and(|first| any.contains(first));
        *text = &text[usize::from(found)..];
        found
    };
    let is_space = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b;
    let begin = text.iter().position(|byte| !is_space(byte));
    let end = text.iter().rposition(|byte| !is_space(byte));
    let (Some(begin), Some(end)) = (begin, end) else {
        return false;
    };
    let mut rest = &text[begin..=end];
    after(&mut rest, b"+-");
    let mut count = digits(&mut rest);
    if after(&mut rest, b".") {
        count += digits(&mut rest);
    }
    if count == 0 {
        return false;
    }
    if after(&mut rest, b"eE") {
        after(&mut rest, b"+-");
        if digits(&mut rest) == 0 {
            return false;
        }
    }
    rest.is_empty()
}

/// Whether the number that a text stands for is told as the same text. A real number keeps 15 digits.
fn is_told_again(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else {
        return false;
    };
    let integer = || {
        text.parse::<i64>()
            .is_ok_and(|number| number.to_string() == text)
    };
    let real = || {
        text.len() <= 16
            && text.contains('.')
            && text
                .parse::<f64>()
                .is_ok_and(|number| number.to_string() == text)
    };
    integer() || real()
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits =
        |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    all_digits(whole) && all_digits(part)
}

fn blob(blob: &[u8], kind: ColumnKind) -> Result<ValueRef<'_>, String> {
    match kind {
        ColumnKind::Vector(length) if blob.len() != 4 * length as usize => {
            Err(format!("blob of {} bytes", blob.len()))
        }
        _ => Ok(ValueRef::Blob(blob)),
    }
}

fn micros(units: i64, unit: TimeUnit) -> Option<i64> {
    match unit {
        TimeUnit::Second => units.checked_mul(1_000_000),
        TimeUnit::Millisecond => units.checked_mul(1_000),
        TimeUnit::Microsecond => Some(units),
        TimeUnit::Nanosecond => (units % 1_000 == 0).then_some(units / 1_000),
    }
}

/// A vector in Arrow has the bytes that it has in SQLite.
fn vector(numbers: Vector<'_>, kind: ColumnKind) -> Result<ValueRef<'_>, String> {
    let expected = match kind {
        ColumnKind::Vector(length) => length as usize,
        _ => return Err("list".to_owned()),
    };
    if numbers.len() != expected || numbers.nulls() > 0 {
        let found = numbers.len() - numbers.nulls();
        return Err(format!("list of {found} numbers"));
    }
    Ok(ValueRef::Blob(numbers.bytes()))
}

impl Cell {
    fn text(&mut self, text: Option<String>, otherwise: &str) -> Result<ValueRef<'_>, String> {
        self.0 = text.ok_or(otherwise)?.into_bytes();
        Ok(ValueRef::Text(&self.0))
    }
}
