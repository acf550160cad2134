//! A ledger for one test in its own folder, with a fixed key and fixed times.

use std::fs;
use std::path::{Path, PathBuf};

use fractalaw_ledger::*;
use rusqlite::Connection;
use tempfile::TempDir;

/// 2025-01-01T00:00:00Z.
pub(crate) const T0: u64 = 1_735_689_600_000_000_000;

pub(crate) struct Lab {
    pub(crate) folder: TempDir,
    pub(crate) path: PathBuf,
    pub(crate) key: LedgerKey,
}

impl Lab {
    pub(crate) fn new() -> Lab {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.ledger");
        let key = LedgerKey::from_seed(&[7; 32]);
        create(&path, "node-1", &key.public_key(), T0).unwrap();
        Lab { folder, path, key }
    }

    pub(crate) fn ledger(&self) -> Ledger {
        Ledger::open(&self.path, Options::default()).unwrap()
    }

    pub(crate) fn ledger_with(&self, durability: Durability) -> Ledger {
        let options = Options {
            durability,
            ..Options::default()
        };
        Ledger::open(&self.path, options).unwrap()
    }

    /// Eight entries: the creation, a run of two entries, a run that was cut off, a checkpoint, which is
    /// returned, and one entry after it.
    pub(crate) fn sample(&self) -> Checkpoint {
        let ledger = self.ledger();
        let run = ledger.begin_run(&opening("duty-finder"), T0 + 1).unwrap();
        let events = vec![event(1), event(2)];
        run.finish(events, &closing(), T0 + 4).unwrap();
        drop(ledger.begin_run(&opening("cut-off"), T0 + 5).unwrap());
        let checkpoint = ledger.checkpoint(&self.key, T0 + 6).unwrap();
        drop(ledger.begin_run(&opening("later"), T0 + 7).unwrap());
        checkpoint
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        entries(&self.path).unwrap()
    }

    pub(crate) fn verify(&self) -> Result<Verified, VerifyError> {
        verify_file(&self.path, &Trust::default())
    }

    pub(crate) fn verify_with(&self, checkpoint: &Checkpoint) -> Result<Verified, VerifyError> {
        let trust = Trust {
            checkpoints: vec![checkpoint.clone()],
            public_key: None,
        };
        verify_file(&self.path, &trust)
    }

    /// Changes the file as somebody with write access can: the triggers are removed before and restored after.
    pub(crate) fn tamper(&self, change: impl FnOnce(&Connection)) {
        tamper(&self.path, change);
    }
}

pub(crate) fn verify_file(path: &Path, trust: &Trust) -> Result<Verified, VerifyError> {
    verify(&Reader::open(path)?, trust)
}

pub(crate) fn entries(path: &Path) -> Result<Vec<Entry>, LedgerError> {
    let mut entries = Vec::new();
    Reader::open(path)?.visit(1, |entry| {
        entries.push(entry);
        Ok::<(), LedgerError>(())
    })?;
    Ok(entries)
}

/// Ends a run as a host does: its entries are recorded one by one, or with the closing.
pub(crate) fn finish(mut run: RunHandle, durability: Durability, events: Vec<Event>) {
    let (events, rest) = match durability {
        Durability::Entry => (events, Vec::new()),
        _ => (Vec::new(), events),
    };
    for event in events {
        run.record(event).unwrap();
    }
    run.finish(rest, &closing(), T0).unwrap();
}

pub(crate) fn tamper(path: &Path, change: impl FnOnce(&Connection)) {
    let connection = Connection::open(path).unwrap();
    let setup = "PRAGMA synchronous = OFF; PRAGMA ignore_check_constraints = ON; BEGIN";
    connection.execute_batch(setup).unwrap();
    let triggers: Vec<(String, String)> = connection
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        .unwrap()
        .query_map((), |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    for (name, _) in &triggers {
        let drop = format!("DROP TRIGGER {name}");
        connection.execute_batch(&drop).unwrap();
    }
    change(&connection);
    for (_, sql) in &triggers {
        connection.execute_batch(sql).unwrap();
    }
    connection.execute_batch("COMMIT").unwrap();
    connection.close().unwrap();
}

/// Replaces all entries by these, with a head that matches.
pub(crate) fn replace_all(connection: &Connection, entries: &[Entry]) {
    connection.execute_batch("DELETE FROM entries").unwrap();
    for entry in entries {
        connection
            .execute(
                "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                rusqlite::params![
                    entry.entry_id as i64,
                    entry.run_id.map(|id| id as i64),
                    entry.timestamp as i64,
                    entry.node_id,
                    entry.actor_id,
                    entry.actor_role.name(),
                    entry.event_type,
                    entry.resource,
                    entry.detail,
                    entry.prev_hash.0,
                    entry.signature.map(|signature| signature.0),
                ],
            )
            .unwrap();
    }
    let last = entries.last().unwrap();
    let head = rusqlite::params![last.entry_id as i64, last.hash().0];
    connection
        .execute("UPDATE ledger SET entry_count = ?, head_hash = ?", head)
        .unwrap();
}

/// Makes each entry follow from the one before, as a forger would, except for the signatures.
pub(crate) fn rechain(entries: &mut [Entry], ledger_id: LedgerId) {
    let mut head = ledger_id.genesis();
    for (entry, id) in entries.iter_mut().zip(1..) {
        if entry.run_id == Some(entry.entry_id) {
            entry.run_id = Some(id);
        }
        entry.entry_id = id;
        entry.prev_hash = head;
        head = entry.hash();
    }
}

pub(crate) fn opening(name: &str) -> Opening {
    Opening {
        name: name.to_owned(),
        version: Some("1.2.0".to_owned()),
        sha256: Hash([0xab; 32]),
        tier: "standard".to_owned(),
        limits: Limits {
            fuel: 1_000_000_000,
            deadline_us: 30_000_000,
            memory_bytes: 64 << 20,
        },
        grants: Grants {
            args: vec!["site-7".to_owned()],
            env: vec!["LANGUAGE".to_owned()],
            stdin: None,
            dirs: Vec::new(),
        },
        deterministic: false,
        clock_unix_ns: None,
        seed: None,
        decision: None,
        trigger: None,
    }
}

/// The name and the digest that [`opening`] uses.
pub(crate) fn app(name: &str) -> String {
    format!("{name}@{}", "ab".repeat(32))
}

pub(crate) fn event(number: u64) -> Event {
    Event {
        time_unix_ns: T0 + 1 + number,
        event_type: "duty-found".to_owned(),
        resource: format!("act/{number}"),
        detail: format!("§ {number} — \u{1b}[2J\0ünï"),
    }
}

pub(crate) fn closing() -> Closing {
    Closing {
        outcome: "completed".to_owned(),
        message: None,
        fuel: Fuel {
            budget: 1_000_000_000,
            consumed: 1_707,
            certainty: "exact".to_owned(),
        },
        deeds: Deeds::default(),
    }
}

/// Removes what SQLite leaves beside a file.
pub(crate) fn remove_sidecars(path: &Path) {
    for suffix in ["-wal", "-shm", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        let _ = fs::remove_file(name);
    }
}
