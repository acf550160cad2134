//! Dictionaries: keys of all widths, replaced, added to, shared and left out.

use std::sync::Arc;

use arrow_array::types::{
    ArrowDictionaryKeyType, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{ArrayRef, DictionaryArray, PrimitiveArray, RecordBatch, StringArray};
use arrow_ipc::writer::{DictionaryHandling, IpcWriteOptions, StreamWriter};
use fractalaw_arrow::{Value, read};

use crate::cells::{ours, theirs};
use crate::samples::{batch, stream};

fn keyed<K: ArrowDictionaryKeyType>(keys: &[Option<u8>], values: &[Option<&str>]) -> RecordBatch
where
    K::Native: From<u8>,
{
    let keys = keys.iter().map(|key| key.map(K::Native::from));
    let keys: PrimitiveArray<K> = keys.collect();
    let values = Arc::new(StringArray::from(values.to_vec()));
    let array: ArrayRef = Arc::new(DictionaryArray::new(keys, values));
    batch(&[("k", array)])
}

#[test]
fn keys_of_all_widths() {
    let keys = [Some(1), None, Some(0), Some(2), Some(1)];
    let values = [Some("a"), Some("bc"), None];
    let signed: DictionaryArray<Int8Type> = DictionaryArray::new(
        keys.iter().map(|key| key.map(|key| key as i8)).collect(),
        Arc::new(StringArray::from(values.to_vec())),
    );
    for batch in [
        batch(&[("k", Arc::new(signed) as ArrayRef)]),
        keyed::<Int16Type>(&keys, &values),
        keyed::<Int32Type>(&keys, &values),
        keyed::<Int64Type>(&keys, &values),
        keyed::<UInt8Type>(&keys, &values),
        keyed::<UInt16Type>(&keys, &values),
        keyed::<UInt32Type>(&keys, &values),
        keyed::<UInt64Type>(&keys, &values),
    ] {
        let stream = stream(&[batch]);
        assert_eq!(ours(&stream), Ok(theirs(&stream).unwrap()));
    }
}

/// The texts of a stream of one column, batch by batch.
fn texts(stream: &[u8]) -> Vec<Vec<Option<String>>> {
    let stream = read(stream).unwrap();
    let batches = stream.batches().map(|batch| {
        let text = |row| match batch.value(0, row).unwrap() {
            Value::Text(text) => Some(text.to_owned()),
            Value::Null => None,
            other => panic!("{other:?}"),
        };
        (0..batch.rows()).map(text).collect()
    });
    batches.collect()
}

#[test]
fn replaced_and_added_to() {
    let batches = [
        keyed::<Int32Type>(&[Some(0), Some(1)], &[Some("a"), Some("b")]),
        keyed::<Int32Type>(
            &[Some(2), Some(0), None],
            &[Some("a"), Some("b"), Some("c")],
        ),
        keyed::<Int32Type>(
            &[Some(3), Some(2)],
            &[Some("a"), Some("b"), Some("c"), None],
        ),
        keyed::<Int32Type>(&[Some(0)], &[Some("z")]),
    ];
    let some = |texts: &[&str]| texts.iter().map(|text| Some((*text).to_owned())).collect();
    let expected: Vec<Vec<Option<String>>> = vec![
        some(&["a", "b"]),
        vec![Some("c".to_owned()), Some("a".to_owned()), None],
        vec![None, Some("c".to_owned())],
        some(&["z"]),
    ];
    let mut lengths = Vec::new();
    for handling in [DictionaryHandling::Delta, DictionaryHandling::Resend] {
        let options = IpcWriteOptions::default().with_dictionary_handling(handling);
        let schema = batches[0].schema();
        let mut writer = StreamWriter::try_new_with_options(Vec::new(), &schema, options).unwrap();
        for batch in &batches {
            writer.write(batch).unwrap();
        }
        let stream = writer.into_inner().unwrap();
        assert_eq!(texts(&stream), expected);
        assert_eq!(ours(&stream), Ok(theirs(&stream).unwrap()));
        lengths.push(stream.len());
    }
    // One of them had deltas, which do not repeat values.
    assert_ne!(lengths[0], lengths[1]);
}

/// A dictionary of which only nulls are used may be left out.
#[test]
fn left_out() {
    let whole = stream(&[keyed::<Int32Type>(&[None, None], &[Some("a")])]);
    let lengths = crate::cells::messages(&whole);
    assert_eq!(lengths.len(), 3);
    let mut without = whole[..lengths[0]].to_vec();
    without.extend_from_slice(&whole[lengths[0] + lengths[1]..]);
    assert_eq!(texts(&without), [[None, None]]);
    assert_eq!(ours(&without), Ok(theirs(&without).unwrap()));
    // A key needs it.
    let whole = stream(&[keyed::<Int32Type>(&[Some(0)], &[Some("a")])]);
    let lengths = crate::cells::messages(&whole);
    let mut without = whole[..lengths[0]].to_vec();
    without.extend_from_slice(&whole[lengths[0] + lengths[1]..]);
    assert_eq!(
        ours(&without),
        Err("message 2: a key of no value".to_owned())
    );
}
