//! `fractalaw-ledger verify`: checks whether a ledger is what was written, and says what vouches for it.

use std::io::{self, Write};

use anyhow::Result;
use fractalaw_ledger::{Checkpoint, Hash, Identity, LedgerId, PublicKey, Reader, Trust, Verified};
use fractalaw_manifest::terminal::one_line;
use serde::Serialize;

use crate::{flags, json};

/// Runs the command.
pub(crate) fn run(flags: &flags::Verify) -> Result<()> {
    let checkpoints = flags
        .checkpoints
        .iter()
        .map(|path| Checkpoint::load(path))
        .collect::<Result<_, _>>()?;
    let trust = Trust {
        checkpoints,
        public_key: flags.public_key,
    };
    let reader = Reader::open(&flags.ledger)?;
    let verified = fractalaw_ledger::verify(&reader, &trust)?;
    let text = if flags.json {
        json::line(&Line::of(reader.identity(), &verified))? + "\n"
    } else {
        text(reader.identity(), &verified)
    };
    io::stdout().write_all(text.as_bytes())?;
    Ok(())
}

fn text(identity: &Identity, verified: &Verified) -> String {
    let Verified {
        entries,
        head_hash,
        runs,
        ref open_runs,
        signed_entries,
    } = *verified;
    let unsigned = match entries - signed_entries {
        0 => "all signed for".to_owned(),
        unsigned => format!("the last {unsigned} not signed for"),
    };
    let open = match open_runs.len() {
        0 => "all closed".to_owned(),
        open => format!("{open} cut off or under way, see `runs --cut-off`"),
    };
    format!(
        "the ledger verifies\n\
         ledger      {} of {}\n\
         public key  {}\n\
         entries     {entries}, {unsigned}\n\
         head        {head_hash}\n\
         runs        {runs}, {open}\n",
        identity.ledger_id,
        one_line(&identity.node_id),
        identity.public_key,
    )
}

#[derive(Serialize)]
struct Line<'a> {
    ledger_id: LedgerId,
    node_id: &'a str,
    public_key: PublicKey,
    entries: u64,
    signed_entries: u64,
    head_hash: Hash,
    runs: u64,
    open_runs: &'a [u64],
}

impl<'a> Line<'a> {
    fn of(identity: &'a Identity, verified: &'a Verified) -> Line<'a> {
        Line {
            ledger_id: identity.ledger_id,
            node_id: &identity.node_id,
            public_key: identity.public_key,
            entries: verified.entries,
            signed_entries: verified.signed_entries,
            head_hash: verified.head_hash,
            runs: verified.runs,
            open_runs: &verified.open_runs,
        }
    }
}
