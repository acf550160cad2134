//! `export`: other programs read from the files exactly what the ledger holds.

use std::fs::{self, File};

use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampNanosecondType, UInt64Type};
use arrow_array::{Array, RecordBatch};
use fractalaw_ledger::{Entry, Hash, Role, Signature};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rusqlite::Connection;

use crate::lab::{Lab, T0, key};

/// More entries than one batch holds.
const MANY: u64 = 9_000;

fn lab() -> Lab {
    let lab = Lab::new();
    lab.run("finder", 3);
    lab.ledger().checkpoint(&key(), T0).unwrap();
    lab.cut_off("finder");
    lab.run("finder", MANY);
    lab
}

fn export(lab: &Lab, format: &str) -> File {
    let said = lab.say(&format!(
        "export audit.ledger --format {format} --out out.{format}"
    ));
    assert_eq!((said.code, &*said.err), (Some(0), ""));
    File::open(lab.folder.path().join(format!("out.{format}"))).unwrap()
}

/// Reads the entries back from their columns, which are found by name.
fn entries(batches: &[RecordBatch]) -> Vec<Entry> {
    let mut entries = Vec::new();
    for batch in batches {
        let column = |name| batch.column_by_name(name).unwrap();
        let number = |name, row| column(name).as_primitive::<UInt64Type>().value(row);
        let text = |name, row| column(name).as_string::<i32>().value(row).to_owned();
        let bytes = |name, row| column(name).as_fixed_size_binary().value(row).to_owned();
        for row in 0..batch.num_rows() {
            let is_null = |name| column(name).is_null(row);
            let timestamp = column("timestamp").as_primitive::<TimestampNanosecondType>();
            entries.push(Entry {
                entry_id: number("entry_id", row),
                run_id: (!is_null("run_id")).then(|| number("run_id", row)),
                timestamp: timestamp.value(row) as u64,
                node_id: text("node_id", row),
                actor_id: text("actor_id", row),
                actor_role: Role::from_name(&text("actor_role", row)).unwrap(),
                event_type: text("event_type", row),
                resource: text("resource", row),
                detail: text("detail", row),
                prev_hash: Hash(bytes("prev_hash", row).try_into().unwrap()),
                signature: (!is_null("signature"))
                    .then(|| Signature(bytes("signature", row).try_into().unwrap())),
            });
        }
    }
    entries
}

#[test]
fn arrow_and_parquet_hold_what_the_ledger_holds() {
    let lab = lab();
    let whole = lab.entries();
    let file = arrow_ipc::reader::FileReader::try_new(export(&lab, "arrow"), None).unwrap();
    let metadata = file.schema().metadata().clone();
    assert_eq!(metadata["fractalaw.ledger_id"], lab.id.to_string());
    assert_eq!(metadata["fractalaw.entry_count"], whole.len().to_string());
    let head = whole[whole.len() - 1].hash().to_string();
    assert_eq!(metadata["fractalaw.head_hash"], head);
    let batches: Vec<RecordBatch> = file.collect::<Result<_, _>>().unwrap();
    assert_eq!(batches.len(), 2);
    assert_eq!(entries(&batches), whole);

    let file = ParquetRecordBatchReaderBuilder::try_new(export(&lab, "parquet")).unwrap();
    assert_eq!(file.schema().metadata(), &metadata);
    assert_eq!(file.schema().fields(), batches[0].schema().fields());
    let batches: Vec<RecordBatch> = file.build().unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(entries(&batches), whole);
}

#[test]
fn json_lines_hold_what_the_ledger_holds() {
    let lab = lab();
    export(&lab, "json-lines");
    let text = fs::read_to_string(lab.folder.path().join("out.json-lines")).unwrap();
    assert_eq!(
        text.replace(&lab.id.to_string(), "ID")
            .replace(&key().public_key().to_string(), "KEY"),
        lab.say("show audit.ledger --json").out
    );
    let whole = lab.entries();
    assert_eq!(text.lines().count(), whole.len());
    for (line, entry) in text.lines().zip(whole) {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["entry_id"], entry.entry_id);
        assert_eq!(line["detail"], entry.detail);
        assert_eq!(line["prev_hash"], entry.prev_hash.to_string());
    }
}

#[test]
fn nothing_is_written_over_a_file_nor_of_a_ledger_that_does_not_verify() {
    let lab = Lab::new();
    lab.run("finder", 3);
    fs::write(lab.folder.path().join("taken"), "mine").unwrap();
    let said = lab.say("export audit.ledger --format parquet --out taken");
    assert_eq!(said.code, Some(3));
    assert_eq!(
        said.err,
        "error: `taken` is already there, expected to make a new file\n"
    );
    assert_eq!(fs::read(lab.folder.path().join("taken")).unwrap(), b"mine");

    let connection = Connection::open(&lab.path).unwrap();
    let name = "entries_never_change";
    let sql: String = connection
        .query_row(
            "SELECT sql FROM sqlite_schema WHERE name = ?",
            [name],
            |row| row.get(0),
        )
        .unwrap();
    let change = "UPDATE entries SET detail = 'x' WHERE entry_id = 5";
    connection
        .execute_batch(&format!("DROP TRIGGER {name}; {change}; {sql}"))
        .unwrap();
    drop(connection);
    let before = files(&lab);
    for format in ["json-lines", "arrow", "parquet"] {
        let said = lab.say(&format!("export audit.ledger --format {format} --out new"));
        assert_eq!(said.code, Some(1), "{}", said.err);
        assert!(
            said.err.starts_with("error: entry 5 has the hash "),
            "{}",
            said.err
        );
        assert_eq!(files(&lab), before);
    }
    let said = lab.say("export audit.ledger --format json-lines --out new --unverified");
    assert_eq!((said.code, &*said.err), (Some(0), ""));
}

fn files(lab: &Lab) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(&lab.folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.ends_with("-shm") && !name.ends_with("-wal"))
        .collect();
    names.sort();
    names
}
