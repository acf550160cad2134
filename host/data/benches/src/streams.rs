//! Arrow streams for `insert`: ordinary ones, and those that take long to read for their bytes.

use std::sync::Arc;

use anyhow::Result;
use arrow_array::types::Int8Type;
use arrow_array::{
    ArrayRef, DictionaryArray, Int64Array, NullArray, PrimitiveArray, RecordBatch, StringArray,
};
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{Field, Schema};

/// A stream for a table.
pub(crate) struct Stream {
    pub(crate) name: &'static str,
    pub(crate) table: &'static str,
    pub(crate) bytes: Vec<u8>,
}

/// The tables of the streams that attack. Those of the others are among the tables of the statements.
pub(crate) const SET_UP: &str = "CREATE TABLE kept (k INTEGER, note TEXT);";

/// The columns of a stream by name.
type Columns = Vec<(String, ArrayRef)>;

/// Streams whose rows are added.
pub(crate) fn ordinary() -> Result<Vec<Stream>> {
    let long = (0..100).map(|row| format!("duty {row} of the holder ").repeat(500));
    [
        ("insert one row of a stream", "w", notes(1)),
        ("insert a stream", "w", notes(20_000)),
        (
            "insert a stream of 10 KB texts",
            "big",
            vec![named("body", StringArray::from_iter_values(long))],
        ),
    ]
    .map(|(name, table, columns)| stream(name, table, &[columns]))
    .into_iter()
    .collect()
}

/// So many bytes, or rows of one byte.
const MIB_16: usize = 16 << 20;

/// Streams of which all is read. Most have more rows than a call may add, and are refused then.
pub(crate) fn attacks() -> Result<Vec<Stream>> {
    let values = || Arc::new(StringArray::from(vec!["a"; 100]));
    let key = |row: usize| (row % 100) as i8;
    let keyed = |keys: PrimitiveArray<Int8Type>| -> Result<Columns> {
        Ok(vec![named(
            "note",
            DictionaryArray::try_new(keys, values())?,
        )])
    };
    let texts = |text: &str, rows| {
        let texts = StringArray::from_iter_values(std::iter::repeat_n(text, rows));
        vec![named("note", texts)]
    };
    let some = |row: usize| (!row.is_multiple_of(3)).then(|| key(row));
    let small = |row: usize| -> Result<Columns> {
        Ok(vec![named("k", Int64Array::from(vec![row as i64]))])
    };
    let wide = |rows: i64| -> Columns {
        let column = |at: usize| {
            let name = if at == 499 {
                "c500".to_owned()
            } else {
                format!("c{at}")
            };
            named(&name, Int64Array::from_iter_values(0..rows))
        };
        (0..500).map(column).collect()
    };
    let one = |columns: Columns| vec![columns];
    [
        (
            "stream: 16 MiB of keys",
            "kept",
            one(keyed((0..MIB_16).map(key).map(Some).collect())?),
        ),
        (
            "stream: 16 MiB of keys, some null",
            "kept",
            one(keyed((0..MIB_16).map(some).collect())?),
        ),
        (
            "stream: 16 MiB of short texts",
            "kept",
            one(texts("ab", MIB_16 / 6)),
        ),
        (
            "stream: 16 MiB of texts beyond ASCII",
            "kept",
            one(texts("é日本", MIB_16 / 12)),
        ),
        (
            "stream: 100 000 nulls, added",
            "kept",
            one(vec![named("note", NullArray::new(100_000))]),
        ),
        (
            "stream: 20 000 batches",
            "kept",
            (0..20_000).map(small).collect::<Result<_>>()?,
        ),
        ("stream: 400 rows of 500 columns", "columns", one(wide(400))),
    ]
    .map(|(name, table, batches): (&'static str, _, Vec<Columns>)| stream(name, table, &batches))
    .into_iter()
    .collect()
}

fn notes(rows: i64) -> Columns {
    let texts = (0..rows).map(|row| format!("note of the holder {row}"));
    vec![
        named("k", Int64Array::from_iter_values(0..rows)),
        named("note", StringArray::from_iter_values(texts)),
    ]
}

fn named(name: &str, array: impl arrow_array::Array + 'static) -> (String, ArrayRef) {
    (name.to_owned(), Arc::new(array))
}

fn stream(name: &'static str, table: &'static str, batches: &[Columns]) -> Result<Stream> {
    let fields: Vec<Field> = batches
        .first()
        .into_iter()
        .flatten()
        .map(|(name, array)| Field::new(name, array.data_type().clone(), true))
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let mut writer = StreamWriter::try_new(Vec::new(), &schema)?;
    for columns in batches {
        let arrays = columns.iter().map(|(_, array)| Arc::clone(array)).collect();
        writer.write(&RecordBatch::try_new(Arc::clone(&schema), arrays)?)?;
    }
    Ok(Stream {
        name,
        table,
        bytes: writer.into_inner()?,
    })
}
