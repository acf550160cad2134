//! Any bytes as the file of a ledger.

use std::fs;
use std::path::Path;

use fractalaw_ledger::{
    Closing, Event, Fuel, Ledger, LedgerError, LedgerKey, Opening, Options, Reader, Trust, create,
    verify,
};
use tempfile::TempDir;

/// 2025-01-01T00:00:00Z.
const T0: u64 = 1_735_689_600_000_000_000;

/// In memory if the system has such a folder, because each input is a file.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    folder.expect("a folder can be made")
}

pub(crate) fn run(bytes: &[u8]) {
    let folder = folder();
    let path = folder.path().join("audit.ledger");
    fs::write(&path, bytes).expect("a file can be written");
    let whole = read(&path);
    append(&path, whole);
}

/// The number of entries, if the ledger verifies. A ledger that verifies can be read to its end.
fn read(path: &Path) -> Option<u64> {
    let reader = Reader::open(path).ok()?;
    let verified = verify(&reader, &Trust::default());
    let mut entries = 0;
    let visited = reader.visit(0, |entry| {
        entries += 1;
        // The hash can be computed for any entry.
        let _ = entry.hash();
        Ok::<(), LedgerError>(())
    });
    let verified = verified.ok()?;
    visited.expect("what verifies can be read");
    assert_eq!(
        (verified.entries, verified.head_hash),
        (entries, reader.head_hash())
    );
    Some(entries)
}

/// A host refuses the file or appends to it. It appends only to a ledger that verifies, and the ledger verifies
/// afterwards.
fn append(path: &Path, whole: Option<u64>) {
    let Ok(ledger) = Ledger::open(path, Options::default()) else {
        return;
    };
    let appended = ledger
        .begin_run(&opening(), T0 + 10)
        .map(|run| run.finish(Vec::new(), &closing(), T0 + 11).is_ok());
    drop(ledger);
    let more = appended.map_or(0, |finished| 1 + u64::from(finished));
    let after = read(path);
    if let Some(whole) = whole {
        assert_eq!(after, Some(whole + more));
    }
}

fn opening() -> Opening {
    serde_json::from_value(serde_json::json!({
        "name": "duty-finder", "version": null, "sha256": "ab".repeat(32), "tier": "standard",
        "limits": { "fuel": 1, "deadline_us": 1, "memory_bytes": 1 },
        "grants": { "args": [], "env": [], "stdin": null, "dirs": [] },
    }))
    .expect("it is an opening")
}

fn closing() -> Closing {
    Closing {
        outcome: "completed".to_owned(),
        message: None,
        fuel: Fuel {
            budget: 1,
            consumed: 1,
            certainty: "exact".to_owned(),
        },
        deeds: Default::default(),
    }
}

/// A ledger of two runs with a checkpoint between them, and a new ledger.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let folder = folder();
    let path = folder.path().join("audit.ledger");
    let made = (|| -> Result<_, LedgerError> {
        let key = LedgerKey::from_seed(&[7; 32]);
        create(&path, "node-1", &key.public_key(), T0)?;
        let empty = fs::read(&path).expect("it is there");
        let ledger = Ledger::open(&path, Options::default())?;
        let run = ledger.begin_run(&opening(), T0 + 1)?;
        let event = Event {
            time_unix_ns: T0 + 2,
            event_type: "duty-found".to_owned(),
            resource: "act/1".to_owned(),
            detail: "\u{1b}[2J".to_owned(),
        };
        run.finish(vec![event], &closing(), T0 + 3)?;
        ledger.checkpoint(&key, T0 + 4)?;
        drop(ledger.begin_run(&opening(), T0 + 5)?);
        drop(ledger);
        Ok([empty, fs::read(&path).expect("it is there")])
    })();
    made.expect("a ledger can be made").into()
}
