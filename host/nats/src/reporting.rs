//! What is done: the set learns it, and then the node forgets it.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use async_nats::jetstream::context::ConsumerInfoErrorKind;
use fractalaw_events_engine::Held;
use futures_util::future::join_all;
use tokio::time::{Instant, timeout_at};

use crate::file::File;
use crate::limits::FLOOR_EVERY;
use crate::set::{Set, say};
use crate::wire;

/// Reports what is done, as long as this is not stopped. It ends only with an error.
pub(crate) async fn run(set: &Set, file: &File) -> Result<()> {
    let mut next_floor = Instant::now();
    loop {
        let version = file.with(|exchange| exchange.version()).await?;
        let done = file.with(|exchange| exchange.done()).await?;
        let (known, unknown): (Vec<Held>, Vec<Held>) =
            done.into_iter().partition(|held| held.is_acknowledged);
        let mut acknowledged = Ok(());
        if !unknown.is_empty() && Instant::now() >= next_floor {
            next_floor = Instant::now() + FLOOR_EVERY;
            acknowledged = acknowledge(set, file, &unknown).await;
        }
        // What is known is reported, whatever became of the question about the rest.
        let has_reported = !known.is_empty();
        if has_reported {
            report(set, file, known).await?;
        }
        acknowledged?;
        if has_reported {
            continue;
        }
        // An acknowledgement is no change by the engine, so it is looked for by time.
        let changed = file.changed(version);
        match unknown.is_empty() {
            true => drop(changed.await?),
            false => drop(timeout_at(next_floor, changed).await),
        }
    }
}

async fn report(set: &Set, file: &File, done: Vec<Held>) -> Result<()> {
    let reports = join_all(done.iter().map(|held| async move {
        let delivery = wire::delivery(&held.app, &held.key);
        let given = set.done(&delivery).await?;
        if let Some(node) = given {
            say(&format!(
                "`{delivery}` was done here, and given to `{node}`: it may run there again"
            ));
        }
        anyhow::Ok(())
    }))
    .await;
    let mut ended = Ok(());
    let mut forgotten = Vec::with_capacity(done.len());
    for (held, report) in done.into_iter().zip(reports) {
        match report {
            Ok(()) => forgotten.push(held),
            Err(error) => ended = Err(error),
        }
    }
    file.with(move |exchange| exchange.forget(&forgotten))
        .await?;
    ended
}

/// Finds messages that the server does not deliver again, though its answer was lost: all before the first that it does,
/// and all of an app that the set has forgotten. An app about which the server gives no answer holds up no other app.
async fn acknowledge(set: &Set, file: &File, unknown: &[Held]) -> Result<()> {
    let mut by_app: BTreeMap<&str, Vec<&Held>> = BTreeMap::new();
    for held in unknown {
        by_app.entry(&held.app).or_default().push(held);
    }
    let mut ended = Ok(());
    for (app, held) in by_app {
        let floor = match set.events.consumer_info(wire::consumer(app)).await {
            Ok(info) => info.ack_floor.stream_sequence,
            Err(error) if error.kind() == ConsumerInfoErrorKind::NotFound => u64::MAX,
            Err(error) => {
                ended = Err(error).with_context(|| format!("cannot ask about `{app}`"));
                continue;
            }
        };
        let passed = held.into_iter().filter(|held| held.sequence <= floor);
        let passed: Vec<Held> = passed.cloned().collect();
        file.with(move |exchange| {
            let keys = passed.iter().map(|held| (&*held.app, &*held.key));
            exchange.acknowledged(keys)
        })
        .await?;
    }
    ended
}
