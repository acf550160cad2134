//! The nodes of a set: each name is one ledger, and the set knows which nodes run.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Result, bail};
use async_nats::jetstream::kv::CreateErrorKind;
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::fault::Fault;
use crate::file::File;
use crate::limits::{ALIVE_EVERY, REPEAT};
use crate::set::Set;

/// What is known of a node.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Node {
    pub(crate) ledger: String,
    /// When it last ran and all that it had sent was answered, in seconds since 1970.
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
        let outgoing = file.with(|exchange| exchange.outgoing()).await?;
        if !outgoing.is_empty() && !send_again {
            let what = "was away";
            if let Some(fault) = self.is_too_long(what, known.seen_unix_s) {
                bail!(fault);
            }
            // The first of them may have been sent.
            self.unanswered.store(known.seen_unix_s, Relaxed);
        }
        self.be_seen(&node.ledger).await
    }

    /// From now on, something is sent whose answer is not known, if that was not so before.
    pub(crate) fn sends(&self) {
        // It fails if it was so before.
        let _ = self
            .unanswered
            .compare_exchange(0, now_s(), Relaxed, Relaxed);
    }

    /// All that was sent is answered.
    pub(crate) fn is_answered(&self) {
        self.unanswered.store(0, Relaxed);
    }

    /// What was sent without an answer may not be sent again any more: other nodes may have done it and forgotten that.
    pub(crate) fn may_not_send(&self) -> Option<Fault> {
        match self.unanswered.load(Relaxed) {
            0 => None,
            since => self.is_too_long("got no answer to what it sent", since),
        }
    }

    fn is_too_long(&self, what: &str, since_unix_s: u64) -> Option<Fault> {
        let lasted = Duration::from_secs(now_s().saturating_sub(since_unix_s));
        (lasted > self.remember).then(|| {
            let what = format!(
                "node `{}` {what} for {} days, and the set remembers for {} days what is done",
                self.node,
                lasted.as_secs() / 86_400,
                self.remember.as_secs() / 86_400
            );
            let hint = "events wait to be sent, and the first of them may have been sent before: start with `--send-again` to send all";
            Fault::new(what, hint)
        })
    }

    pub(crate) async fn node(&self, name: &str) -> Result<Option<Node>> {
        match self.nodes.get(name).await? {
            Some(value) => Ok(Some(serde_json::from_slice(&value)?)),
            None => Ok(None),
        }
    }

    async fn be_seen(&self, ledger: &str) -> Result<()> {
        // Whatever is not answered, a later start must know for how long.
        let seen_unix_s = match self.unanswered.load(Relaxed) {
            0 => now_s(),
            since => since,
        };
        let node = Node {
            ledger: ledger.to_owned(),
            seen_unix_s,
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

/// Returns when this node may not send again what it sent. A connection that comes back after that finds it ended.
pub(crate) async fn watch(set: &Set) -> Fault {
    loop {
        if let Some(fault) = set.may_not_send() {
            return fault;
        }
        sleep(REPEAT).await;
    }
}

pub(crate) fn now_s() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}
