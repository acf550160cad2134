//! The chain, entry by entry: whether each entry follows from the one before, and is in its right place.

use std::collections::HashMap;

use crate::checkpoint::Checkpoint;
use crate::entry::{Entry, Hash, LedgerId, Role, event};
use crate::identity::Identity;
use crate::key::PublicKey;
use crate::note::Note;

/// How a ledger differs from what its hosts wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// Entries are missing, doubled or out of order.
    #[error("entry {found} stands where entry {expected} belongs")]
    Gap {
        /// The id that should follow.
        expected: u64,
        /// The id that is there.
        found: u64,
    },
    /// An entry, or what the next entry says of it, was altered.
    #[error("entry {entry_id} has the hash {found}, expected {expected}, as {by} says")]
    HashMismatch {
        /// The entry; 0 for what comes before the first.
        entry_id: u64,
        /// Its hash now.
        found: Hash,
        /// Its recorded hash.
        expected: Hash,
        /// Where that number is recorded.
        by: Witness,
    },
    /// The ledger records another number of entries than it has.
    #[error("there are {found} entries, expected {expected}, as {by} says")]
    Count {
        /// The number of entries that it has.
        found: u64,
        /// The recorded number.
        expected: u64,
        /// Where that number is recorded.
        by: Witness,
    },
    /// An entry must not be where it is, for example because its run is not open.
    #[error("entry {entry_id} is out of place: {why}")]
    OutOfPlace {
        /// The entry.
        entry_id: u64,
        /// Why.
        why: &'static str,
    },
    /// The signature of a checkpoint entry is not from the ledger's key.
    #[error("entry {entry_id} has a bad signature, expected one by the ledger's key")]
    BadSignature {
        /// The entry.
        entry_id: u64,
    },
    /// A checkpoint entry has no signature, or another entry has one.
    #[error("entry {entry_id} has {found}, expected {expected}")]
    SignaturePresence {
        /// The entry.
        entry_id: u64,
        /// What it has.
        found: &'static str,
        /// What it should have.
        expected: &'static str,
    },
    /// The signature of a kept checkpoint is wrong.
    #[error("the checkpoint at {entry_count} entries has a bad signature")]
    CheckpointSignature {
        /// The number of entries that it counts.
        entry_count: u64,
    },
    /// A kept checkpoint belongs to another ledger.
    #[error("the checkpoint is of the ledger {found}, expected {expected}")]
    OtherLedger {
        /// The ledger of the checkpoint.
        found: LedgerId,
        /// This ledger.
        expected: LedgerId,
    },
    /// The ledger or a checkpoint has another key than the trusted one.
    #[error("{what} has the key {found}, expected {expected}")]
    OtherKey {
        /// Which of them.
        what: &'static str,
        /// Its key.
        found: PublicKey,
        /// The trusted key.
        expected: PublicKey,
    },
}

/// What records how an entry was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Witness {
    /// The ledger's id, for what comes before the first entry.
    LedgerId,
    /// The `prev_hash` of this entry.
    Entry(u64),
    /// The ledger's own record of its head.
    Head,
    /// A kept checkpoint, at this number of entries.
    Checkpoint(u64),
}

impl std::fmt::Display for Witness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Witness::LedgerId => f.write_str("the ledger's id"),
            Witness::Entry(id) => write!(f, "entry {id}"),
            Witness::Head => f.write_str("the ledger's record of its head"),
            Witness::Checkpoint(count) => write!(f, "the checkpoint at {count} entries"),
        }
    }
}

/// What is known of a chain after the entries that were pushed.
pub struct Chain<'a> {
    identity: &'a Identity,
    /// The checkpoints that were kept elsewhere.
    kept: &'a [Checkpoint],
    count: u64,
    head: Hash,
    /// Runs with an opening and no closing, and the app that each belongs to.
    open: HashMap<u64, String>,
    runs: u64,
    signed: u64,
}

impl<'a> Chain<'a> {
    /// The chain before the first entry.
    pub fn new(identity: &'a Identity, kept: &'a [Checkpoint]) -> Chain<'a> {
        Chain {
            identity,
            kept,
            count: 0,
            head: identity.ledger_id.genesis(),
            open: HashMap::new(),
            runs: 0,
            signed: 0,
        }
    }

    /// Checks the next entry.
    pub fn push(&mut self, entry: &Entry) -> Result<(), Flaw> {
        let entry_id = self.count + 1;
        if entry.entry_id != entry_id {
            return Err(Flaw::Gap {
                expected: entry_id,
                found: entry.entry_id,
            });
        }
        if entry.prev_hash != self.head {
            let by = match self.count {
                0 => Witness::LedgerId,
                _ => Witness::Entry(entry_id),
            };
            let (found, expected) = match by {
                // For the first entry, only its own field can be wrong.
                Witness::LedgerId => (entry.prev_hash, self.head),
                _ => (self.head, entry.prev_hash),
            };
            return Err(Flaw::HashMismatch {
                entry_id: self.count,
                found,
                expected,
                by,
            });
        }
        let hash = entry.hash();
        for kept in self.kept {
            if kept.entry_count == entry_id && kept.head_hash != hash {
                return Err(Flaw::HashMismatch {
                    entry_id,
                    found: hash,
                    expected: kept.head_hash,
                    by: Witness::Checkpoint(kept.entry_count),
                });
            }
        }
        self.signature(entry)?;
        self.place(entry)
            .map_err(|why| Flaw::OutOfPlace { entry_id, why })?;
        self.count = entry_id;
        self.head = hash;
        Ok(())
    }

    fn signature(&mut self, entry: &Entry) -> Result<(), Flaw> {
        let entry_id = entry.entry_id;
        let presence = |found, expected| Flaw::SignaturePresence {
            entry_id,
            found,
            expected,
        };
        match (entry.is_checkpoint(), entry.signature) {
            (false, None) => Ok(()),
            (true, None) => Err(presence("no signature", "a checkpoint's")),
            (false, Some(_)) => Err(presence("a signature", "none but on checkpoints")),
            (true, Some(signature)) => {
                let Identity {
                    ledger_id,
                    public_key,
                    ..
                } = *self.identity;
                if !Checkpoint::of(entry, ledger_id, public_key, signature).is_genuine() {
                    return Err(Flaw::BadSignature { entry_id });
                }
                self.signed = entry_id;
                Ok(())
            }
        }
    }

    /// Checks how the entry relates to its run.
    fn place(&mut self, entry: &Entry) -> Result<(), &'static str> {
        let event_type = &*entry.event_type;
        match (entry.actor_role, entry.run_id) {
            (Role::Ledger, None) => match (event_type, entry.entry_id) {
                (event::LEDGER_CREATED, 1) | (event::CHECKPOINT, 2..) => Ok(()),
                (event::LEDGER_CREATED, _) => Err("a ledger is created once"),
                _ => Err("the ledger records its creation and its checkpoints only"),
            },
            (Role::Ledger, Some(_)) => Err("the ledger's own entries are of no run"),
            (Role::Host, None) => match Note::TYPES.contains(&event_type) {
                true => Ok(()),
                false => Err("it is of no run"),
            },
            (Role::MicroApp, None) => Err("it is of no run"),
            (Role::Host, Some(run)) if event_type == event::RUN_OPENED => {
                if run != entry.entry_id {
                    return Err("a run has the id of its opening");
                }
                self.runs += 1;
                self.open.insert(run, entry.resource.clone());
                Ok(())
            }
            (Role::Host, Some(run)) if event_type == event::RUN_CLOSED => {
                match self.open.remove(&run) {
                    Some(app) if app == entry.resource => Ok(()),
                    Some(_) => Err("another micro-app opened the run"),
                    None => Err("the run is not open"),
                }
            }
            (Role::Host, Some(_)) => {
                Err("of a run, a host records the opening and the closing only")
            }
            (Role::MicroApp, Some(run)) => match self.open.get(&run) {
                Some(app) if *app == entry.actor_id => Ok(()),
                Some(_) => Err("another micro-app opened the run"),
                None => Err("the run is not open"),
            },
        }
    }

    /// Called after the last entry. Checks that the last entry is the recorded one, and that no kept checkpoint
    /// counts more entries.
    pub fn finish(&self, recorded_count: u64, recorded_head: Hash) -> Result<(), Flaw> {
        let kept = self.kept.iter().map(|kept| kept.entry_count).max();
        let found = self.count;
        if let Some(expected) = kept.filter(|&kept| kept > found) {
            let by = Witness::Checkpoint(expected);
            return Err(Flaw::Count {
                found,
                expected,
                by,
            });
        }
        if recorded_count != found {
            return Err(Flaw::Count {
                found,
                expected: recorded_count,
                by: Witness::Head,
            });
        }
        if recorded_head != self.head {
            return Err(Flaw::HashMismatch {
                entry_id: found,
                found: self.head,
                expected: recorded_head,
                by: Witness::Head,
            });
        }
        Ok(())
    }

    /// The number of entries so far.
    pub fn entry_count(&self) -> u64 {
        self.count
    }

    /// The hash of the last entry.
    pub fn head_hash(&self) -> Hash {
        self.head
    }

    /// The number of runs so far.
    pub fn run_count(&self) -> u64 {
        self.runs
    }

    /// The ids of runs without a closing entry, in order.
    pub fn open_runs(&self) -> Vec<u64> {
        let mut open: Vec<u64> = self.open.keys().copied().collect();
        open.sort_unstable();
        open
    }

    /// The number of entries up to and including the last checkpoint.
    pub fn signed_count(&self) -> u64 {
        self.signed
    }
}
