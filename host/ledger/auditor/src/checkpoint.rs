//! `fractalaw-ledger checkpoint`: a signature over everything so far, to be kept where the ledger is not.

use std::io::{self, Write};

use anyhow::Result;
use fractalaw_ledger::{Ledger, LedgerKey, Options, now_unix_ns};

use crate::flags;

/// The command.
pub(crate) fn run(flags: &flags::Checkpoint) -> Result<()> {
    let key = LedgerKey::load(&flags.key)?;
    let ledger = Ledger::open(&flags.ledger, Options::default())?;
    let checkpoint = ledger.checkpoint(&key, now_unix_ns())?;
    ledger.settle()?;
    writeln!(io::stdout(), "{}", checkpoint.json())?;
    Ok(())
}
