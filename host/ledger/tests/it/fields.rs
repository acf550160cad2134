//! Every field of every row is changed through SQLite, by somebody who restores the triggers.

use rusqlite::types::Value;

use crate::lab::*;

#[test]
fn each_byte_of_each_field_of_each_row_is_covered() {
    let lab = Lab::new();
    lab.sample();
    let whole = std::fs::read(&lab.path).unwrap();
    let connection = rusqlite::Connection::open(&lab.path).unwrap();
    let mut rows = Vec::new();
    for table in ["entries", "ledger"] {
        let mut statement = connection
            .prepare(&format!("SELECT rowid, * FROM {table}"))
            .unwrap();
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut found = statement.query(()).unwrap();
        while let Some(row) = found.next().unwrap() {
            let id: i64 = row.get(0).unwrap();
            // The number of the only row of `ledger` means nothing.
            let first = if table == "ledger" { 2 } else { 1 };
            for (index, column) in columns.iter().enumerate().skip(first) {
                let value: Value = row.get(index).unwrap();
                rows.push((table, id, column.clone(), value));
            }
        }
    }
    connection.close().unwrap();
    let mut changes = 0;
    for (table, id, column, value) in rows {
        for other in variants(&value, &column) {
            lab.tamper(|connection| {
                let sql = format!("UPDATE {table} SET {column} = ? WHERE rowid = ?");
                let changed = connection.execute(&sql, (&other, id)).unwrap();
                assert_eq!(changed, 1);
            });
            let found = lab.verify().expect_err(&format!("{table} {id} {column}"));
            assert!(found.is_damage(), "{table} {id} {column}: {found}");
            std::fs::write(&lab.path, &whole).unwrap();
            remove_sidecars(&lab.path);
            changes += 1;
        }
    }
    assert!(changes > 2000, "{changes}");
    lab.verify().unwrap();
}

/// The value with each of its bytes changed, with one byte missing, and with one more.
fn variants(value: &Value, column: &str) -> Vec<Value> {
    let flipped = |bytes: &[u8]| -> Vec<Vec<u8>> {
        let each = (0..bytes.len()).map(|index| {
            let mut other = bytes.to_vec();
            other[index] ^= 1;
            other
        });
        let longer = [bytes, b"x"].concat();
        let shorter = bytes.split_last().map(|(_, rest)| rest.to_vec());
        each.chain([longer]).chain(shorter).collect()
    };
    match value {
        Value::Null if column == "signature" => vec![Value::Blob(vec![0; 64])],
        Value::Null => vec![Value::Integer(0), Value::Integer(1)],
        // The ids of the other entries are taken.
        Value::Integer(number) if column == "entry_id" => [0x100, 0x10000, 1 << 40, -0x100]
            .map(|by| Value::Integer(number + by))
            .into(),
        Value::Integer(number) => [1, 2, 0x100, -1]
            .map(|by| Value::Integer(number + by))
            .into_iter()
            .chain((column == "run_id").then_some(Value::Null))
            .collect(),
        Value::Blob(bytes) => flipped(bytes)
            .into_iter()
            .map(Value::Blob)
            .chain((column == "signature").then_some(Value::Null))
            .collect(),
        // If a byte that begins or continues a character is flipped, the value is no longer a text. That is a
        // change of the file's bytes, which another test covers.
        Value::Text(text) => flipped(text.as_bytes())
            .into_iter()
            .filter_map(|bytes| String::from_utf8(bytes).ok())
            .map(Value::Text)
            .collect(),
        Value::Real(_) => unreachable!("no field is a fraction"),
    }
}
