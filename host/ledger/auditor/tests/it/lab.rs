//! A ledger for one test, and the program that is started on it.

use std::path::PathBuf;
use std::process::Command;

use fractalaw_ledger::*;
use tempfile::TempDir;

/// 2025-01-01T00:00:00Z.
pub(crate) const T0: u64 = 1_735_689_600_000_000_000;

pub(crate) struct Lab {
    pub(crate) folder: TempDir,
    pub(crate) path: PathBuf,
    pub(crate) id: LedgerId,
}

/// What the program printed, and how it ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Lab {
    pub(crate) fn new() -> Lab {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.ledger");
        let id = create(&path, "node-1", &key().public_key(), T0).unwrap();
        Lab { folder, path, id }
    }

    pub(crate) fn ledger(&self) -> Ledger {
        Ledger::open(&self.path, Options::default()).unwrap()
    }

    /// Records a run with that many entries, whose text is unsafe for a terminal.
    pub(crate) fn run(&self, name: &str, entries: u64) {
        let ledger = self.ledger();
        let run = ledger.begin_run(&opening(name), T0 + 1_000).unwrap();
        let events = (0..entries).map(|number| Event {
            time_unix_ns: T0 + 2_000 + number,
            event_type: "found".to_owned(),
            resource: format!("act/{number}"),
            detail: "\u{1b}[2J\u{9b}§\n\u{202e}".to_owned(),
        });
        let closing = Closing {
            outcome: "completed".to_owned(),
            message: None,
            fuel: Fuel {
                budget: 9_000,
                consumed: 1_707,
                certainty: "exact".to_owned(),
            },
            deeds: Default::default(),
        };
        run.finish(events.collect(), &closing, T0 + 9_000).unwrap();
    }

    pub(crate) fn cut_off(&self, name: &str) {
        drop(self.ledger().begin_run(&opening(name), T0 + 1_000).unwrap());
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        let reader = Reader::open(&self.path).unwrap();
        let visited = reader.visit(1, |entry| {
            entries.push(entry);
            Ok::<(), LedgerError>(())
        });
        visited.unwrap();
        entries
    }

    /// Starts the program in the folder with the words of one command line. In its output, names and ids that
    /// differ from test to test are replaced.
    pub(crate) fn say(&self, line: &str) -> Said {
        let output = Command::new(env!("CARGO_BIN_EXE_fractalaw-ledger"))
            .args(line.split(' '))
            .current_dir(&self.folder)
            .output()
            .unwrap();
        let text = |bytes| {
            String::from_utf8(bytes)
                .unwrap()
                .replace(&self.id.to_string(), "ID")
                .replace(&key().public_key().to_string(), "KEY")
        };
        Said {
            code: output.status.code(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

pub(crate) fn key() -> LedgerKey {
    LedgerKey::from_seed(&[7; 32])
}

pub(crate) fn opening(name: &str) -> Opening {
    Opening {
        name: name.to_owned(),
        version: None,
        sha256: Hash([0xab; 32]),
        tier: "standard".to_owned(),
        limits: Limits {
            fuel: 9_000,
            deadline_us: 30_000_000,
            memory_bytes: 64 << 20,
        },
        grants: Grants::default(),
        deterministic: false,
        clock_unix_ns: None,
        seed: None,
        decision: None,
        trigger: None,
    }
}
