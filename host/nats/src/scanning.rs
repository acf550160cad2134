//! All entries of `OWNERS`, for the commands of an operator.

use anyhow::Result;
use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use futures_util::stream::StreamExt;

use crate::owners::{Entry, read};
use crate::set::{OWNERS, Set};

impl Set {
    /// Visits all deliveries that have an owner, and their entries.
    pub(crate) async fn scan(&self, mut visit: impl FnMut(&str, Entry)) -> Result<()> {
        if self.owners.get_info().await?.state.messages == 0 {
            return Ok(());
        }
        let consumer = self
            .owners
            .create_consumer(pull::OrderedConfig {
                deliver_policy: DeliverPolicy::All,
                ..pull::OrderedConfig::default()
            })
            .await?;
        let mut messages = consumer.messages().await?;
        while let Some(message) = messages.next().await {
            let message = message?;
            let info = message.info().map_err(|error| anyhow::anyhow!(error))?;
            let (sequence, pending) = (info.stream_sequence, info.pending);
            if let Some(delivery) = message.subject.strip_prefix(OWNERS)
                && let Ok(entry) = read(&message.payload, sequence)
            {
                visit(delivery, entry);
            }
            if pending == 0 {
                return Ok(());
            }
        }
        Ok(())
    }
}
