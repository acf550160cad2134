//! Checkpoints: each node signs its ledger from time to time, and all others keep what it signed. So no one can change a
//! ledger without another node noticing.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use async_nats::jetstream::kv::Operation;
use fractalaw_folders::{make_folder, sync_name};
use fractalaw_ledger::{Checkpoint, Ledger, LedgerKey, Options, Reader, now_unix_ns};
use futures_util::stream::StreamExt;
use tokio::time::sleep;

use crate::config::Checkpoints;
use crate::limits::CHECKPOINTS;
use crate::set::{Set, say};

/// What was signed. It outlives an attempt to send it, because signing adds an entry to the ledger, and nothing takes that
/// entry away again.
#[derive(Default)]
pub(crate) struct Signed {
    /// The entries that the ledger had then.
    entries: u64,
    /// The checkpoint that the set may not have.
    unsent: Option<Checkpoint>,
}

/// Signs the node's own ledger, as long as this is not stopped. It ends only with an error. Whoever repeats it gives it what
/// it had signed.
pub(crate) async fn sign(set: &Set, config: &Checkpoints, signed: &mut Signed) -> Result<()> {
    loop {
        if signed.unsent.is_none() {
            let (ledger, key, last) = (config.ledger.clone(), config.key.clone(), signed.entries);
            let checkpoint = move || checkpoint(&ledger, &key, last);
            signed.unsent = tokio::task::spawn_blocking(checkpoint).await??;
        }
        if let Some(checkpoint) = &signed.unsent {
            signed.entries = checkpoint.entry_count;
            let ledger = checkpoint.ledger_id.to_string();
            set.checkpoints
                .put(ledger, checkpoint.json().into())
                .await?;
            signed.unsent = None;
        }
        sleep(Duration::from_secs(60 * config.minutes)).await;
    }
}

/// Signs the ledger, if it has grown since it had `last` entries.
fn checkpoint(ledger: &Path, key: &Path, last: u64) -> Result<Option<Checkpoint>> {
    if Reader::open(ledger)?.entry_count() <= last {
        return Ok(None);
    }
    let key = LedgerKey::load(key)?;
    let ledger = Ledger::open(ledger, Options::default())?;
    Ok(Some(ledger.checkpoint(&key, now_unix_ns())?))
}

/// Keeps the checkpoints of the other nodes, as long as this is not stopped. It ends only with an error.
pub(crate) async fn keep(set: &Set, folder: &Path) -> Result<()> {
    let mut entries = set.checkpoints.watch_with_history(">").await?;
    while let Some(entry) = entries.next().await {
        let entry = entry?;
        if entry.operation != Operation::Put {
            continue;
        }
        let (folder, ledger) = (folder.to_owned(), entry.key.clone());
        let kept = tokio::task::spawn_blocking(move || keep_one(&folder, &ledger, &entry.value));
        if let Err(error) = kept.await? {
            say(&format!(
                "a checkpoint of ledger `{}`: {error:#}",
                entry.key
            ));
        }
    }
    bail!("the server ended the watch of `CHECKPOINTS`")
}

/// Keeps a checkpoint as `LEDGER/ENTRIES.json`. The first key that signed for a ledger is the only one that counts.
fn keep_one(folder: &Path, ledger: &str, bytes: &[u8]) -> Result<()> {
    let checkpoint: Checkpoint = serde_json::from_slice(bytes).context("it is not a checkpoint")?;
    if checkpoint.ledger_id.to_string() != ledger {
        bail!("it is one of ledger {}", checkpoint.ledger_id);
    }
    if !checkpoint.is_genuine() {
        bail!("its signature is wrong");
    }
    let folder = folder.join(ledger);
    make_folder(&folder)?;
    let mut kept: Vec<_> = fs::read_dir(&folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    kept.sort();
    if let Some(known) = kept.first() {
        let known = Checkpoint::load(known)?;
        if known.public_key != checkpoint.public_key {
            bail!(
                "it is signed with another key than the ones that are kept in `{}`",
                folder.display()
            );
        }
    }
    let path = folder.join(format!("{:020}.json", checkpoint.entry_count));
    if path.exists() {
        let known = Checkpoint::load(&path)?;
        if known.head_hash != checkpoint.head_hash {
            bail!(
                "it differs from `{}`: the ledger was changed",
                path.display()
            );
        }
        return Ok(());
    }
    let mut file = tempfile::NamedTempFile::new_in(&folder)?;
    file.write_all(checkpoint.json().as_bytes())?;
    file.write_all(b"\n")?;
    file.as_file().sync_all()?;
    file.persist(&path)?;
    sync_name(&path)?;
    let surplus = (kept.len() + 1).saturating_sub(CHECKPOINTS as usize);
    for old in kept.into_iter().take(surplus) {
        fs::remove_file(old)?;
    }
    Ok(())
}
