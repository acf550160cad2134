//! What is not read is told, each with an error of its own.

use std::sync::Arc;

use arrow_array::builder::{Int32Builder, ListBuilder, MapBuilder, StringBuilder, UnionBuilder};
use arrow_array::types::{Float64Type, Int32Type};
use arrow_array::{
    Array, ArrayRef, Decimal32Array, Decimal64Array, DictionaryArray, DurationSecondArray,
    FixedSizeListArray, Float32Array, Int32Array, IntervalYearMonthArray, LargeListArray,
    ListViewArray, RunArray, StringArray, StructArray, Time32SecondArray, Time64NanosecondArray,
};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use arrow_ipc::writer::FileWriter;
use arrow_schema::{DataType, Field};
use fractalaw_arrow::{ReadError, read};

use crate::samples::{batch, numbers, stream};

fn array(array: impl Array + 'static) -> ArrayRef {
    Arc::new(array)
}

fn error(stream: &[u8]) -> String {
    read(stream).unwrap_err().to_string()
}

#[test]
fn types_that_are_not_read() {
    let item = |data_type| Arc::new(Field::new("item", data_type, true));
    let floats = || array(Float32Array::from(vec![1.0]));
    let one = || OffsetBuffer::<i64>::new(ScalarBuffer::from(vec![0, 1]));
    let mut map = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
    map.append(true).unwrap();
    let mut union = UnionBuilder::new_dense();
    union.append::<Int32Type>("a", 1).unwrap();
    union.append::<Float64Type>("b", 1.0).unwrap();
    let mut list = ListBuilder::new(Int32Builder::new());
    list.append(true);
    let run = RunArray::try_new(&Int32Array::from(vec![1]), &StringArray::from(vec!["a"]));
    let field = Arc::new(Field::new("a", DataType::Float32, true));
    let keyed_item: DictionaryArray<Int32Type> = vec![Some("a")].into_iter().collect();
    let keyed_type = keyed_item.data_type().clone();
    let views = ListViewArray::new(
        item(DataType::Float32),
        vec![0].into(),
        vec![1].into(),
        floats(),
        None,
    );
    for (array, found) in [
        (array(StructArray::from(vec![(field, floats())])), "Struct"),
        (array(map.finish()), "Map"),
        (array(union.build().unwrap()), "Union"),
        (array(list.finish()), "List of other values than Float32"),
        (
            array(FixedSizeListArray::new(
                item(keyed_type),
                1,
                array(keyed_item),
                None,
            )),
            "FixedSizeList of other values than Float32",
        ),
        (
            array(LargeListArray::new(
                item(DataType::Float32),
                one(),
                floats(),
                None,
            )),
            "LargeList",
        ),
        (array(views), "ListView"),
        (array(run.unwrap()), "RunEndEncoded"),
        (array(Time32SecondArray::from(vec![1])), "Time"),
        (array(Time64NanosecondArray::from(vec![1])), "Time"),
        (array(DurationSecondArray::from(vec![1])), "Duration"),
        (array(IntervalYearMonthArray::from(vec![1])), "Interval"),
        (
            array(Decimal32Array::from(vec![1])),
            "Decimal of 32 or 64 bits",
        ),
        (
            array(Decimal64Array::from(vec![1])),
            "Decimal of 32 or 64 bits",
        ),
    ] {
        let stream = stream(&[batch(&[("c", array)])]);
        let told = ReadError::UnsupportedType {
            column: "c".to_owned(),
            found,
        };
        assert_eq!(read(&stream).unwrap_err(), told);
    }
}

#[test]
fn files_and_other_bytes() {
    let all = batch(&numbers());
    let mut file = FileWriter::try_new(Vec::new(), &all.schema()).unwrap();
    file.write(&all).unwrap();
    assert_eq!(
        read(&file.into_inner().unwrap()).unwrap_err(),
        ReadError::File
    );
    let whole = stream(&[all]);
    let mut trailing = whole.clone();
    trailing.push(0);
    let mut twice = whole.clone();
    twice.extend_from_slice(&whole);
    let schema = &whole[..crate::cells::messages(&whole)[0]];
    let rest = &whole[schema.len()..];
    let two_schemas = [schema, schema].concat();
    for (bytes, told) in [
        (&b""[..], "it has no schema"),
        (&[0; 4], "it has no schema"),
        (&[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], "it has no schema"),
        (rest, "it has no schema"),
        (&[0; 7], "message 1: there are bytes after the end"),
        (&trailing, "message 3: there are bytes after the end"),
        (&twice, "message 3: there are bytes after the end"),
        (&two_schemas, "message 2: a second schema"),
        (&[0xff; 64], "message 1 is cut off"),
        (b"{}", "message 1 is cut off"),
        (b"not arrow", "message 1 is cut off"),
        (
            &[8, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0],
            "message 1: an offset leads to an unaligned place",
        ),
    ] {
        assert_eq!(error(bytes), told, "{bytes:?}");
    }
}
