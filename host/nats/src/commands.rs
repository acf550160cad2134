//! The commands of an operator. Each connects, does one thing, and ends.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Result, bail};
use async_nats::jetstream::consumer::pull;
use futures_util::stream::TryStreamExt;

use crate::components::Component;
use crate::fault::Fault;
use crate::nodes::now_s;
use crate::owners::State;
use crate::set::Set;
use crate::wire;

/// The nodes, the apps and the components, as lines.
pub(crate) async fn status(set: &Set) -> Result<String> {
    let mut owned: BTreeMap<String, u64> = BTreeMap::new();
    let mut done = 0;
    set.scan(|_, entry| match entry.owner.state {
        State::Done => done += 1,
        State::Owned | State::Given => *owned.entry(entry.owner.node).or_default() += 1,
    })
    .await?;
    let mut lines = String::new();
    for name in sorted(set.nodes.keys().await?.try_collect().await?) {
        let Some(node) = set.node(&name).await? else {
            continue;
        };
        let state = match set.is_alive(&name).await? {
            true => "running".to_owned(),
            false => format!(
                "not seen for {} s",
                now_s().saturating_sub(node.seen_unix_s)
            ),
        };
        let owns = owned.get(&name).copied().unwrap_or(0);
        writeln!(
            lines,
            "node {name}: {state}, owns {owns}, ledger {}",
            node.ledger
        )?;
    }
    let mut consumers = set.events.consumers();
    let mut apps = Vec::new();
    while let Some(info) = consumers.try_next().await? {
        let name = info
            .name
            .strip_prefix("app-")
            .unwrap_or(&info.name)
            .to_owned();
        apps.push(format!(
            "app {name}: {} wait, {} on their way",
            info.num_pending, info.num_ack_pending
        ));
    }
    for line in sorted(apps) {
        writeln!(lines, "{line}")?;
    }
    for app in sorted(set.apps.keys().await?.try_collect().await?) {
        let Some(value) = set.apps.get(&app).await? else {
            continue;
        };
        let component: Component = serde_json::from_slice(&value)?;
        writeln!(
            lines,
            "component {app}: {}, {} bytes",
            component.sha256, component.bytes
        )?;
    }
    let messages = set.events.get_info().await?.state.messages;
    writeln!(
        lines,
        "{messages} messages are stored, {done} deliveries are remembered as done"
    )?;
    Ok(lines)
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

/// Removes a node, so that its name is free.
pub(crate) async fn remove(set: &Set, node: &str) -> Result<()> {
    if set.node(node).await?.is_none() {
        let what = format!("the set has no node `{node}`");
        bail!(Fault::new(what, "`fractalaw-nats status` lists the nodes"));
    }
    if set.is_alive(node).await? {
        let what = format!("node `{node}` is running");
        bail!(Fault::new(what, "stop it first"));
    }
    let mut owns = 0_u64;
    set.scan(|_, entry| {
        owns += u64::from(entry.owner.node == node && entry.owner.state != State::Done);
    })
    .await?;
    if owns > 0 {
        let what = format!("node `{node}` owns {owns} deliveries");
        let hint = format!("take them on another node: fractalaw-nats take {node}");
        bail!(Fault::new(what, hint));
    }
    set.nodes.purge(node).await?;
    Ok(())
}

/// Removes the consumer of an app, with what waits for it.
pub(crate) async fn forget(set: &Set, app: &str) -> Result<u64> {
    let durable = wire::consumer(app);
    let Ok(consumer) = set.events.get_consumer::<pull::Config>(&durable).await else {
        let what = format!("the set has no app `{}`", app.escape_debug());
        bail!(Fault::new(what, "`fractalaw-nats status` lists the apps"));
    };
    let waiting = consumer.cached_info().num_pending;
    set.events.delete_consumer(&durable).await?;
    Ok(waiting)
}
