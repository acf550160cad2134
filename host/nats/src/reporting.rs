//! What is done: the set learns it, and then the node forgets it.

use std::collections::BTreeMap;

use anyhow::Result;
use async_nats::jetstream::consumer::pull;
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
        if !unknown.is_empty() && Instant::now() >= next_floor {
            next_floor = Instant::now() + FLOOR_EVERY;
            acknowledge(set, file, &unknown).await?;
        }
        if !known.is_empty() {
            report(set, file, known).await?;
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

/// Finds messages that the server does not deliver again, though its answer was lost: all before the first that it does.
async fn acknowledge(set: &Set, file: &File, unknown: &[Held]) -> Result<()> {
    let mut by_app: BTreeMap<&str, Vec<&Held>> = BTreeMap::new();
    for held in unknown {
        by_app.entry(&held.app).or_default().push(held);
    }
    for (app, held) in by_app {
        let consumer = set
            .events
            .get_consumer::<pull::Config>(&wire::consumer(app))
            .await
            .map_err(|error| anyhow::anyhow!(error))?;
        let floor = consumer.cached_info().ack_floor.stream_sequence;
        let passed = held.into_iter().filter(|held| held.sequence <= floor);
        let passed: Vec<Held> = passed.cloned().collect();
        file.with(move |exchange| {
            let keys = passed.iter().map(|held| (&*held.app, &*held.key));
            exchange.acknowledged(keys)
        })
        .await?;
    }
    Ok(())
}
