//! `fractalaw-ledger checkpoint`: signs everything so far. The signature should be kept apart from the ledger.

use std::io::{self, Write};

use anyhow::Result;
use fractalaw_ledger::{Ledger, LedgerKey, Options, now_unix_ns};

use crate::flags;

/// Runs the command.
pub(crate) fn run(flags: &flags::Checkpoint) -> Result<()> {
    let key = LedgerKey::load(&flags.key)?;
    let ledger = Ledger::open(&flags.ledger, Options::default())?;
    let checkpoint = ledger.checkpoint(&key, now_unix_ns())?;
    ledger.settle()?;
    writeln!(io::stdout(), "{}", checkpoint.json())?;
    Ok(())
}
