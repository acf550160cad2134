//! `fractalaw-ledger init`: makes a ledger, and the key that signs its checkpoints.

use std::io::{self, Write};

use anyhow::Result;
use fractalaw_ledger::{LedgerKey, create, is_free, now_unix_ns};

use crate::flags;

/// Runs the command. An existing key is used, because one node may have several ledgers.
pub(crate) fn run(flags: &flags::Init) -> Result<()> {
    // Checked first, so that no key is made that nothing would use.
    is_free(&flags.ledger)?;
    let key = if flags.key.symlink_metadata().is_ok() {
        LedgerKey::load(&flags.key)?
    } else {
        LedgerKey::create(&flags.key)?
    };
    let id = create(&flags.ledger, &flags.node, &key.public_key(), now_unix_ns())?;
    let mut out = io::stdout();
    writeln!(out, "ledger      {id}")?;
    writeln!(out, "public key  {}", key.public_key())?;
    Ok(())
}
