//! Verifies whether a ledger is what its hosts wrote, as far as possible.

use crate::chain::{Chain, Flaw};
use crate::checkpoint::Checkpoint;
use crate::entry::Hash;
use crate::error::LedgerError;
use crate::key::PublicKey;
use crate::reader::Reader;

/// What the auditor provides. With more of it, more can be verified.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Checkpoints that were kept where those who can write the ledger could not change them.
    pub checkpoints: Vec<Checkpoint>,
    /// The key that the ledger was made with.
    pub public_key: Option<PublicKey>,
}

/// The contents of a ledger that verifies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The number of entries.
    pub entries: u64,
    /// The hash of the last entry.
    pub head_hash: Hash,
    /// The number of runs.
    pub runs: u64,
    /// Runs without a closing entry: they were cut off, or are under way.
    pub open_runs: Vec<u64>,
    /// The number of entries that a signature vouches for: of the ledger's own checkpoints, or of kept ones.
    pub signed_entries: u64,
}

/// Why a ledger does not verify, or could not be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum VerifyError {
    /// It is not what was written.
    #[error(transparent)]
    Flaw(#[from] Flaw),
    /// It could not be read. If [`LedgerError::is_damage`], it is not what was written either.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl VerifyError {
    /// Whether the ledger itself is at fault.
    pub fn is_damage(&self) -> bool {
        match self {
            VerifyError::Flaw(_) => true,
            VerifyError::Ledger(error) => error.is_damage(),
        }
    }
}

/// Reads the whole ledger and returns the first flaw, if there is one.
pub fn verify(reader: &Reader, trust: &Trust) -> Result<Verified, VerifyError> {
    trusted(reader, trust)?;
    let mut chain = Chain::new(reader.identity(), &trust.checkpoints);
    reader.visit(1, |entry| {
        chain.push(&entry)?;
        Ok::<(), VerifyError>(())
    })?;
    chain.finish(reader.entry_count(), reader.head_hash())?;
    // A host that appends to a file with a wrong structure could overwrite entries.
    reader.check_structure()?;
    let kept = trust.checkpoints.iter().map(|kept| kept.entry_count).max();
    Ok(Verified {
        entries: chain.entry_count(),
        head_hash: chain.head_hash(),
        runs: chain.run_count(),
        open_runs: chain.open_runs(),
        signed_entries: chain.signed_count().max(kept.unwrap_or(0)),
    })
}

/// Checks that what the auditor provides belongs to this ledger.
fn trusted(reader: &Reader, trust: &Trust) -> Result<(), Flaw> {
    let identity = reader.identity();
    if let Some(expected) = trust.public_key
        && identity.public_key != expected
    {
        return Err(Flaw::OtherKey {
            what: "the ledger",
            found: identity.public_key,
            expected,
        });
    }
    for kept in &trust.checkpoints {
        if !kept.is_genuine() {
            return Err(Flaw::CheckpointSignature {
                entry_count: kept.entry_count,
            });
        }
        if kept.ledger_id != identity.ledger_id {
            return Err(Flaw::OtherLedger {
                found: kept.ledger_id,
                expected: identity.ledger_id,
            });
        }
        if kept.public_key != identity.public_key {
            return Err(Flaw::OtherKey {
                what: "the ledger",
                found: identity.public_key,
                expected: kept.public_key,
            });
        }
    }
    Ok(())
}
