//! What we write is what `arrow-ipc` writes, byte by byte.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, FixedSizeListArray, Float32Array,
    Float64Array, Int64Array, NullArray, RecordBatch, RecordBatchOptions, StringArray,
    TimestampMicrosecondArray,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{DataType, Field, Schema};
use fractalaw_arrow::{Array, Bits, Column, Validity, WriteError, write};

use crate::cells::{ours, theirs};

/// Values for each type, of so many rows. Every `nth` row is null.
struct Data {
    valid: Validity,
    nulls: Option<NullBuffer>,
    bits: Bits,
    bools: Vec<bool>,
    integers: Vec<i64>,
    reals: Vec<f64>,
    days: Vec<i32>,
    ends: Vec<i32>,
    bytes: Vec<u8>,
    vectors: Vec<f32>,
}

impl Data {
    fn new(rows: usize, nth: usize) -> Data {
        let (mut valid, mut bits, mut ends, mut bytes) =
            (Validity::default(), Bits::default(), vec![0], Vec::new());
        let is_valid = |row: usize| nth == 0 || row % nth != nth - 1;
        for row in 0..rows {
            valid.push(is_valid(row));
            bits.push(row % 3 == 0);
            bytes.extend_from_slice(&"ä bc".as_bytes()[..[0, 2, 5][row % 3]]);
            ends.push(bytes.len() as i32);
        }
        let nulls = NullBuffer::new(BooleanBuffer::collect_bool(rows, is_valid));
        Data {
            valid,
            nulls: Some(nulls).filter(|nulls| nulls.null_count() > 0),
            bits,
            bools: (0..rows).map(|row| row % 3 == 0).collect(),
            integers: (0..rows).map(|row| (row as i64 - 2) << 40).collect(),
            reals: (0..rows).map(|row| row as f64 / 3.0).collect(),
            days: (0..rows).map(|row| row as i32 - 7).collect(),
            ends,
            bytes,
            vectors: (0..rows * 3).map(|at| at as f32).collect(),
        }
    }

    fn ours(&self) -> Vec<(&'static str, Array<'_>)> {
        let (ends, bytes) = (&self.ends[..], &self.bytes[..]);
        let micros = &self.integers[..];
        let length = 3;
        let numbers = &self.vectors[..];
        vec![
            ("i", Array::Int64(&self.integers)),
            ("a real number", Array::Float64(&self.reals)),
            ("text", Array::Utf8 { ends, bytes }),
            ("", Array::Binary { ends, bytes }),
            ("bool", Array::Boolean(&self.bits)),
            ("ä", Array::Date32(&self.days)),
            ("time", Array::Timestamp { micros, utc: false }),
            ("i", Array::Timestamp { micros, utc: true }),
            ("vector", Array::FixedSizeList { length, numbers }),
            ("nothing", Array::Null),
        ]
    }

    fn theirs(&self, rows: usize) -> Vec<ArrayRef> {
        let nulls = || self.nulls.clone();
        let ends = || OffsetBuffer::new(ScalarBuffer::from(self.ends.clone()));
        let bytes = || Buffer::from_vec(self.bytes.clone());
        let micros = || TimestampMicrosecondArray::new(self.integers.clone().into(), nulls());
        let item = Arc::new(Field::new("item", DataType::Float32, false));
        let numbers = Arc::new(Float32Array::from(self.vectors.clone()));
        vec![
            Arc::new(Int64Array::new(self.integers.clone().into(), nulls())),
            Arc::new(Float64Array::new(self.reals.clone().into(), nulls())),
            Arc::new(StringArray::new(ends(), bytes(), nulls())),
            Arc::new(BinaryArray::new(ends(), bytes(), nulls())),
            Arc::new(BooleanArray::new(self.bools.clone().into(), nulls())),
            Arc::new(Date32Array::new(self.days.clone().into(), nulls())),
            Arc::new(micros()),
            Arc::new(micros().with_timezone("UTC")),
            Arc::new(FixedSizeListArray::new(item, 3, numbers, nulls())),
            Arc::new(NullArray::new(rows)),
        ]
    }
}

fn stream(columns: &[(&str, ArrayRef)], rows: usize, batch_rows: usize) -> Vec<u8> {
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let mut writer = StreamWriter::try_new(Vec::new(), &schema).unwrap();
    let arrays = columns.iter().map(|(_, array)| array.clone()).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let all = RecordBatch::try_new_with_options(schema, arrays, &options).unwrap();
    for start in (0..rows).step_by(batch_rows) {
        let rows = batch_rows.min(rows - start);
        writer.write(&all.slice(start, rows)).unwrap();
    }
    writer.into_inner().unwrap()
}

#[test]
fn the_bytes_are_those_of_arrow_ipc() {
    for rows in [0, 1, 7, 8, 9, 63, 64, 65, 200] {
        for nth in [0, 1, 2, 9, 70] {
            for batch_rows in [8, 64, 1 << 16] {
                let data = Data::new(rows, nth);
                let (ours, theirs) = (data.ours(), data.theirs(rows));
                let valid = &data.valid;
                let mut all = (Vec::new(), Vec::new());
                for ((name, values), array) in ours.into_iter().zip(theirs) {
                    let column = Column {
                        name,
                        values,
                        valid,
                    };
                    let alone = [(name, array)];
                    let about = format!("{values:?} {rows} {nth} {batch_rows}");
                    same(&[column], &alone, (rows, batch_rows), &about);
                    all.0.push(column);
                    all.1.extend(alone);
                }
                same(&all.0, &all.1, (rows, batch_rows), "all columns");
            }
        }
    }
}

fn same(
    columns: &[Column<'_>],
    arrays: &[(&str, ArrayRef)],
    (rows, batch_rows): (usize, usize),
    about: &str,
) {
    let written = write(columns, rows, batch_rows).unwrap();
    assert!(written == stream(arrays, rows, batch_rows), "{about}");
    assert_eq!(ours(&written), Ok(theirs(&written).unwrap()), "{about}");
}

#[test]
fn no_columns_and_many() {
    for rows in [0, 3] {
        assert!(write(&[], rows, 8).unwrap() == stream(&[], rows, 8));
    }
    let data = Data::new(3, 2);
    let names: Vec<String> = (0..500).map(|at| "n".repeat(at)).collect();
    let columns: Vec<Column<'_>> = names
        .iter()
        .map(|name| Column {
            name,
            values: Array::Int64(&data.integers),
            valid: &data.valid,
        })
        .collect();
    let array = data.theirs(3).swap_remove(0);
    let arrays: Vec<(&str, ArrayRef)> = names
        .iter()
        .map(|name| (name.as_str(), array.clone()))
        .collect();
    assert!(write(&columns, 3, 8).unwrap() == stream(&arrays, 3, 8));
}

#[test]
fn what_cannot_be_written_is_told() {
    let data = Data::new(2, 0);
    let valid = &data.valid;
    let not_text = |ends: &'static [i32], bytes: &'static [u8]| Array::Utf8 { ends, bytes };
    let rows = "column `c` does not have 2 rows";
    let utf8 = "column `c`: text that is not UTF-8";
    for (values, told) in [
        (Array::Int64(&[1]), rows),
        (Array::Date32(&[1, 2, 3]), rows),
        (not_text(&[0, 1], b"a"), rows),
        (not_text(&[1, 1, 1], b"a"), rows),
        (not_text(&[0, 1, 1], b"ab"), rows),
        (not_text(&[0, 2, 1], b"a"), rows),
        (not_text(&[], b""), rows),
        (
            Array::FixedSizeList {
                length: 2,
                numbers: &[0.0; 3],
            },
            rows,
        ),
        (
            Array::FixedSizeList {
                length: -2,
                numbers: &[0.0; 4],
            },
            rows,
        ),
        (not_text(&[0, 1, 2], b"a\xff"), utf8),
        // Both together would be one letter.
        (not_text(&[0, 1, 2], "ä".as_bytes()), utf8),
    ] {
        let column = Column {
            name: "c",
            values,
            valid,
        };
        let error: WriteError = write(&[column], 2, 8).unwrap_err();
        assert_eq!(error.to_string(), told, "{values:?}");
    }
}
