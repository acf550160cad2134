//! Columns and fields that are not made for each other.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, StringArray, Time64MicrosecondArray};
use micro_app::Code;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::streams::read;

/// `SELECT 1, 1` gives two columns of one name, and `SELECT 1 AS ""` one of none.
#[test]
fn columns_of_one_name_and_of_none() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct A {
        a: i64,
    }
    let number = |number| -> ArrayRef { Arc::new(Int64Array::from(vec![number])) };
    let columns = [
        ("a", number(1)),
        ("", number(2)),
        ("b", number(3)),
        ("b", number(4)),
    ];
    assert_eq!(read::<A>(&columns), Ok(vec![A { a: 1 }]));
    assert_eq!(
        read::<(i64, i64, i64, i64)>(&columns),
        Ok(vec![(1, 2, 3, 4)])
    );
    let twice = [("a", number(1)), ("a", number(2))];
    assert_eq!(
        read::<A>(&twice).unwrap_err().message,
        "row 1, two columns `a`"
    );
    let found: Vec<BTreeMap<String, i64>> = read(&[("", number(2))]).unwrap();
    assert_eq!(found, [BTreeMap::from([(String::new(), 2)])]);
}

#[test]
fn what_does_not_fit_is_said_with_its_place() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "it is never made")]
    struct Permit {
        number: String,
        area: f64,
    }
    let text = |text: Option<&str>| -> ArrayRef { Arc::new(StringArray::from(vec![text])) };
    let real: ArrayRef = Arc::new(Float64Array::from(vec![0.1]));
    for (columns, message) in [
        (vec![("number", text(Some("a")))], "row 1, no column `area`"),
        (
            vec![("number", text(None)), ("area", Arc::clone(&real))],
            "row 1, column `number`: null, expected a string",
        ),
        (
            vec![("number", Arc::clone(&real)), ("area", Arc::clone(&real))],
            "row 1, column `number`: a real number, expected a string",
        ),
        (
            vec![("number", text(Some("a"))), ("area", text(Some("wide")))],
            "row 1, column `area`: text `wide`, expected f64",
        ),
    ] {
        let error = read::<Permit>(&columns).unwrap_err();
        assert_eq!((error.code, &*error.message), (Code::Mismatch, message));
    }
    let two = [("a", Arc::clone(&real)), ("b", real)];
    let error = read::<f64>(&two).unwrap_err();
    assert_eq!(error.message, "row 1, 2 columns, expected one");
    let error = read::<(f64, f64, f64)>(&two).unwrap_err();
    assert_eq!(error.message, "row 1, 2 columns, expected 3");
}

#[test]
fn a_type_that_is_not_read_is_named() {
    let error =
        read::<IgnoredAny>(&[("t", Arc::new(Time64MicrosecondArray::from(vec![0])))]).unwrap_err();
    assert_eq!(
        (error.code, &*error.message),
        (
            Code::Unreadable,
            "the Arrow stream cannot be read: column `t`: a type that micro-apps do not read\n\
             hint: give it another one with `CAST(… AS …)`"
        )
    );
}
