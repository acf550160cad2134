//! A ledger for a test, and ways to read it.

use std::path::PathBuf;

use fractalaw_ledger::{
    Durability, Entry, LedgerError, LedgerKey, Reader, Run, Trust, Verified, create, now_unix_ns,
    runs, verify,
};
use tempfile::TempDir;

/// A ledger for one test.
pub struct Lab {
    /// The folder with the ledger and whatever else a test puts there.
    pub folder: TempDir,
    /// The file of the ledger.
    pub path: PathBuf,
}

/// Every durability, with its name on the command line.
pub const DURABILITIES: [(Durability, &str); 3] = [
    (Durability::Entry, "entry"),
    (Durability::Run, "run"),
    (Durability::Group, "group"),
];

impl Lab {
    /// A new ledger, with only its own first entry.
    #[expect(clippy::new_without_default, reason = "it makes files")]
    pub fn new() -> Lab {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.ledger");
        let key = LedgerKey::from_seed(&[7; 32]);
        create(&path, "node-7", &key.public_key(), now_unix_ns()).unwrap();
        Lab { folder, path }
    }

    /// Verifies the ledger, which must succeed.
    pub fn verified(&self) -> Verified {
        verify(&Reader::open(&self.path).unwrap(), &Trust::default()).unwrap()
    }

    /// The entries after the ledger's own first one.
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        let reader = Reader::open(&self.path).unwrap();
        let read = reader.visit(2, |entry| {
            entries.push(entry);
            Ok::<_, LedgerError>(())
        });
        read.unwrap();
        entries
    }

    /// How each run ended, in the order in which they were opened.
    pub fn outcomes(&self) -> Vec<Option<String>> {
        let runs = runs(&Reader::open(&self.path).unwrap()).unwrap();
        let closing = |run: Run| Some(run.closed?.closing?.outcome);
        runs.into_iter().map(closing).collect()
    }

    /// The number of entries that anybody else can read now.
    pub fn count(&self) -> u64 {
        Reader::open(&self.path).unwrap().entry_count()
    }
}
