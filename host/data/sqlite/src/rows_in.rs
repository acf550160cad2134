//! Reads the rows of an Arrow stream that go into SQLite.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowDictionaryKeyType, Date32Type, Date64Type, Decimal128Type, Decimal256Type, Float16Type,
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_buffer::Buffer;
use arrow_ipc::reader::StreamDecoder;
use arrow_schema::{ArrowError, DataType, Schema, TimeUnit};
use fractalaw_data_call::{CallError, Code};
use rusqlite::types::ValueRef;

use crate::kind::ColumnKind;
use crate::time;

/// The schema and the batches of a stream. A malformed stream is an error. The decoder takes memory only for
/// bytes that are there.
pub(crate) fn read(stream: &[u8]) -> Result<(Arc<Schema>, Vec<RecordBatch>), CallError> {
    let decoded = catch_unwind(AssertUnwindSafe(|| decode(stream)));
    match decoded {
        Ok(Ok(read)) => Ok(read),
        Ok(Err(error)) => Err(malformed(&error.to_string())),
        // If the decoder panics, the guest gets an error and the host goes on.
        Err(_) => Err(malformed("the decoder gave up")),
    }
}

fn malformed(why: &str) -> CallError {
    let why: String = why.chars().take(200).collect();
    CallError::new(
        Code::Type,
        format!("the data is not one Arrow IPC stream: {why}"),
    )
    .hint("write it with a stream writer (not a file writer), uncompressed")
}

fn decode(stream: &[u8]) -> Result<(Arc<Schema>, Vec<RecordBatch>), ArrowError> {
    let mut rest = Buffer::from(stream);
    let mut decoder = StreamDecoder::new();
    let mut batches = Vec::new();
    while !rest.is_empty() {
        batches.extend(decoder.decode(&mut rest)?);
    }
    decoder.finish()?;
    let schema = decoder
        .schema()
        .ok_or_else(|| ArrowError::IpcError("it has no schema".to_owned()))?;
    Ok((schema, batches))
}

/// Room for a value that is converted from another one.
#[derive(Default)]
pub(crate) struct Cell(Vec<u8>);

/// Whether columns of the first type can be stored in columns of the second. Each value is checked later, row by
/// row.
pub(crate) fn fits(found: &DataType, kind: ColumnKind) -> bool {
    use DataType as T;
    let integer = found.is_integer();
    let text = matches!(found, T::Utf8 | T::LargeUtf8 | T::Utf8View);
    let blob = matches!(
        found,
        T::Binary | T::LargeBinary | T::BinaryView | T::FixedSizeBinary(_)
    );
    match (found, kind) {
        (T::Null, _) => true,
        (T::Dictionary(_, values), _) => {
            !matches!(**values, T::Dictionary(..)) && fits(values, kind)
        }
        (_, ColumnKind::Integer) => integer,
        (_, ColumnKind::Real) => integer || matches!(found, T::Float16 | T::Float32 | T::Float64),
        (_, ColumnKind::Text) => text,
        (_, ColumnKind::Blob) => blob,
        (_, ColumnKind::Boolean) => integer || *found == T::Boolean,
        (_, ColumnKind::Date) => text || matches!(found, T::Date32 | T::Date64),
        (_, ColumnKind::Timestamp { .. }) => text || matches!(found, T::Timestamp(..)),
        (_, ColumnKind::Decimal) => {
            text || integer || matches!(found, T::Decimal128(..) | T::Decimal256(..))
        }
        (T::FixedSizeList(item, length), ColumnKind::Vector(expected)) => {
            *length == expected && *item.data_type() == T::Float32
        }
        (T::List(item), ColumnKind::Vector(_)) => *item.data_type() == T::Float32,
        (_, ColumnKind::Vector(_)) => blob,
        (_, ColumnKind::Any) => {
            text || blob
                || integer
                || matches!(found, T::Boolean | T::Float16 | T::Float32 | T::Float64)
        }
    }
}

/// One value as SQLite stores it. The error is the name of what it was instead.
pub(crate) fn value<'a>(
    array: &'a dyn Array,
    row: usize,
    kind: ColumnKind,
    room: &'a mut Cell,
) -> Result<ValueRef<'a>, String> {
    use DataType as T;
    if array.is_null(row) {
        return Ok(ValueRef::Null);
    }
    let integer = |number: i64| from_integer(number, kind);
    Ok(match array.data_type() {
        T::Null => ValueRef::Null,
        T::Boolean => ValueRef::Integer(array.as_boolean().value(row).into()),
        T::Int8 => integer(array.as_primitive::<Int8Type>().value(row).into())?,
        T::Int16 => integer(array.as_primitive::<Int16Type>().value(row).into())?,
        T::Int32 => integer(array.as_primitive::<Int32Type>().value(row).into())?,
        T::Int64 => integer(array.as_primitive::<Int64Type>().value(row))?,
        T::UInt8 => integer(array.as_primitive::<UInt8Type>().value(row).into())?,
        T::UInt16 => integer(array.as_primitive::<UInt16Type>().value(row).into())?,
        T::UInt32 => integer(array.as_primitive::<UInt32Type>().value(row).into())?,
        T::UInt64 => {
            let number = array.as_primitive::<UInt64Type>().value(row);
            integer(i64::try_from(number).map_err(|_| format!("integer {number}"))?)?
        }
        T::Float16 => real(array.as_primitive::<Float16Type>().value(row).to_f64())?,
        T::Float32 => real(array.as_primitive::<Float32Type>().value(row).into())?,
        T::Float64 => real(array.as_primitive::<Float64Type>().value(row))?,
        T::Utf8 => text(array.as_string::<i32>().value(row), kind)?,
        T::LargeUtf8 => text(array.as_string::<i64>().value(row), kind)?,
        T::Utf8View => text(array.as_string_view().value(row), kind)?,
        T::Binary => blob(array.as_binary::<i32>().value(row), kind)?,
        T::LargeBinary => blob(array.as_binary::<i64>().value(row), kind)?,
        T::BinaryView => blob(array.as_binary_view().value(row), kind)?,
        T::FixedSizeBinary(_) => blob(array.as_fixed_size_binary().value(row), kind)?,
        T::Date32 => {
            let days = array.as_primitive::<Date32Type>().value(row);
            room.text(time::date_text(days.into()), "date out of range")?
        }
        T::Date64 => {
            let days = array
                .as_primitive::<Date64Type>()
                .value(row)
                .div_euclid(86_400_000);
            room.text(time::date_text(days), "date out of range")?
        }
        T::Timestamp(unit, _) => {
            let micros = micros(array, *unit, row).and_then(time::timestamp_text);
            room.text(micros, "time out of range, or more exact than microseconds")?
        }
        T::Decimal128(..) => {
            let text = array.as_primitive::<Decimal128Type>().value_as_string(row);
            room.text(Some(text), "decimal")?
        }
        T::Decimal256(..) => {
            let text = array.as_primitive::<Decimal256Type>().value_as_string(row);
            room.text(Some(text), "decimal")?
        }
        T::FixedSizeList(..) => {
            room.vector(array.as_fixed_size_list().value(row).as_ref(), kind)?
        }
        T::List(_) => room.vector(array.as_list::<i32>().value(row).as_ref(), kind)?,
        T::Dictionary(key, _) => {
            let (values, at) = of_dictionary(array, key, row).ok_or("dictionary")?;
            return value(values, at, kind, room);
        }
        other => return Err(other.to_string()),
    })
}

fn of_dictionary<'a>(
    array: &'a dyn Array,
    key: &DataType,
    row: usize,
) -> Option<(&'a dyn Array, usize)> {
    fn found<K: ArrowDictionaryKeyType>(
        array: &dyn Array,
        row: usize,
    ) -> Option<(&dyn Array, usize)> {
        let dictionary = array.as_dictionary_opt::<K>()?;
        let at = dictionary.key(row)?;
        (at < dictionary.values().len()).then(|| (dictionary.values().as_ref(), at))
    }
    match key {
        DataType::Int8 => found::<Int8Type>(array, row),
        DataType::Int16 => found::<Int16Type>(array, row),
        DataType::Int32 => found::<Int32Type>(array, row),
        DataType::Int64 => found::<Int64Type>(array, row),
        DataType::UInt8 => found::<UInt8Type>(array, row),
        DataType::UInt16 => found::<UInt16Type>(array, row),
        DataType::UInt32 => found::<UInt32Type>(array, row),
        DataType::UInt64 => found::<UInt64Type>(array, row),
        _ => None,
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

fn micros(array: &dyn Array, unit: TimeUnit, row: usize) -> Option<i64> {
    match unit {
        TimeUnit::Second => array
            .as_primitive::<TimestampSecondType>()
            .value(row)
            .checked_mul(1_000_000),
        TimeUnit::Millisecond => array
            .as_primitive::<TimestampMillisecondType>()
            .value(row)
            .checked_mul(1_000),
        TimeUnit::Microsecond => Some(array.as_primitive::<TimestampMicrosecondType>().value(row)),
        TimeUnit::Nanosecond => {
            let nanos = array.as_primitive::<TimestampNanosecondType>().value(row);
            (nanos % 1_000 == 0).then_some(nanos / 1_000)
        }
    }
}

impl Cell {
    fn text(&mut self, text: Option<String>, otherwise: &str) -> Result<ValueRef<'_>, String> {
        self.0 = text.ok_or(otherwise)?.into_bytes();
        Ok(ValueRef::Text(&self.0))
    }

    fn vector(&mut self, numbers: &dyn Array, kind: ColumnKind) -> Result<ValueRef<'_>, String> {
        let expected = match kind {
            ColumnKind::Vector(length) => length as usize,
            _ => return Err("list".to_owned()),
        };
        if numbers.len() != expected || numbers.null_count() > 0 {
            return Err(format!(
                "list of {} numbers",
                numbers.len() - numbers.null_count()
            ));
        }
        let numbers = numbers.as_primitive_opt::<Float32Type>().ok_or("list")?;
        self.0 = numbers
            .values()
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect();
        Ok(ValueRef::Blob(&self.0))
    }
}
