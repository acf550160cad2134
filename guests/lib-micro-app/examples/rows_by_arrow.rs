//! Reads or writes rows with the crate `arrow-ipc`. `rows_by_library.rs` does the same with this library.

use std::env;
use std::io::Cursor;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use micro_app::contract::fractal::app::data_mutate::insert;
use micro_app::contract::fractal::app::data_query::query;

micro_app::main!(run);

fn run() -> Result<String, String> {
    let args: Vec<String> = env::args().skip(1).collect();
    match (args.first().map(String::as_str), rows(&args)?) {
        (Some("read"), rows) => read(rows),
        (Some("write"), rows) => write(rows),
        _ => Err("expected `read` or `write`, and a number of rows".to_owned()),
    }
}

fn rows(args: &[String]) -> Result<i64, String> {
    let rows = args.get(1).map_or("0", String::as_str);
    rows.parse()
        .map_err(|_| format!("`{rows}` is no number of rows"))
}

fn read(rows: i64) -> Result<String, String> {
    let sql = format!("SELECT site, unit, value, number, valid, remark FROM reading LIMIT {rows}");
    let stream = query(&sql).map_err(|error| error.message)?;
    let batches =
        StreamReader::try_new(Cursor::new(stream), None).map_err(|error| error.to_string())?;
    let (mut rows, mut bytes, mut sum) = (0, 0, 0.0);
    for batch in batches {
        let batch = batch.map_err(|error| error.to_string())?;
        let texts = [0, 1, 5].map(|at| batch.column(at).as_string::<i32>());
        let values = batch.column(2).as_primitive::<Float64Type>();
        let numbers = batch.column(3).as_primitive::<Int64Type>();
        let valid = batch.column(4).as_boolean();
        for row in 0..batch.num_rows() {
            for text in texts {
                bytes += if text.is_null(row) {
                    0
                } else {
                    text.value(row).len()
                };
            }
            if !values.is_null(row) {
                sum += values.value(row);
            }
            sum += numbers.value(row) as f64;
            sum += f64::from(u8::from(valid.value(row)));
        }
        rows += batch.num_rows();
    }
    Ok(format!("{rows} rows, {bytes} bytes, {sum}"))
}

fn write(rows: i64) -> Result<String, String> {
    let column = |column: ArrayRef| column;
    let batch = RecordBatch::try_from_iter_with_nullable([
        (
            "site",
            column(Arc::new(StringArray::from_iter_values(
                (0..rows).map(|number| format!("site {number}")),
            ))),
            false,
        ),
        (
            "unit",
            column(Arc::new(StringArray::from_iter_values(
                (0..rows).map(|_| "mg/m3"),
            ))),
            false,
        ),
        (
            "value",
            column(Arc::new(Float64Array::from_iter((0..rows).map(|number| {
                (number % 7 > 0).then_some(number as f64 / 4.0)
            })))),
            true,
        ),
        (
            "number",
            column(Arc::new(Int64Array::from_iter_values(0..rows))),
            false,
        ),
        (
            "valid",
            column(Arc::new(BooleanArray::from_iter(
                (0..rows).map(|number| Some(number % 2 == 0)),
            ))),
            false,
        ),
        (
            "remark",
            column(Arc::new(StringArray::from_iter((0..rows).map(|number| {
                (number % 5 == 0).then(|| format!("remark {number}"))
            })))),
            true,
        ),
    ])
    .map_err(|error| error.to_string())?;
    let mut stream = Vec::new();
    let mut writer =
        StreamWriter::try_new(&mut stream, &batch.schema()).map_err(|error| error.to_string())?;
    writer
        .write(&batch)
        .and_then(|()| writer.finish())
        .map_err(|error| error.to_string())?;
    drop(writer);
    let rows = insert("reading", &stream).map_err(|error| error.message)?;
    Ok(format!("{rows} rows"))
}
