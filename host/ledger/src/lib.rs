//! The audit ledger: an append-only, tamper-evident store of the audit trails of micro-apps in one SQLite file.
//!
//! A host appends through a [`Ledger`]. Each run has an opening entry, its own entries and a closing entry. A run
//! that was cut off has no closing:
//!
//! ```
//! use fractalaw_ledger::*;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let (path, key_path) = (folder.path().join("audit.ledger"), folder.path().join("audit.key"));
//! # let opening: Opening = serde_json::from_value(serde_json::json!({
//! #     "name": "hello", "version": null, "sha256": "00".repeat(32), "tier": "standard",
//! #     "limits": { "fuel": 1, "deadline_us": 1, "memory_bytes": 1 },
//! #     "grants": { "args": [], "env": [], "stdin": null, "dirs": [] },
//! # }))?;
//! # let closing = Closing { outcome: "completed".into(), message: None,
//! #     fuel: Fuel { budget: 1, consumed: 1, certainty: "exact".into() }, deeds: Deeds::default() };
//! let key = LedgerKey::create(&key_path)?;
//! create(&path, "node-1", &key.public_key(), now_unix_ns())?;
//!
//! let ledger = Ledger::open(&path, Options::default())?;
//! let run = ledger.begin_run(&opening, now_unix_ns())?; // on disk when it returns
//! run.finish(Vec::new(), &closing, now_unix_ns())?; // on disk when it returns
//!
//! let reader = Reader::open(&path)?;
//! assert_eq!(verify(&reader, &Trust::default())?.entries, 3);
//! # Ok(())
//! # }
//! ```
//!
//! An auditor reads through a [`Reader`], and [`verify`] says whether the file is what the hosts wrote.
//! `LEDGER.md` has the format, byte by byte, and says what verifying can and cannot show.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

// From the ground up. A file uses files that are listed above it, and files of its own group that come before it
// in the order of the group's comment.

// Files that depend on nothing of the ledger:
mod descriptors;
mod file_limit;
mod hex;
mod json;
mod whole_file;

// What is stored, its hash, and who vouches for it: key, entry, error and checkpoint, draft, trigger and deeds,
// run_record, note.
mod checkpoint;
mod deeds;
mod draft;
mod entry;
mod error;
mod key;
mod note;
mod run_record;
mod trigger;

// Where it is stored: row, head, identity; connection, pages, place and schema, database.
mod connection;
mod database;
mod head;
mod identity;
mod pages;
mod place;
mod row;
mod schema;

// How it is written: append, create and writer, ledger.
mod append;
mod create;
mod ledger;
mod writer;

mod ensure;

// How it is read and verified: reader and chain, runs and verify.
mod chain;
mod reader;
mod runs;
mod verify;

// Ledgers of several nodes together.
mod set;

pub use chain::{Chain, Flaw, Witness};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use create::create;
pub use deeds::{Deeds, Effects, Emitted, Scheduled};
pub use ensure::{EnsureError, ensure};
pub use entry::{Entry, FIELD_BYTES, Hash, LedgerId, Role, event};
pub use error::LedgerError;
pub use file_limit::survive_file_limit;
pub use identity::Identity;
pub use key::{KeyError, LedgerKey, PublicKey, Signature};
pub use ledger::{Durability, Ledger, Options, RunHandle};
pub use note::{Accepted, Changed, Dead, Missed, Note, Swapped};
pub use place::is_free;
pub use reader::Reader;
pub use run_record::{
    Closing, Decision, Dir, Event, Fuel, Granted, Grants, Limits, Opening, Stdin, now_unix_ns,
};
pub use runs::{Closed, Run, closing_of, closings, runs};
pub use set::{SetError, SetFlaw, VerifiedSet, verify_set};
pub use trigger::{Cause, Trigger};
pub use verify::{Trust, Verified, VerifyError, verify};
