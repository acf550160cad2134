//! The nodes of a set: each name is one ledger, and the set knows which nodes run.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Result, bail};
use async_nats::jetstream::kv::CreateErrorKind;
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::fault::Fault;
use crate::file::File;
use crate::limits::ALIVE_EVERY;
use crate::set::Set;

/// What is known of a node.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Node {
    pub(crate) ledger: String,
    /// When it last ran, in seconds since 1970.
    pub(crate) seen_unix_s: u64,
}

impl Set {
    /// Makes sure that no other node has this name, and that this one was not away for too long.
    pub(crate) async fn enter(&self, file: &File, send_again: bool) -> Result<()> {
        let ledger = file
            .with(|exchange| Ok(exchange.ledger_id().to_owned()))
            .await?;
        let node = Node {
            ledger,
            seen_unix_s: now_s(),
        };
        let value = serde_json::to_vec(&node)?;
        match self.nodes.create(&*self.node, value.into()).await {
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == CreateErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.into()),
        }
        let Some(known) = self.node(&self.node).await? else {
            bail!("the entry of `{}` in `NODES` changes", self.node);
        };
        if known.ledger != node.ledger {
            let what = format!(
                "`{}` is the node of ledger {}, and this one has ledger {}",
                self.node, known.ledger, node.ledger
            );
            let hint = "give this node another name; or if the other one is gone, take what it owned with `take`, and then `remove` it";
            bail!(Fault::new(what, hint));
        }
        let away = Duration::from_secs(node.seen_unix_s.saturating_sub(known.seen_unix_s));
        let outgoing = file.with(|exchange| exchange.outgoing()).await?;
        if away > self.remember && !outgoing.is_empty() && !send_again {
            let what = format!(
                "node `{}` was away for {} days, and the set remembers for {} days what is done",
                self.node,
                away.as_secs() / 86_400,
                self.remember.as_secs() / 86_400
            );
            let hint = "events wait to be sent, and the first of them may have been sent before: start with `--send-again` to send all";
            bail!(Fault::new(what, hint));
        }
        self.be_seen(&node.ledger).await
    }

    pub(crate) async fn node(&self, name: &str) -> Result<Option<Node>> {
        match self.nodes.get(name).await? {
            Some(value) => Ok(Some(serde_json::from_slice(&value)?)),
            None => Ok(None),
        }
    }

    async fn be_seen(&self, ledger: &str) -> Result<()> {
        let node = Node {
            ledger: ledger.to_owned(),
            seen_unix_s: now_s(),
        };
        let value = serde_json::to_vec(&node)?;
        self.nodes.put(&*self.node, value.into()).await?;
        Ok(())
    }

    pub(crate) async fn is_alive(&self, name: &str) -> Result<bool> {
        Ok(self.alive.get(name).await?.is_some())
    }
}

/// Says that this node runs, as long as this is not stopped. It ends only with an error.
pub(crate) async fn run(set: &Set, file: &File) -> Result<()> {
    let ledger = file
        .with(|exchange| Ok(exchange.ledger_id().to_owned()))
        .await?;
    loop {
        set.alive.put(&*set.node, "".into()).await?;
        set.be_seen(&ledger).await?;
        sleep(ALIVE_EVERY).await;
    }
}

pub(crate) fn now_s() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}
