//! What rows become, read by Arrow's own crate.

use std::sync::Arc;

use arrow_array::types::Float32Type;
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, FixedSizeListArray, Float32Array, Float64Array,
    Int64Array, NullArray, RecordBatch, StringArray,
};
use arrow_ipc::reader::StreamReader;
use arrow_schema::{DataType, Field};
use micro_app::{Code, Rows, to_stream};
use serde::{Deserialize, Serialize};

use crate::streams;

fn read(stream: &[u8]) -> RecordBatch {
    let mut batches: Vec<_> = StreamReader::try_new(stream, None)
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(batches.len(), 1);
    batches.remove(0)
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
struct Row {
    integer: Option<i64>,
    real: Option<f64>,
    text: Option<String>,
    blob: Option<Vec<u8>>,
    boolean: Option<bool>,
    vector: Option<Vec<f32>>,
    nothing: Option<i64>,
}

fn full(at: i64) -> Row {
    Row {
        integer: Some(i64::MIN + at),
        real: Some(at as f64 / 4.0),
        text: Some(format!("§ {at}")),
        blob: Some(vec![0, 255, at.to_le_bytes()[0]]),
        boolean: Some(at % 2 == 0),
        vector: Some(vec![at as f32, -1.0]),
        nothing: None,
    }
}

#[test]
fn fields_become_columns() {
    let batch = read(&to_stream(&[full(0), Row::default(), full(1)]).unwrap());
    let item = Arc::new(Field::new("item", DataType::Float32, false));
    let vectors = FixedSizeListArray::new(
        item,
        2,
        Arc::new(Float32Array::from(vec![0.0, -1.0, 0.0, 0.0, 1.0, -1.0])),
        Some(vec![true, false, true].into()),
    );
    let columns: [(&str, ArrayRef); 7] = [
        (
            "integer",
            Arc::new(Int64Array::from(vec![
                Some(i64::MIN),
                None,
                Some(i64::MIN + 1),
            ])),
        ),
        (
            "real",
            Arc::new(Float64Array::from(vec![Some(0.0), None, Some(0.25)])),
        ),
        (
            "text",
            Arc::new(StringArray::from(vec![Some("§ 0"), None, Some("§ 1")])),
        ),
        (
            "blob",
            Arc::new(BinaryArray::from_opt_vec(vec![
                Some(&[0, 255, 0]),
                None,
                Some(&[0, 255, 1]),
            ])),
        ),
        (
            "boolean",
            Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
        ),
        ("vector", Arc::new(vectors)),
        ("nothing", Arc::new(NullArray::new(3))),
    ];
    assert_eq!(batch, streams::batch(&columns));
}

/// Nulls before and after, at the edges of the bytes that say which rows are null.
#[test]
fn nulls_stand_where_they_stood() {
    for rows in 1..=33_usize {
        for null in 0..rows {
            for others_are_null in [false, true] {
                let written: Vec<Row> = (0..rows)
                    .map(|at| match (at == null) == others_are_null {
                        true => full(at as i64),
                        false => Row::default(),
                    })
                    .collect();
                let stream = to_stream(&written).unwrap();
                assert_eq!(read(&stream).num_rows(), rows);
                let back: Vec<Row> = Rows::from_stream(stream).to_vec().unwrap();
                assert_eq!(back, written, "{rows} {null} {others_are_null}");
            }
        }
    }
}

#[test]
fn a_field_that_some_rows_leave_out_is_null_in_them() {
    #[derive(Default, Serialize)]
    struct Sparse {
        #[serde(skip_serializing_if = "Option::is_none")]
        a: Option<i64>,
        b: i64,
        #[serde(skip_serializing_if = "Option::is_none")]
        c: Option<bool>,
    }
    let rows = [
        Sparse {
            b: 1,
            ..Sparse::default()
        },
        Sparse {
            a: Some(2),
            b: 3,
            c: Some(true),
        },
        Sparse {
            b: 4,
            ..Sparse::default()
        },
    ];
    let columns: [(&str, ArrayRef); 3] = [
        ("b", Arc::new(Int64Array::from(vec![1, 3, 4]))),
        ("a", Arc::new(Int64Array::from(vec![None, Some(2), None]))),
        (
            "c",
            Arc::new(BooleanArray::from(vec![None, Some(true), None])),
        ),
    ];
    assert_eq!(read(&to_stream(&rows).unwrap()), streams::batch(&columns));
}

#[test]
fn small_numbers_variants_and_arrays() {
    #[derive(Serialize)]
    #[serde(rename_all = "kebab-case")]
    enum State {
        InForce,
    }
    #[derive(Serialize)]
    struct Number(u8);
    #[derive(Serialize)]
    struct Row<'a> {
        state: State,
        number: Number,
        letter: char,
        half: f32,
        place: [f32; 3],
        #[serde(rename = "the holder")]
        holder: &'a str,
    }
    let batch = read(
        &to_stream(&[Row {
            state: State::InForce,
            number: Number(7),
            letter: 'é',
            half: 0.5,
            place: [1.0, 2.0, 3.0],
            holder: "O'Brien",
        }])
        .unwrap(),
    );
    let place = FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(
        [Some([1.0, 2.0, 3.0].map(Some))],
        3,
    );
    let text = |text: &str| -> ArrayRef { Arc::new(StringArray::from(vec![text])) };
    assert_eq!(batch.column_by_name("state"), Some(&text("in-force")));
    assert_eq!(batch.column_by_name("letter"), Some(&text("é")));
    assert_eq!(batch.column_by_name("the holder"), Some(&text("O'Brien")));
    let number: ArrayRef = Arc::new(Int64Array::from(vec![7]));
    assert_eq!(batch.column_by_name("number"), Some(&number));
    let half: ArrayRef = Arc::new(Float64Array::from(vec![0.5]));
    assert_eq!(batch.column_by_name("half"), Some(&half));
    let found = batch.column_by_name("place").unwrap();
    let found: &FixedSizeListArray = arrow_array::cast::AsArray::as_fixed_size_list(found);
    assert_eq!((found.values(), found.value_length()), (place.values(), 3));
}

#[test]
fn many_rows_and_many_columns() {
    let rows: Vec<Row> = (0..70_000).map(full).collect();
    let stream = to_stream(&rows).unwrap();
    assert_eq!(read(&stream).num_rows(), 70_000);
    assert!(Rows::from_stream(stream).to_vec::<Row>().unwrap() == rows);
}

#[test]
fn what_is_no_row_or_no_value_is_refused() {
    #[derive(Serialize)]
    struct One<T> {
        a: T,
    }
    #[track_caller]
    fn refused<T: Serialize>(rows: &[T], message: &str) {
        let error = to_stream(rows).unwrap_err();
        assert_eq!((error.code, &*error.message), (Code::Mismatch, message));
    }
    let no_row = "row 1, a row is a struct with a field for each column";
    refused(&[1], no_row);
    refused(&[(1, 2)], no_row);
    refused(&[None::<Row>], no_row);
    let no_value = "row 1, column `a`: neither a number, text, bytes nor a vector";
    refused(&[One { a: One { a: 1 } }], no_value);
    refused(&[One { a: () }], no_value);
    refused(
        &[One { a: vec!["a"] }],
        "row 1, column `a`: a list of something else than `u8` or `f32`",
    );
    refused(
        &[One { a: vec![1.0_f32] }, One { a: vec![1.0, 2.0] }],
        "row 2, column `a`: a vector, and before it a vector of another length",
    );
    refused(
        &[One { a: u64::MAX }],
        "row 1, column `a`: an integer of more than 64 bits with its sign",
    );
    #[derive(Serialize)]
    #[serde(untagged)]
    enum Any {
        Number(i64),
        Text(&'static str),
    }
    refused(
        &[One { a: Any::Number(1) }, One { a: Any::Text("x") }],
        "row 2, column `a`: text, and before it an integer",
    );
}
