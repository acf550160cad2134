//! What all tests share: databases, runs, and rows as text.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Float32Type, Float64Type, Int64Type, TimestampMicrosecondType,
};
use arrow_ipc::reader::StreamReader;
use arrow_schema::DataType;
use fractalaw_sqlite::{Conditions, Failure, Grants, Run, Store, Unlimited};
use tempfile::TempDir;

pub(crate) const CONDITIONS: Conditions = Conditions {
    // 2025-01-01T00:00:00Z
    now_ms: Some(1_735_689_600_000),
    seed: 1,
    commits_each_call: false,
    is_measured: false,
};

pub(crate) fn store(sql: &str) -> Store {
    Store::temporary(|connection| connection.execute_batch(sql)).unwrap()
}

/// The files of a folder as they are now, as a process that is cut off would leave them.
pub(crate) fn copied(folder: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    copy
}

pub(crate) fn grants(read: &[&str], write: &[&str]) -> Arc<Grants> {
    Arc::new(Grants::new(read, write).unwrap())
}

pub(crate) fn run(store: &Store, read: &[&str], write: &[&str]) -> Run {
    store.run(
        grants(read, write),
        CONDITIONS,
        Box::new(Unlimited::default()),
    )
}

/// `name:type` for each column, then the rows, each value as text.
pub(crate) fn table(stream: &[u8]) -> String {
    let reader = StreamReader::try_new(stream, None).unwrap();
    let schema = reader.schema();
    let head: Vec<String> = schema
        .fields()
        .iter()
        .map(|field| format!("{}:{}", field.name(), field.data_type()))
        .collect();
    let mut lines = vec![head.join(" ")];
    for batch in reader {
        let batch = batch.unwrap();
        for row in 0..batch.num_rows() {
            let cells: Vec<String> = batch
                .columns()
                .iter()
                .map(|column| cell(column.as_ref(), row))
                .collect();
            lines.push(cells.join(" "));
        }
    }
    lines.join("\n")
}

/// Only the rows, one line each.
pub(crate) fn rows(stream: &[u8]) -> String {
    table(stream)
        .split_once('\n')
        .map_or(String::new(), |(_, rows)| rows.to_owned())
}

fn cell(array: &dyn Array, row: usize) -> String {
    if array.is_null(row) || *array.data_type() == DataType::Null {
        return "-".to_owned();
    }
    match array.data_type() {
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
        DataType::FixedSizeList(..) => {
            let list = array.as_fixed_size_list().value(row);
            format!("{:?}", &list.as_primitive::<Float32Type>().values()[..])
        }
        other => panic!("{other}"),
    }
}

/// The error of a call that failed, as `code: message`.
pub(crate) fn told<T: std::fmt::Debug>(result: Result<T, Failure>) -> String {
    match result {
        Ok(value) => format!("ok: {value:?}"),
        Err(Failure::Call(error)) => format!("{}: {}", error.code as u32, error.message),
        Err(Failure::Stop(stop)) => format!("stop: {stop}"),
    }
}
