//! Types in both directions, and malformed streams. `TYPES.md` has the types as a table.

use std::sync::Arc;

use arrow_array::builder::{FixedSizeListBuilder, Float32Builder};
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray,
    Float64Array, Int8Array, Int64Array, LargeStringArray, NullArray, RecordBatch, StringArray,
    StringViewArray, StructArray, TimestampMillisecondArray, TimestampNanosecondArray, UInt64Array,
};
use arrow_ipc::writer::{DictionaryHandling, FileWriter, IpcWriteOptions, StreamWriter};
use arrow_schema::{DataType, Field, Schema};
use fractalaw_sqlite::limits::INSERT_BYTES;

use crate::tables::{rows, run, store, table, told};

const SET_UP: &str = "CREATE TABLE t (i INTEGER, r REAL, s TEXT, b BLOB, o BOOLEAN, d DATE, ts TIMESTAMP, tz TIMESTAMPTZ, \
                      n DECIMAL(10,2), v FLOAT[2], x, g INTEGER AS (i + 1), k INTEGER UNIQUE)";

fn schema(columns: &[(&str, ArrayRef)]) -> Arc<Schema> {
    let fields = columns
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

pub(crate) fn stream(columns: &[(&str, ArrayRef)]) -> Vec<u8> {
    let schema = schema(columns);
    let batch = RecordBatch::try_new(
        schema.clone(),
        columns.iter().map(|(_, array)| array.clone()).collect(),
    )
    .unwrap();
    let mut writer = StreamWriter::try_new(Vec::new(), &schema).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

pub(crate) fn array(array: impl Array + 'static) -> ArrayRef {
    Arc::new(array)
}

#[test]
fn declared_types_come_out_as_they_are() {
    let store = store(SET_UP);
    let mut run = run(&store, &["t"], &["t"]);
    assert_eq!(
        table(
            &run.query("SELECT i, r, s, b, o, d, ts, tz, n, v, x, g FROM t")
                .unwrap()
        ),
        "i:Int64 r:Float64 s:Utf8 b:Binary o:Boolean d:Date32 ts:Timestamp(µs) tz:Timestamp(µs, \"UTC\") n:Utf8 \
         v:FixedSizeList(2 x non-null Float32) x:Null g:Int64"
    );
    run.execute(
        "INSERT INTO t (i, r, s, b, o, d, ts, tz, n, v, x) VALUES (1, 2, 'a', x'01', 1, '1970-01-02', '1970-01-01 00:00:01', \
         '1970-01-01T00:00:01Z', 12.5, x'0000803f00000040', 'any'), (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
    )
    .unwrap();
    assert_eq!(
        rows(
            &run.query("SELECT i, r, s, b, o, d, ts, tz, n, v, x, g FROM t")
                .unwrap()
        ),
        "1 2.0 a [01] true 1 1000000 1000000 12.5 [1.0, 2.0] any 2\n- - - - - - - - - - - -"
    );
    // Without a declared type, the values decide. Integers become reals if there are reals.
    for (sql, expected) in [
        ("VALUES (1), (2.5), (NULL)", "column1:Float64\n1.0\n2.5\n-"),
        ("VALUES (NULL), (3)", "column1:Int64\n-\n3"),
        ("VALUES (NULL)", "column1:Null\n-"),
        ("SELECT max(d) AS m FROM t", "m:Utf8\n1970-01-02"),
    ] {
        assert_eq!(table(&run.query(sql).unwrap()), expected, "{sql}");
    }
}

#[test]
fn a_value_that_is_not_of_its_columns_type_is_told_by_row_and_column() {
    let store = store(SET_UP);
    let mut run = run(&store, &["t"], &["t"]);
    for (column, value, found, expected) in [
        ("i", "'x'", "text", "an integer"),
        ("i", "1.5", "real", "an integer"),
        ("r", "x'00'", "blob", "a number"),
        ("s", "x'00'", "blob", "text"),
        ("o", "2", "integer", "0 or 1"),
        ("d", "'1970-02-30'", "text", "a date as `2025-12-31`"),
        ("ts", "5", "integer", "a time as `2025-12-31 23:59:59`"),
        (
            "v",
            "x'00'",
            "blob",
            "a blob with 4 bytes for each number of the vector",
        ),
    ] {
        run.execute(&format!(
            "INSERT INTO t ({column}) VALUES (NULL), ({value})"
        ))
        .unwrap();
        assert_eq!(
            told(run.query(&format!("SELECT {column} FROM t"))),
            format!(
                "4: row 2, column `{column}`: a value of type {found}, expected {expected}\nhint: give the column one type \
                 with `CAST(… AS …)`"
            )
        );
        run.execute("DELETE FROM t").unwrap();
    }
    assert_eq!(
        told(run.query("SELECT CAST(x'ff' AS TEXT) AS c")),
        "4: column `c`: text that is not UTF-8\nhint: read it as a blob with `CAST(… AS BLOB)`"
    );
}

#[test]
fn arrow_arrays_go_in() {
    let store = store(SET_UP);
    let mut vectors = FixedSizeListBuilder::new(Float32Builder::new(), 2);
    for vector in [[1.0, 2.0], [3.0, 4.0]] {
        vectors.values().append_slice(&vector);
        vectors.append(true);
    }
    let dictionary: DictionaryArray<Int32Type> = vec![Some("a"), None].into_iter().collect();
    for (column, values, expected) in [
        ("i", array(Int64Array::from(vec![Some(1), None])), "1\n-"),
        ("I", array(Int8Array::from(vec![1, -2])), "1\n-2"),
        (
            "i",
            array(UInt64Array::from(vec![1, i64::MAX as u64])),
            "1\n9223372036854775807",
        ),
        ("i", array(NullArray::new(2)), "-\n-"),
        (
            "r",
            array(Float64Array::from(vec![1.5, f64::INFINITY])),
            "1.5\ninf",
        ),
        ("r", array(Int64Array::from(vec![1, 2])), "1.0\n2.0"),
        ("s", array(StringArray::from(vec!["a", ""])), "a\n"),
        ("s", array(LargeStringArray::from(vec!["a", "ä"])), "a\nä"),
        (
            "s",
            array(StringViewArray::from(vec!["a", "longer than twelve"])),
            "a\nlonger than twelve",
        ),
        ("s", array(dictionary), "a\n-"),
        (
            "b",
            array(BinaryArray::from(vec![b"\0".as_slice(), b""])),
            "[00]\n[]",
        ),
        (
            "o",
            array(BooleanArray::from(vec![true, false])),
            "true\nfalse",
        ),
        ("o", array(Int64Array::from(vec![0, 1])), "false\ntrue"),
        ("d", array(Date32Array::from(vec![0, -1])), "0\n-1"),
        (
            "d",
            array(StringArray::from(vec!["1970-01-01", "2000-02-29"])),
            "0\n11016",
        ),
        (
            "ts",
            array(TimestampMillisecondArray::from(vec![0, 1500])),
            "0\n1500000",
        ),
        (
            "tz",
            array(TimestampNanosecondArray::from(vec![1000, 2000]).with_timezone("UTC")),
            "1\n2",
        ),
        (
            "n",
            array(
                Decimal128Array::from(vec![1250, -5])
                    .with_precision_and_scale(10, 2)
                    .unwrap(),
            ),
            "12.5\n-0.05",
        ),
        ("v", array(vectors.finish()), "[1.0, 2.0]\n[3.0, 4.0]"),
        ("x", array(StringArray::from(vec!["a", "b"])), "a\nb"),
    ] {
        let mut run = run(&store, &["t"], &["t"]);
        assert_eq!(
            run.insert("T", &stream(&[(column, values)])),
            Ok(2),
            "{column}"
        );
        assert_eq!(
            rows(
                &run.query(&format!("SELECT {column} FROM t ORDER BY rowid"))
                    .unwrap()
            ),
            expected,
            "{column}"
        );
    }
}

#[test]
fn an_insert_says_what_is_wrong_with_it_and_adds_nothing() {
    let store = store(SET_UP);
    let mut run = run(&store, &["t"], &["t"]);
    let two = || array(Int64Array::from(vec![1, 2]));
    let text = || array(StringArray::from(vec!["a", "b"]));
    for (columns, expected) in [
        (vec![("absent", two())], "3: `t` has no column `absent`"),
        (
            vec![("i", two()), ("I", two())],
            "4: the stream has two columns `I`",
        ),
        (
            vec![("g", two())],
            "2: `g` of `t` is computed from other columns\nhint: leave the column out of the stream",
        ),
        (
            vec![("i", text())],
            "4: column `i`: a value of type Utf8, expected an integer",
        ),
        (
            vec![("s", two())],
            "4: column `s`: a value of type Int64, expected text",
        ),
        (
            vec![("o", two())],
            "4: row 2: column `o`: a value of type integer 2, expected 0 or 1",
        ),
        (
            vec![("d", text())],
            "4: row 1: column `d`: a value of type text, expected a date as `2025-12-31`",
        ),
        (
            vec![("n", text())],
            "4: row 1: column `n`: a value of type text, expected a number",
        ),
        (
            vec![("i", array(UInt64Array::from(vec![1, u64::MAX])))],
            "4: row 2: column `i`: a value of type integer 18446744073709551615, expected an integer",
        ),
        (
            vec![("r", array(Float64Array::from(vec![1.0, f64::NAN])))],
            "4: row 2: column `r`: a value of type float (not a number), expected a number",
        ),
        (
            vec![("tz", array(TimestampNanosecondArray::from(vec![1000, 1])))],
            "4: row 2: column `tz`: a value of type time out of range, or more exact than microseconds, expected a time as `2025-12-31 23:59:59`",
        ),
        (
            vec![("k", array(Int64Array::from(vec![1, 2, 1])))],
            "5: row 3: UNIQUE constraint failed: t.k",
        ),
    ] {
        assert_eq!(told(run.insert("t", &stream(&columns))), expected);
    }
    assert_eq!(
        told(run.insert("nobody", &stream(&[("i", two())]))),
        "3: no such table: `nobody`"
    );
    assert_eq!(rows(&run.query("SELECT count(*) FROM t").unwrap()), "0");
}

/// Rows keep the values of the dictionary that they came with.
#[test]
fn dictionaries_that_are_replaced_or_added_to_go_in() {
    let store = store(SET_UP);
    let keyed = |values: &[&str]| {
        let keyed: DictionaryArray<Int32Type> = values.iter().copied().collect();
        array(keyed)
    };
    for handling in [DictionaryHandling::Delta, DictionaryHandling::Resend] {
        let columns = [["a", "b"].as_slice(), &["a", "b", "c"], &["z", "a"]].map(keyed);
        let schema = schema(&[("s", columns[0].clone())]);
        let options = IpcWriteOptions::default().with_dictionary_handling(handling);
        let mut writer = StreamWriter::try_new_with_options(Vec::new(), &schema, options).unwrap();
        for column in columns {
            let batch = RecordBatch::try_new(schema.clone(), vec![column]).unwrap();
            writer.write(&batch).unwrap();
        }
        let mut run = run(&store, &["t"], &["t"]);
        assert_eq!(run.insert("t", &writer.into_inner().unwrap()), Ok(7));
        assert_eq!(
            rows(&run.query("SELECT s FROM t ORDER BY rowid").unwrap()),
            "a\nb\na\nb\nc\nz\na"
        );
    }
}

/// What is well formed but not read says what it is.
#[test]
fn streams_that_are_not_read_are_told() {
    let store = store(SET_UP);
    let mut run = run(&store, &["t"], &["t"]);
    let field = Arc::new(Field::new("part", DataType::Int64, true));
    let parts = StructArray::from(vec![(field, array(Int64Array::from(vec![1])))]);
    let column = ("s", array(parts));
    let mut file =
        FileWriter::try_new(Vec::new(), &schema(&[("i", array(NullArray::new(0)))])).unwrap();
    file.finish().unwrap();
    let mut trailing = stream(&[("i", array(NullArray::new(1)))]);
    trailing.push(0);
    for (bytes, expected) in [
        (
            vec![0; INSERT_BYTES + 1],
            "7: the data has 67108865 bytes, expected at most 67108864",
        ),
        (
            stream(&[column]),
            "4: column `s`: values of the type Struct cannot be inserted\nhint: `host/data/sqlite/TYPES.md` lists the types \
             that can",
        ),
        (
            file.into_inner().unwrap(),
            "4: the data is not one Arrow IPC stream: it is an Arrow file and not a stream\nhint: write it with a stream \
             writer and not with a file writer",
        ),
        (
            trailing,
            "4: the data is not one Arrow IPC stream: message 3: there are bytes after the end\nhint: write it with the \
             stream writer of an Arrow library",
        ),
    ] {
        assert_eq!(told(run.insert("t", &bytes)), expected);
    }
    assert_eq!(rows(&run.query("SELECT count(*) FROM t").unwrap()), "0");
}

/// Malformed bytes are an error of their own. No length in them is trusted.
#[test]
fn malformed_streams_are_told() {
    let store = store(SET_UP);
    let mut run = run(&store, &["t"], &["t"]);
    let columns = [
        ("i", array(Int64Array::from(vec![Some(1), None, Some(3)]))),
        ("s", array(StringArray::from(vec!["a", "bc", ""]))),
    ];
    let whole = stream(&columns);
    let mut file = FileWriter::try_new(Vec::new(), &schema(&columns)).unwrap();
    file.finish().unwrap();
    let mut bad = vec![
        Vec::new(),
        b"ARROW1".to_vec(),
        vec![0xff; 64],
        vec![0; 7],
        file.into_inner().unwrap(),
    ];
    bad.push([0xff_u8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f].to_vec());
    for bytes in bad {
        let told = told(run.insert("t", &bytes));
        assert!(
            told.starts_with("4: the data is not one Arrow IPC stream: "),
            "{bytes:?}: {told}"
        );
    }
    // The stream is cut off at each length, and each of its bytes is inverted. The result is an error or rows,
    // never a panic.
    for length in 0..whole.len() {
        let _ = run.insert("t", &whole[..length]);
    }
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xff;
        let _ = run.insert("t", &bytes);
    }
    run.execute("DELETE FROM t").unwrap();
    assert_eq!(run.insert("t", &whole), Ok(3));
}
