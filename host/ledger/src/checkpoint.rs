//! Checkpoints: one line that fixes a ledger up to its last entry. It should be kept apart from the ledger.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::entry::{Entry, Hash, LedgerId};
use crate::json;
use crate::key::{LedgerKey, PublicKey, Signature};

const TAG: &[u8] = b"fractalaw-ledger/checkpoint/v1\0";
const VERSION: u32 = 1;

/// No checkpoint is longer.
const CHECKPOINT_BYTES: u64 = 4096;

/// What a ledger contained at some time, signed. The last entry that it counts is the checkpoint's own, with the
/// same `signature`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    fractalaw_checkpoint: u32,
    /// The id of the ledger.
    pub ledger_id: LedgerId,
    /// The number of entries.
    pub entry_count: u64,
    /// The hash of the last entry.
    pub head_hash: Hash,
    /// The time in nanoseconds since 1970-01-01T00:00:00Z.
    pub time_unix_ns: u64,
    /// The key that signed it.
    pub public_key: PublicKey,
    /// The signature over all fields above except the key.
    pub signature: Signature,
}

/// Why a file is not a checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// It could not be read.
    #[error("could not read the checkpoint `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It contains something else.
    #[error("`{}` is no checkpoint, expected what `fractalaw ledger checkpoint` prints: {message}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
}

impl Checkpoint {
    /// The checkpoint in an entry, with the key and signature that belong to it.
    pub fn of(entry: &Entry, ledger_id: LedgerId, key: PublicKey, signature: Signature) -> Self {
        Checkpoint {
            fractalaw_checkpoint: VERSION,
            ledger_id,
            entry_count: entry.entry_id,
            head_hash: entry.hash(),
            time_unix_ns: entry.timestamp,
            public_key: key,
            signature,
        }
    }

    /// Reads what [`Checkpoint::json`] wrote.
    pub fn load(path: &Path) -> Result<Checkpoint, CheckpointError> {
        let mut text = String::new();
        let read =
            File::open(path).and_then(|file| file.take(CHECKPOINT_BYTES).read_to_string(&mut text));
        read.map_err(|source| CheckpointError::Read {
            path: path.to_owned(),
            source,
        })?;
        let content = |message: String| CheckpointError::Content {
            path: path.to_owned(),
            message,
        };
        let checkpoint: Checkpoint =
            serde_json::from_str(&text).map_err(|error| content(error.to_string()))?;
        match checkpoint.fractalaw_checkpoint {
            VERSION => Ok(checkpoint),
            other => Err(content(format!("version {other}, expected {VERSION}"))),
        }
    }

    /// The checkpoint as one line of JSON.
    pub fn json(&self) -> String {
        json::text(self)
    }

    /// Whether the signature is made by this key over these fields.
    pub fn is_genuine(&self) -> bool {
        let message = message(
            self.ledger_id,
            self.entry_count,
            self.time_unix_ns,
            self.head_hash,
        );
        self.public_key.verifies(&message, &self.signature)
    }
}

/// Signs everything up to and including this entry.
pub(crate) fn sign(entry: &Entry, ledger_id: LedgerId, key: &LedgerKey) -> Signature {
    key.sign(&message(
        ledger_id,
        entry.entry_id,
        entry.timestamp,
        entry.hash(),
    ))
}

fn message(ledger_id: LedgerId, entry_count: u64, time_unix_ns: u64, head: Hash) -> Vec<u8> {
    let mut message = TAG.to_vec();
    message.extend(ledger_id.0);
    message.extend(entry_count.to_be_bytes());
    message.extend(time_unix_ns.to_be_bytes());
    message.extend(head.0);
    message
}
