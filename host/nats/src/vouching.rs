//! The start of an engine: what it holds is compared with what the set says that this node owns. Until then the engine
//! runs nothing, because a person may have given it to another node.

use anyhow::Result;
use fractalaw_events_engine::Held;
use futures_util::future::join_all;

use crate::file::File;
use crate::owners::State;
use crate::set::{Set, say};
use crate::wire;

/// Vouches for each start of the engine, as long as this is not stopped. It ends only with an error.
pub(crate) async fn run(set: &Set, file: &File) -> Result<()> {
    let mut seen = 0;
    loop {
        let session = file.with(|exchange| exchange.session()).await?;
        if session.is_vouched {
            seen = file.changed(seen).await?;
            continue;
        }
        let gone = compare(set, file).await?;
        if !gone.is_empty() {
            say(&format!(
                "{} deliveries are no longer those of this node",
                gone.len()
            ));
        }
        file.with(move |exchange| exchange.withdraw(&gone)).await?;
        file.with(move |exchange| exchange.vouch(session)).await?;
        say("the engine may run what this node owns");
    }
}

/// What the node holds and does not own.
async fn compare(set: &Set, file: &File) -> Result<Vec<Held>> {
    let mut gone = Vec::new();
    let mut last: Option<Held> = None;
    loop {
        let after = last.take();
        let held = file
            .with(move |exchange| exchange.held(after.as_ref()))
            .await?;
        let owned = join_all(held.iter().map(|held| is_owned(set, held))).await;
        last = held.last().cloned();
        for (held, owned) in held.into_iter().zip(owned) {
            if !owned? {
                gone.push(held);
            }
        }
        if last.is_none() {
            return Ok(gone);
        }
    }
}

/// An entry that is missing was lost by the servers. Then this node, which has the delivery, runs it. One that is done
/// although this node still holds it, is newer than the file: the file is a copy that was restored.
async fn is_owned(set: &Set, held: &Held) -> Result<bool> {
    let owner = set.owner(&wire::delivery(&held.app, &held.key)).await?;
    Ok(
        owner
            .is_none_or(|entry| *entry.owner.node == *set.node && entry.owner.state != State::Done),
    )
}
