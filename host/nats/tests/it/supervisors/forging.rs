//! A ledger that somebody who may write its file makes anew from some entry on.

use std::path::{Path, PathBuf};

use fractalaw_ledger::{Entry, Hash, LedgerError, Reader};
use rusqlite::{Connection, params};
use serde_json::Value;

/// What was changed.
pub(super) struct Forged {
    pub(super) path: PathBuf,
    /// The event that had another payload.
    pub(super) event: u64,
    /// The ledger that numbered it.
    pub(super) ledger: String,
}

/// In the first ledger that has one, changes the digest of an event that a completed run emitted, and makes the chain
/// anew from there to its end.
pub(super) fn other_event(paths: &[PathBuf]) -> Forged {
    let forged = paths.iter().find_map(|path| {
        let mut entries = entries(path);
        let at = entries.iter().position(|entry| events(entry) > 0)?;
        let mut detail: Value = serde_json::from_str(&entries[at].detail).unwrap();
        let emitted = &mut detail["events"][0];
        emitted["sha256"] = "ab".repeat(32).into();
        let event = emitted["id"].as_u64().unwrap();
        entries[at].detail = detail.to_string();
        for next in at + 1..entries.len() {
            entries[next].prev_hash = entries[next - 1].hash();
        }
        write(path, &entries[at..]);
        let ledger = Reader::open(path).unwrap().identity().ledger_id.to_string();
        Some(Forged {
            path: path.clone(),
            event,
            ledger,
        })
    });
    forged.expect("a run emitted something")
}

fn entries(path: &Path) -> Vec<Entry> {
    let mut entries = Vec::new();
    let reader = Reader::open(path).unwrap();
    let read = reader.visit(1, |entry| {
        entries.push(entry.clone());
        Ok::<_, LedgerError>(())
    });
    read.unwrap();
    entries
}

/// How many events a closing has.
fn events(entry: &Entry) -> usize {
    if entry.event_type != "run-closed" {
        return 0;
    }
    let detail: Value = serde_json::from_str(&entry.detail).unwrap();
    detail["events"].as_array().map_or(0, Vec::len)
}

/// Puts these entries in the place of those that the ledger has. Triggers guard against mistakes only.
fn write(path: &Path, entries: &[Entry]) {
    let connection = Connection::open(path).unwrap();
    let sql = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'";
    let mut triggers = connection.prepare(sql).unwrap();
    let triggers = triggers.query_map((), |row| Ok((row.get(0)?, row.get(1)?)));
    let triggers: Vec<(String, String)> = triggers.unwrap().map(Result::unwrap).collect();
    for (name, _) in &triggers {
        let dropped = connection.execute_batch(&format!("DROP TRIGGER {name}"));
        dropped.unwrap();
    }
    let sql = "UPDATE entries SET detail = ?, prev_hash = ? WHERE entry_id = ?";
    for entry in entries {
        let Hash(prev_hash) = entry.prev_hash;
        let changed =
            connection.execute(sql, params![entry.detail, prev_hash, entry.entry_id as i64]);
        assert_eq!(changed, Ok(1));
    }
    let Hash(head) = entries.last().expect("one was changed").hash();
    let changed = connection.execute("UPDATE ledger SET head_hash = ?", [head]);
    assert_eq!(changed, Ok(1));
    for (_, sql) in triggers {
        connection.execute_batch(&sql).unwrap();
    }
}
