//! Streams that are none: an error, whatever is wrong with them, and nothing that is not there is read.

use std::sync::Arc;

use arrow_array::types::{Float32Type, Int8Type};
use arrow_array::{
    ArrayRef, BooleanArray, DictionaryArray, FixedSizeListArray, Int64Array, ListArray, NullArray,
    StringArray,
};
use arrow_ipc::writer::{DictionaryHandling, IpcWriteOptions, StreamWriter};
use micro_app::{Code, Rows};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::streams::{batch, of, stream};

fn sample() -> Vec<u8> {
    let dictionary: DictionaryArray<Int8Type> = ["a", "b", "a"].into_iter().collect();
    let vectors = [
        Some(vec![Some(1.0), None]),
        None,
        Some(vec![Some(2.0), Some(3.0)]),
    ];
    of(&[
        (
            "number",
            Arc::new(Int64Array::from(vec![Some(1), None, Some(3)])) as ArrayRef,
        ),
        (
            "text",
            Arc::new(StringArray::from(vec![Some("a"), None, Some("§")])),
        ),
        (
            "is",
            Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
        ),
        ("kind", Arc::new(dictionary)),
        (
            "vector",
            Arc::new(
                FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(vectors.clone(), 2),
            ),
        ),
        (
            "list",
            Arc::new(ListArray::from_iter_primitive::<Float32Type, _, _>(vectors)),
        ),
        ("nothing", Arc::new(NullArray::new(3))),
    ])
}

/// Reads everything, as whatever it is.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is read to see that it can be")]
struct All {
    number: Option<i64>,
    text: Option<String>,
    is: Option<bool>,
    kind: Option<String>,
    vector: Option<Vec<Option<f32>>>,
    list: Option<Vec<Option<f32>>>,
    nothing: Option<i64>,
}

/// At most so many rows: a damaged count may be any number, and nulls need no bytes.
fn read(stream: &[u8]) -> Result<usize, Code> {
    let rows = Rows::from_stream(stream.to_vec());
    let mut count = 0;
    for row in rows.iter::<All>().map_err(|error| error.code)?.take(100) {
        row.map_err(|error| error.code)?;
        count += 1;
    }
    Ok(count)
}

#[test]
fn a_stream_that_is_cut_off_gives_an_error() {
    let whole = sample();
    assert_eq!(read(&whole), Ok(3));
    // Where a message ends, a stream may end.
    let ends: Vec<usize> = (0..whole.len())
        .filter(|length| read(&whole[..*length]).is_ok())
        .collect();
    let after_rows = whole.len() - 8;
    for end in &ends {
        let rows = if *end == after_rows { 3 } else { 0 };
        assert_eq!(read(&whole[..*end]), Ok(rows), "{end}");
    }
    // After the schema, the dictionary and the rows.
    assert_eq!(ends.len(), 3);
}

#[test]
fn no_damaged_byte_makes_it_panic() {
    let whole = sample();
    for at in 0..whole.len() {
        for damage in [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x7f, 0xff] {
            let mut damaged = whole.clone();
            damaged[at] ^= damage;
            let _ = read(&damaged);
        }
    }
}

#[test]
fn what_is_no_stream_at_all_is_said_to_be_none() {
    for bytes in [
        &b""[..],
        b"ARROW1\0\0",
        &[0xff, 0xff, 0xff, 0xff],
        &[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0],
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0xff; 64],
        &[0; 64],
    ] {
        let rows = Rows::from_stream(bytes.to_vec());
        let error = rows.to_vec::<IgnoredAny>().unwrap_err();
        assert_eq!(error.code, Code::Unreadable, "{bytes:?}");
    }
}

#[test]
fn text_that_is_no_text_is_an_error() {
    let mut whole = of(&[("t", Arc::new(StringArray::from(vec!["abcdefgh"])))]);
    let at = whole
        .windows(8)
        .position(|part| part == b"abcdefgh")
        .unwrap();
    whole[at] = 0xff;
    let error = Rows::from_stream(whole).to_vec::<String>().unwrap_err();
    assert_eq!(
        (error.code, &*error.message),
        (
            Code::Unreadable,
            "the Arrow stream cannot be read: it is cut off or damaged"
        )
    );
}

/// `IpcWriteOptions` lets a writer send only what is new of a dictionary.
#[test]
fn a_dictionary_that_grows_is_named() {
    let part = |values: Vec<&str>| -> ArrayRef {
        Arc::new(values.into_iter().collect::<DictionaryArray<Int8Type>>())
    };
    let batches = [
        batch(&[("x", part(vec!["a", "b"]))]),
        batch(&[("x", part(vec!["a", "b", "c"]))]),
    ];
    let options = IpcWriteOptions::default().with_dictionary_handling(DictionaryHandling::Delta);
    let mut writer =
        StreamWriter::try_new_with_options(Vec::new(), &batches[0].schema(), options).unwrap();
    for batch in &batches {
        writer.write(batch).unwrap();
    }
    let growing = Rows::from_stream(writer.into_inner().unwrap());
    let error = growing.to_vec::<String>().unwrap_err();
    assert_eq!(
        error.message,
        "the Arrow stream cannot be read: it adds to a dictionary"
    );
    // Without, each batch brings a whole one.
    let whole = Rows::from_stream(stream(&batches[0].schema(), &batches));
    assert_eq!(whole.to_vec::<&str>().unwrap(), ["a", "b", "a", "b", "c"]);
}
