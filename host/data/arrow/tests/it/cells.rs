//! A stream's columns and rows as text, read by `arrow-ipc` and by us.

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
use arrow_schema::{ArrowError, DataType, FieldRef, TimeUnit};
use fractalaw_arrow::{Stream, Value, read};

/// `name: type` of each column and each value, as we read them.
pub(crate) fn ours(stream: &[u8]) -> Result<Vec<String>, String> {
    let stream = read(stream).map_err(|error| error.to_string())?;
    rows(&stream)
}

fn rows(stream: &Stream<'_>) -> Result<Vec<String>, String> {
    let fields = stream.fields();
    let mut text: Vec<String> = fields
        .iter()
        .map(|field| {
            let null = if field.nullable { "" } else { "non-null " };
            format!("{:?}: {null}{}", field.name, field.type_name())
        })
        .collect();
    for batch in stream.batches() {
        text.push(format!("{} rows", batch.rows()));
        // A batch of nulls can state any number of rows.
        for row in 0..batch.rows().min(1_000) {
            for column in 0..fields.len() {
                let value = batch.value(column, row);
                text.push(cell(value.map_err(|error| error.to_string())?));
            }
        }
    }
    Ok(text)
}

/// The bits of a number. One NaN is as good as another.
fn float(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    format!("{:x}", number.to_bits())
}

fn cell(value: Value<'_>) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Boolean(is) => is.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Large(number) => number.to_string(),
        Value::Float(number) => float(number),
        Value::Text(text) => format!("{text:?}"),
        Value::Bytes(bytes) => format!("{bytes:?}"),
        Value::Date(days) => format!("day {days}"),
        Value::Timestamp(units, unit) => format!("{units} {unit}"),
        Value::Decimal(decimal) => decimal.text().unwrap_or("too long".to_owned()),
        Value::Vector(vector) => {
            let (numbers, _) = vector.bytes().as_chunks::<4>();
            let bits: Vec<u32> = numbers.iter().map(|n| u32::from_le_bytes(*n)).collect();
            assert_eq!(vector.len(), bits.len());
            assert_eq!(vector.is_empty(), bits.is_empty());
            format!("{} nulls in {bits:x?}", vector.nulls())
        }
    }
}

/// The same, as `arrow-ipc` reads them.
pub(crate) fn theirs(stream: &[u8]) -> Result<Vec<String>, ArrowError> {
    let mut rest = Buffer::from(stream);
    let mut decoder = StreamDecoder::new();
    let mut batches = Vec::new();
    while !rest.is_empty() {
        batches.extend(decoder.decode(&mut rest)?);
    }
    decoder.finish()?;
    let schema = decoder
        .schema()
        .ok_or_else(|| ArrowError::IpcError("no schema".to_owned()))?;
    let mut text: Vec<String> = schema
        .fields()
        .iter()
        .map(|field| {
            let null = if field.is_nullable() { "" } else { "non-null " };
            format!("{:?}: {null}{}", field.name(), type_name(field.data_type()))
        })
        .collect();
    for batch in &batches {
        cells(batch, &mut text);
    }
    Ok(text)
}

/// The name of a type. The name of a list's items is not part of ours.
fn type_name(data_type: &DataType) -> String {
    let renamed = |item: &FieldRef| item.as_ref().clone().with_name("item").into();
    match data_type {
        DataType::List(item) => DataType::List(renamed(item)).to_string(),
        DataType::FixedSizeList(item, length) => {
            DataType::FixedSizeList(renamed(item), *length).to_string()
        }
        DataType::Dictionary(keys, values) => {
            format!("Dictionary({keys}, {})", type_name(values))
        }
        other => other.to_string(),
    }
}

fn cells(batch: &RecordBatch, text: &mut Vec<String>) {
    text.push(format!("{} rows", batch.num_rows()));
    for row in 0..batch.num_rows().min(1_000) {
        for column in batch.columns() {
            text.push(their_cell(column.as_ref(), row));
        }
    }
}

fn their_cell(array: &dyn Array, row: usize) -> String {
    use DataType as T;
    if array.is_null(row) {
        return "null".to_owned();
    }
    let time = |units: i64, unit: &str| format!("{units} {unit}");
    // `arrow-array` leaves out the digits that are more than the type has.
    let whole = |digits: String, precision: u8, text: String| {
        let digits = digits.trim_start_matches('-').len();
        if digits > precision.into() {
            "too long".to_owned()
        } else {
            text
        }
    };
    match array.data_type() {
        T::Null => "null".to_owned(),
        T::Boolean => array.as_boolean().value(row).to_string(),
        T::Int8 => array.as_primitive::<Int8Type>().value(row).to_string(),
        T::Int16 => array.as_primitive::<Int16Type>().value(row).to_string(),
        T::Int32 => array.as_primitive::<Int32Type>().value(row).to_string(),
        T::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        T::UInt8 => array.as_primitive::<UInt8Type>().value(row).to_string(),
        T::UInt16 => array.as_primitive::<UInt16Type>().value(row).to_string(),
        T::UInt32 => array.as_primitive::<UInt32Type>().value(row).to_string(),
        T::UInt64 => array.as_primitive::<UInt64Type>().value(row).to_string(),
        T::Float16 => float(array.as_primitive::<Float16Type>().value(row).to_f64()),
        T::Float32 => float(array.as_primitive::<Float32Type>().value(row).into()),
        T::Float64 => float(array.as_primitive::<Float64Type>().value(row)),
        T::Utf8 => format!("{:?}", array.as_string::<i32>().value(row)),
        T::LargeUtf8 => format!("{:?}", array.as_string::<i64>().value(row)),
        T::Utf8View => format!("{:?}", array.as_string_view().value(row)),
        T::Binary => format!("{:?}", array.as_binary::<i32>().value(row)),
        T::LargeBinary => format!("{:?}", array.as_binary::<i64>().value(row)),
        T::BinaryView => format!("{:?}", array.as_binary_view().value(row)),
        T::FixedSizeBinary(_) => format!("{:?}", array.as_fixed_size_binary().value(row)),
        T::Date32 => format!("day {}", array.as_primitive::<Date32Type>().value(row)),
        T::Date64 => {
            let millis = array.as_primitive::<Date64Type>().value(row);
            format!("day {}", millis.div_euclid(86_400_000))
        }
        T::Timestamp(unit, _) => match unit {
            TimeUnit::Second => time(array.as_primitive::<TimestampSecondType>().value(row), "s"),
            TimeUnit::Millisecond => time(
                array.as_primitive::<TimestampMillisecondType>().value(row),
                "ms",
            ),
            TimeUnit::Microsecond => time(
                array.as_primitive::<TimestampMicrosecondType>().value(row),
                "µs",
            ),
            TimeUnit::Nanosecond => time(
                array.as_primitive::<TimestampNanosecondType>().value(row),
                "ns",
            ),
        },
        T::Decimal128(precision, _) => {
            let array = array.as_primitive::<Decimal128Type>();
            let digits = array.value(row).to_string();
            whole(digits, *precision, array.value_as_string(row))
        }
        T::Decimal256(precision, _) => {
            let array = array.as_primitive::<Decimal256Type>();
            let digits = array.value(row).to_string();
            whole(digits, *precision, array.value_as_string(row))
        }
        T::FixedSizeList(..) => vector(array.as_fixed_size_list().value(row).as_ref()),
        T::List(_) => vector(array.as_list::<i32>().value(row).as_ref()),
        T::Dictionary(keys, _) => match **keys {
            T::Int8 => keyed::<Int8Type>(array, row),
            T::Int16 => keyed::<Int16Type>(array, row),
            T::Int32 => keyed::<Int32Type>(array, row),
            T::Int64 => keyed::<Int64Type>(array, row),
            T::UInt8 => keyed::<UInt8Type>(array, row),
            T::UInt16 => keyed::<UInt16Type>(array, row),
            T::UInt32 => keyed::<UInt32Type>(array, row),
            _ => keyed::<UInt64Type>(array, row),
        },
        other => panic!("{other}"),
    }
}

fn keyed<K: ArrowDictionaryKeyType>(array: &dyn Array, row: usize) -> String {
    let dictionary = array.as_dictionary::<K>();
    let key = dictionary.key(row).unwrap();
    their_cell(dictionary.values().as_ref(), key)
}

fn vector(list: &dyn Array) -> String {
    let numbers = list.as_primitive::<Float32Type>();
    let bits: Vec<u32> = numbers.values().iter().map(|n| n.to_bits()).collect();
    format!("{} nulls in {bits:x?}", list.null_count())
}

/// The length of each message of a stream, with its body.
pub(crate) fn messages(stream: &[u8]) -> Vec<usize> {
    let mut lengths = Vec::new();
    let mut rest = stream;
    loop {
        let head = u32::from_le_bytes(rest[4..8].try_into().unwrap()) as usize;
        if head == 0 {
            return lengths;
        }
        let message = arrow_ipc::root_as_message(&rest[8..8 + head]).unwrap();
        let length = 8 + head + message.bodyLength() as usize;
        lengths.push(length);
        rest = &rest[length..];
    }
}
