//! What streams become.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::types::{Float32Type, Int8Type, Int32Type};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray,
    FixedSizeBinaryArray, FixedSizeListArray, Float32Array, Float64Array, Int8Array, Int16Array,
    Int32Array, Int64Array, LargeBinaryArray, LargeStringArray, ListArray, NullArray, StringArray,
    StructArray, TimestampMicrosecondArray, TimestampMillisecondArray, UInt8Array, UInt64Array,
};
use arrow_schema::Schema;
use micro_app::{Code, Rows};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::streams::{batch, of, read, stream};

#[track_caller]
fn one<T: DeserializeOwned + PartialEq + std::fmt::Debug>(
    array: impl Array + 'static,
    values: &[T],
) {
    let found: Vec<T> = read(&[("x", Arc::new(array))]).unwrap();
    assert_eq!(found, values);
}

/// Every type that `fractalaw-sqlite` gives, as a struct.
#[test]
fn all_types_of_the_host_become_fields() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Row {
        integer: Option<i64>,
        real: Option<f64>,
        text: Option<String>,
        blob: Option<Vec<u8>>,
        boolean: Option<bool>,
        date: Option<String>,
        timestamp: Option<String>,
        timestamptz: Option<String>,
        vector: Option<Vec<f32>>,
        nothing: Option<i64>,
    }
    let micros = vec![Some(1_767_225_599_000_000), None, Some(-1)];
    let found: Vec<Row> = read(&[
        (
            "integer",
            Arc::new(Int64Array::from(vec![Some(i64::MIN), None, Some(i64::MAX)])),
        ),
        (
            "real",
            Arc::new(Float64Array::from(vec![
                Some(-0.5),
                None,
                Some(f64::INFINITY),
            ])),
        ),
        (
            "text",
            Arc::new(StringArray::from(vec![Some("Straße"), None, Some("")])),
        ),
        (
            "blob",
            Arc::new(BinaryArray::from_opt_vec(vec![
                Some(b"\0\xff"),
                None,
                Some(b""),
            ])),
        ),
        (
            "boolean",
            Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
        ),
        (
            "date",
            Arc::new(Date32Array::from(vec![Some(20_453), None, Some(-1)])),
        ),
        (
            "timestamp",
            Arc::new(TimestampMicrosecondArray::from(micros.clone())),
        ),
        (
            "timestamptz",
            Arc::new(TimestampMicrosecondArray::from(micros).with_timezone("UTC")),
        ),
        (
            "vector",
            Arc::new(
                FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(
                    [
                        Some(vec![Some(1.0), Some(-2.5)]),
                        None,
                        Some(vec![Some(0.0), Some(3.0)]),
                    ],
                    2,
                ),
            ),
        ),
        ("nothing", Arc::new(NullArray::new(3))),
    ])
    .unwrap();
    let text = |text: &str| Some(text.to_owned());
    let expected = [
        Row {
            integer: Some(i64::MIN),
            real: Some(-0.5),
            text: text("Straße"),
            blob: Some(vec![0, 255]),
            boolean: Some(true),
            date: text("2025-12-31"),
            timestamp: text("2025-12-31 23:59:59"),
            timestamptz: text("2025-12-31 23:59:59"),
            vector: Some(vec![1.0, -2.5]),
            nothing: None,
        },
        Row {
            integer: None,
            real: None,
            text: None,
            blob: None,
            boolean: None,
            date: None,
            timestamp: None,
            timestamptz: None,
            vector: None,
            nothing: None,
        },
        Row {
            integer: Some(i64::MAX),
            real: Some(f64::INFINITY),
            text: text(""),
            blob: Some(vec![]),
            boolean: Some(false),
            date: text("1969-12-31"),
            timestamp: text("1969-12-31 23:59:59.999999"),
            timestamptz: text("1969-12-31 23:59:59.999999"),
            vector: Some(vec![0.0, 3.0]),
            nothing: None,
        },
    ];
    assert_eq!(found, expected);
}

/// Of engines that have more types than SQLite.
#[test]
fn other_types_become_values() {
    one(Int8Array::from(vec![-1, 1]), &[-1_i64, 1]);
    one(Int16Array::from(vec![i16::MIN]), &[-32_768_i32]);
    one(Int32Array::from(vec![i32::MIN]), &[i32::MIN]);
    one(UInt8Array::from(vec![255]), &[255_u8]);
    one(UInt64Array::from(vec![u64::MAX]), &[u64::MAX]);
    one(Float32Array::from(vec![0.25]), &[0.25_f64]);
    one(
        LargeStringArray::from(vec!["a", "bc"]),
        &["a".to_owned(), "bc".to_owned()],
    );
    one(
        LargeBinaryArray::from_vec(vec![b"a", b"bc"]),
        &[vec![97], vec![98, 99]],
    );
    one(
        FixedSizeBinaryArray::try_from_iter([[1_u8, 2], [3, 4]].into_iter()).unwrap(),
        &[[1_u8, 2], [3, 4]],
    );
    one(
        TimestampMillisecondArray::from(vec![1_500]),
        &["1970-01-01 00:00:01.5".to_owned()],
    );
    one(
        ListArray::from_iter_primitive::<Int32Type, _, _>([
            Some(vec![Some(1), None]),
            Some(vec![]),
        ]),
        &[vec![Some(1), None], vec![]],
    );
    let decimals = Decimal128Array::from(vec![-1_205]);
    one(
        decimals.clone().with_precision_and_scale(9, 2).unwrap(),
        &["-12.05".to_owned()],
    );
    one(
        decimals.clone().with_precision_and_scale(9, 2).unwrap(),
        &[-12.05],
    );
    one(decimals.with_precision_and_scale(9, 0).unwrap(), &[-1_205]);
    let parts: StructArray = vec![(
        Arc::new(arrow_schema::Field::new(
            "a",
            arrow_schema::DataType::Int64,
            true,
        )),
        Arc::new(Int64Array::from(vec![Some(1), None])) as ArrayRef,
    )]
    .into();
    one(
        parts,
        &[
            (BTreeMap::from([("a".to_owned(), Some(1))]),),
            (BTreeMap::from([("a".to_owned(), None)]),),
        ],
    );
}

#[test]
fn dates_and_times_are_numbers_where_a_number_is_asked_for() {
    one(Date32Array::from(vec![20_453]), &[20_453_i32]);
    one(TimestampMicrosecondArray::from(vec![7]), &[7_i64]);
}

#[test]
fn an_expression_that_is_true_is_one() {
    one(Int64Array::from(vec![1, 0]), &[true, false]);
    let error = read::<bool>(&[("x", Arc::new(Int64Array::from(vec![2])))]).unwrap_err();
    assert_eq!(error.message, "row 1, column `x`: 2, expected a boolean");
}

#[test]
fn a_variant_is_called_by_its_name() {
    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "kebab-case")]
    enum State {
        InForce,
        Expired,
    }
    let states: ArrayRef = Arc::new(StringArray::from(vec!["in-force", "expired", "lost"]));
    one(
        states
            .slice(0, 2)
            .as_any()
            .downcast_ref::<StringArray>()
            .unwrap()
            .clone(),
        &[State::InForce, State::Expired],
    );
    let error = read::<State>(&[("state", states)]).unwrap_err();
    assert_eq!(
        error.message,
        "row 3, column `state`: `lost`, expected one of `in-force`, `expired`"
    );
}

#[test]
fn dictionaries_of_several_batches_are_followed() {
    let part = |values: Vec<Option<&str>>| -> ArrayRef {
        Arc::new(values.into_iter().collect::<DictionaryArray<Int8Type>>())
    };
    let first = batch(&[("x", part(vec![Some("a"), None, Some("b"), Some("a")]))]);
    let second = batch(&[("x", part(vec![Some("c"), Some("b")]))]);
    let rows = Rows::from_stream(stream(&first.schema(), &[first.clone(), second]));
    let found: Vec<Option<&str>> = rows.to_vec().unwrap();
    assert_eq!(
        found,
        [Some("a"), None, Some("b"), Some("a"), Some("c"), Some("b")]
    );
}

#[test]
fn a_dictionary_may_have_a_null_among_its_values() {
    let values: ArrayRef = Arc::new(StringArray::from(vec![None, Some("a")]));
    let keys = Int8Array::from(vec![Some(0), Some(1), None]);
    one(
        DictionaryArray::new(keys, values),
        &[None, Some("a".to_owned()), None],
    );
}

#[test]
fn rows_of_several_batches_follow_each_other() {
    let batches: Vec<_> = [vec![1, 2], vec![], vec![3]]
        .into_iter()
        .map(|numbers| batch(&[("n", Arc::new(Int64Array::from(numbers)) as ArrayRef)]))
        .collect();
    let rows = Rows::from_stream(stream(&batches[0].schema(), &batches));
    assert_eq!(rows.to_vec::<i64>().unwrap(), [1, 2, 3]);
    // The row that does not fit is counted from the first batch on.
    let error = rows.iter::<i64>().unwrap().nth(1);
    assert_eq!(error, Some(Ok(2)));
    let batches = [
        batches[0].clone(),
        batch(&[("n", Arc::new(Int64Array::from(vec![-1])))]),
    ];
    let rows = Rows::from_stream(stream(&batches[0].schema(), &batches));
    let error = rows.to_vec::<u8>().unwrap_err();
    assert_eq!(
        (error.code, &*error.message),
        (Code::Mismatch, "row 3, column `n`: -1, expected u8")
    );
}

#[test]
fn slices_are_read_as_they_are() {
    let whole = batch(&[
        (
            "a",
            Arc::new(StringArray::from(vec![Some("x"), None, Some("yz"), None])),
        ),
        (
            "b",
            Arc::new(BooleanArray::from(vec![
                Some(true),
                None,
                Some(true),
                Some(false),
            ])),
        ),
    ]);
    let rows = Rows::from_stream(stream(&whole.schema(), &[whole.slice(1, 3)]));
    assert_eq!(
        rows.to_vec::<(Option<&str>, Option<bool>)>().unwrap(),
        [(None, None), (Some("yz"), Some(true)), (None, Some(false))]
    );
}

#[test]
fn text_is_borrowed_where_that_is_asked_for() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Permit<'a> {
        number: &'a str,
    }
    let rows = Rows::from_stream(of(&[("number", Arc::new(StringArray::from(vec!["WX-1"])))]));
    let permits: Vec<Permit<'_>> = rows.to_vec().unwrap();
    assert_eq!(permits, [Permit { number: "WX-1" }]);
    let inside = rows.stream().as_ptr_range();
    assert!(inside.contains(&permits[0].number.as_ptr()));
}

#[test]
fn no_rows_and_no_columns() {
    let empty: ArrayRef = Arc::new(StringArray::from(Vec::<&str>::new()));
    let fields = batch(&[("x", Arc::clone(&empty))]).schema();
    assert_eq!(
        Rows::from_stream(stream(&fields, &[])).to_vec::<String>(),
        Ok(vec![])
    );
    assert_eq!(read::<String>(&[("x", empty)]), Ok(vec![]));
    let none = Rows::from_stream(stream(&Schema::empty(), &[]));
    assert_eq!(none.to_vec::<i64>(), Ok(vec![]));
}
