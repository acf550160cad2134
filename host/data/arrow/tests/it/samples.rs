//! Columns of every type that is read, as Arrow's own crates make them.

use std::sync::Arc;

use arrow_array::builder::{FixedSizeListBuilder, Float32Builder, ListBuilder};
use arrow_array::types::{Float16Type, Int8Type, Int64Type, UInt16Type};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BinaryViewArray, BooleanArray, Date32Array, Date64Array,
    Decimal128Array, Decimal256Array, DictionaryArray, FixedSizeBinaryArray, Float32Array,
    Float64Array, Int8Array, Int16Array, Int32Array, Int64Array, LargeBinaryArray,
    LargeStringArray, NullArray, PrimitiveArray, RecordBatch, StringArray, StringViewArray,
    TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray,
    TimestampSecondArray, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use arrow_buffer::i256;
use arrow_ipc::writer::{DictionaryHandling, IpcWriteOptions, StreamWriter};
use arrow_schema::{DataType, Field, Schema};

/// Text that is longer than a view holds itself.
const LONG: &str = "länger als zwölf";

fn array(array: impl Array + 'static) -> ArrayRef {
    Arc::new(array)
}

/// A column with nulls and one without, of each type. All have five rows.
pub(crate) fn columns() -> Vec<(&'static str, ArrayRef)> {
    let mut columns = numbers();
    columns.extend(times_and_decimals());
    columns.extend(texts());
    columns.extend(lists());
    columns
}

pub(crate) fn numbers() -> Vec<(&'static str, ArrayRef)> {
    let half = |bits| <Float16Type as arrow_array::ArrowPrimitiveType>::Native::from_bits(bits);
    let halves = [0x3c00, 0x0001, 0xfc00, 0x83ff, 0x7e00].map(half);
    vec![
        ("null", array(NullArray::new(5))),
        (
            "bool",
            array(BooleanArray::from(vec![
                Some(true),
                None,
                Some(false),
                None,
                Some(true),
            ])),
        ),
        (
            "bools",
            array(BooleanArray::from(vec![true, false, false, true, true])),
        ),
        (
            "i8",
            array(Int8Array::from(vec![
                Some(i8::MIN),
                None,
                Some(0),
                Some(1),
                Some(i8::MAX),
            ])),
        ),
        (
            "i16",
            array(Int16Array::from(vec![i16::MIN, -1, 0, 1, i16::MAX])),
        ),
        (
            "i32",
            array(Int32Array::from(vec![
                None,
                None,
                None,
                Some(-7),
                Some(i32::MAX),
            ])),
        ),
        (
            "i64",
            array(Int64Array::from(vec![i64::MIN, -1, 0, 1, i64::MAX])),
        ),
        (
            "u8",
            array(UInt8Array::from(vec![
                Some(255),
                None,
                Some(0),
                Some(1),
                None,
            ])),
        ),
        ("u16", array(UInt16Array::from(vec![0, 1, 2, 3, u16::MAX]))),
        ("u32", array(UInt32Array::from(vec![0, 1, 2, 3, u32::MAX]))),
        (
            "u64",
            array(UInt64Array::from(vec![
                Some(0),
                None,
                Some(1 << 63),
                Some(u64::MAX),
                Some(7),
            ])),
        ),
        (
            "f16",
            array(PrimitiveArray::<Float16Type>::from_iter_values(halves)),
        ),
        (
            "f32",
            array(Float32Array::from(vec![
                Some(0.1),
                None,
                Some(f32::MAX),
                Some(-0.0),
                None,
            ])),
        ),
        (
            "f64",
            array(Float64Array::from(vec![
                0.1,
                f64::NAN,
                f64::INFINITY,
                -0.0,
                f64::MIN_POSITIVE,
            ])),
        ),
    ]
}

fn times_and_decimals() -> Vec<(&'static str, ArrayRef)> {
    let wide = |number: i128| Some(i256::from_i128(number));
    vec![
        (
            "date32",
            array(Date32Array::from(vec![
                Some(0),
                None,
                Some(-1),
                Some(20_453),
                Some(i32::MAX),
            ])),
        ),
        (
            "date64",
            array(Date64Array::from(vec![
                0,
                -1,
                86_400_000,
                -86_400_001,
                i64::MAX,
            ])),
        ),
        (
            "s",
            array(TimestampSecondArray::from(vec![
                Some(0),
                None,
                Some(-1),
                Some(1),
                Some(i64::MAX),
            ])),
        ),
        (
            "ms",
            array(TimestampMillisecondArray::from(vec![0, -1, 1, 2, 3]).with_timezone("+02:00")),
        ),
        (
            "µs",
            array(TimestampMicrosecondArray::from(vec![0, -1, 1, 2, 3]).with_timezone("UTC")),
        ),
        (
            "ns",
            array(TimestampNanosecondArray::from(vec![
                Some(5),
                None,
                None,
                Some(2),
                Some(3),
            ])),
        ),
        (
            "decimal",
            array(
                Decimal128Array::from(vec![Some(1_250), None, Some(-5), Some(0), Some(99_999)])
                    .with_precision_and_scale(5, 2)
                    .unwrap(),
            ),
        ),
        (
            "tens",
            array(
                Decimal128Array::from(vec![1, 2, -3, 0, 12])
                    .with_precision_and_scale(38, -1)
                    .unwrap(),
            ),
        ),
        (
            "wide",
            array(
                Decimal256Array::from(vec![
                    Some(i256::MAX),
                    None,
                    wide(-1),
                    wide(i128::MIN),
                    Some(i256::MIN),
                ])
                .with_precision_and_scale(76, 40)
                .unwrap(),
            ),
        ),
    ]
}

fn texts() -> Vec<(&'static str, ArrayRef)> {
    let some = vec![Some(""), None, Some("ä"), Some(LONG), Some("zwölf Bytes")];
    let all = vec![LONG, "a", "", "🦀", LONG];
    let bytes: Vec<Option<&[u8]>> = vec![
        Some(b""),
        None,
        Some(b"\xff\0"),
        Some(LONG.as_bytes()),
        Some(b"b"),
    ];
    let fixed = vec![
        Some([1_u8, 2, 3]),
        None,
        Some([0; 3]),
        Some([4; 3]),
        Some([255; 3]),
    ];
    vec![
        ("utf8", array(StringArray::from(some.clone()))),
        ("texts", array(StringArray::from(all.clone()))),
        ("large utf8", array(LargeStringArray::from(some.clone()))),
        ("utf8 view", array(StringViewArray::from(some))),
        ("views", array(StringViewArray::from(all))),
        ("binary", array(BinaryArray::from(bytes.clone()))),
        ("large binary", array(LargeBinaryArray::from(bytes.clone()))),
        ("binary view", array(BinaryViewArray::from_iter(bytes))),
        (
            "fixed",
            array(
                FixedSizeBinaryArray::try_from_sparse_iter_with_size(fixed.into_iter(), 3).unwrap(),
            ),
        ),
    ]
}

fn lists() -> Vec<(&'static str, ArrayRef)> {
    let item = Arc::new(Field::new("item", DataType::Float32, false));
    let mut fixed = FixedSizeListBuilder::new(Float32Builder::new(), 2).with_field(item);
    let mut list = ListBuilder::new(Float32Builder::new());
    for row in 0_u8..5 {
        fixed.values().append_slice(&[f32::from(row), -0.5]);
        fixed.append(row != 1);
        for number in 0..row {
            list.values()
                .append_option((number != 2).then(|| f32::from(number)));
        }
        list.append(row != 3);
    }
    let keyed: DictionaryArray<Int8Type> = vec![Some("a"), None, Some(LONG), Some("a"), Some("")]
        .into_iter()
        .collect();
    let some = DictionaryArray::<UInt16Type>::new(
        UInt16Array::from(vec![2, 1, 0, 2, 2]),
        array(Decimal128Array::from(vec![Some(7), None, Some(-7)])),
    );
    let floats = DictionaryArray::<Int64Type>::new(
        Int64Array::from(vec![0, 0, 0, 1, 0]),
        array(StringViewArray::from(vec![LONG, "short"])),
    );
    vec![
        ("fixed list", array(fixed.finish())),
        ("list", array(list.finish())),
        ("dictionary", array(keyed)),
        ("dictionary of decimals", array(some)),
        ("dictionary of views", array(floats)),
    ]
}

pub(crate) fn batch(columns: &[(&str, ArrayRef)]) -> RecordBatch {
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
        .collect();
    let arrays = columns.iter().map(|(_, array)| array.clone()).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

/// A small stream of two batches for each family of types, and one of dictionaries, by the name of its file in
/// `tests/streams`.
pub(crate) fn streams() -> Vec<(&'static str, Vec<u8>)> {
    let families = [
        ("numbers", numbers()),
        ("times-and-decimals", times_and_decimals()),
        ("texts", texts()),
        ("lists", lists()),
    ];
    let families = families.into_iter().map(|(name, columns)| {
        let all = batch(&columns);
        (name, stream(&[all.slice(0, 3), all.slice(3, 2)]))
    });
    families.chain([("dictionaries", dictionaries())]).collect()
}

/// A dictionary, what is added to it, and another one in its place.
fn dictionaries() -> Vec<u8> {
    let batches = [&["a", "bc"][..], &["a", "bc", LONG], &[LONG, "a"]].map(|values| {
        let keyed: DictionaryArray<Int8Type> = values.iter().copied().collect();
        batch(&[("c", array(keyed))])
    });
    let delta = DictionaryHandling::Delta;
    stream_with(
        &batches,
        IpcWriteOptions::default().with_dictionary_handling(delta),
    )
}

/// These batches as a stream.
pub(crate) fn stream(batches: &[RecordBatch]) -> Vec<u8> {
    stream_with(batches, IpcWriteOptions::default())
}

pub(crate) fn stream_with(batches: &[RecordBatch], options: IpcWriteOptions) -> Vec<u8> {
    let schema = batches[0].schema();
    let mut writer = StreamWriter::try_new_with_options(Vec::new(), &schema, options).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.into_inner().unwrap()
}
