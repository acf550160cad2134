//! Arrow streams as text, and text as Arrow streams.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::DataType;

/// `name:type` for each column, then the rows, each value as text.
pub(crate) fn table(stream: &[u8]) -> String {
    let reader = StreamReader::try_new(stream, None).unwrap();
    let schema = reader.schema();
    let head: Vec<String> = schema
        .fields()
        .iter()
        .map(|field| format!("{}:{}", field.name(), field.data_type()))
        .collect();
    format!("{}\n{}", head.join(" "), rows(stream))
}

/// Only the rows, one line each.
pub(crate) fn rows(stream: &[u8]) -> String {
    let reader = StreamReader::try_new(stream, None).unwrap();
    let mut lines = Vec::new();
    for batch in reader {
        let batch = batch.unwrap();
        for row in 0..batch.num_rows() {
            let cells = batch.columns().iter();
            let cells: Vec<String> = cells.map(|column| cell(column.as_ref(), row)).collect();
            lines.push(cells.join(" "));
        }
    }
    lines.join("\n")
}

/// The number of rows of each batch.
pub(crate) fn batches(stream: &[u8]) -> Vec<usize> {
    let reader = StreamReader::try_new(stream, None).unwrap();
    reader.map(|batch| batch.unwrap().num_rows()).collect()
}

fn cell(array: &dyn Array, row: usize) -> String {
    if array.is_null(row) || *array.data_type() == DataType::Null {
        return "-".to_owned();
    }
    match array.data_type() {
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).to_string(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Float64 => format!("{:?}", array.as_primitive::<Float64Type>().value(row)),
        DataType::Utf8 => array.as_string::<i32>().value(row).to_owned(),
        DataType::Binary => format!("{:02x?}", array.as_binary::<i32>().value(row)),
        DataType::Boolean => array.as_boolean().value(row).to_string(),
        DataType::Date32 => array.as_primitive::<Date32Type>().value(row).to_string(),
        DataType::Timestamp(..) => array
            .as_primitive::<TimestampMicrosecondType>()
            .value(row)
            .to_string(),
        DataType::Decimal128(..) => array.as_primitive::<Decimal128Type>().value_as_string(row),
        DataType::Struct(_) => {
            let columns = array.as_struct().columns().iter();
            let cells: Vec<String> = columns.map(|column| cell(column.as_ref(), row)).collect();
            format!("{{{}}}", cells.join(","))
        }
        DataType::List(_) => {
            let list = array.as_list::<i32>().value(row);
            let cells: Vec<String> = (0..list.len()).map(|at| cell(&list, at)).collect();
            format!("[{}]", cells.join(","))
        }
        other => panic!("{other}"),
    }
}

pub(crate) fn stream(columns: &[(&str, ArrayRef)]) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns
            .iter()
            .map(|(name, array)| (*name, Arc::clone(array), true)),
    )
    .unwrap();
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}
