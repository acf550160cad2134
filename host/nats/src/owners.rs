//! Who owns a delivery. Creating its entry decides, and each change of it expects the one before, so all nodes agree.
//!
//! The entry has the message until the delivery is done. So it can be given to another node if its owner is lost.

use anyhow::{Context as _, Result, anyhow};
use async_nats::jetstream;
use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::LastRawMessageErrorKind;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::set::{OWNERS, Set};

/// The first line of an entry. While the delivery is not done, its message follows.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Owner {
    pub(crate) node: String,
    pub(crate) state: State,
}

/// What is known of a delivery.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// The node has it, or takes it when the message comes to it.
    Owned,
    /// A person gave it to the node, which has not taken it yet.
    Given,
    /// It completed or was dropped.
    Done,
}

/// An entry as the leader has it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) owner: Owner,
    pub(crate) message: Bytes,
    pub(crate) revision: u64,
}

impl Set {
    /// Makes this node the owner of a delivery. Returns the entry of whoever owns it already.
    pub(crate) async fn own(&self, delivery: &str, message: &[u8]) -> Result<Option<Entry>> {
        let owner = self.this(State::Owned);
        match self.set_owner(delivery, &owner, message, 0).await? {
            true => Ok(None),
            // It may have been forgotten in between. Then the message comes again.
            false => match self.owner(delivery).await? {
                Some(entry) => Ok(Some(entry)),
                None => Err(anyhow!("the owner of `{delivery}` changes")),
            },
        }
    }

    /// Who owns a delivery. The leader answers, but it may have lost its place a moment ago. So whatever must be true is
    /// written with the revision that was read.
    pub(crate) async fn owner(&self, delivery: &str) -> Result<Option<Entry>> {
        let subject = format!("{OWNERS}{delivery}");
        match self.owners.get_last_raw_message_by_subject(&subject).await {
            Ok(found) => Ok(Some(read(&found.payload, found.sequence).with_context(
                || format!("the entry of `{delivery}` in `OWNERS` is none of this program"),
            )?)),
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes an entry if its revision is still this one, and 0 if there is none. Returns whether it was.
    pub(crate) async fn set_owner(
        &self,
        delivery: &str,
        owner: &Owner,
        message: &[u8],
        revision: u64,
    ) -> Result<bool> {
        let publish = PublishMessage::build()
            .payload(write(owner, message))
            .expected_last_subject_sequence(revision);
        let publish = match owner.state {
            State::Done => publish.ttl(self.remember),
            State::Owned | State::Given => publish,
        };
        let subject = format!("{OWNERS}{delivery}");
        let sent = self.jetstream.send_publish(subject, publish).await?;
        match sent.await {
            Ok(_) => Ok(true),
            Err(error) if is_other_revision(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes down that a delivery of this node is done. Returns the node to which it was given, if it was.
    pub(crate) async fn done(&self, delivery: &str) -> Result<Option<String>> {
        let done = self.this(State::Done);
        loop {
            let entry = self.owner(delivery).await?;
            let revision = match entry {
                None => 0,
                Some(entry) if *entry.owner.node != *self.node => {
                    return Ok(Some(entry.owner.node));
                }
                Some(entry) if entry.owner.state == State::Done => return Ok(None),
                Some(entry) => entry.revision,
            };
            if self.set_owner(delivery, &done, b"", revision).await? {
                return Ok(None);
            }
        }
    }

    pub(crate) fn this(&self, state: State) -> Owner {
        Owner {
            node: self.node.to_string(),
            state,
        }
    }
}

/// Whether the entry or the message was changed or stored before.
pub(crate) fn is_other_revision(error: &PublishError) -> bool {
    // The second number is what newer servers say.
    let is_code = |error: &jetstream::Error| {
        let code = error.error_code();
        code == jetstream::ErrorCode::STREAM_WRONG_LAST_SEQUENCE
            || code == jetstream::ErrorCode::STREAM_WRONG_LAST_SEQUENCE_CONSTANT
    };
    let source = std::error::Error::source(error);
    error.kind() == PublishErrorKind::WrongLastSequence
        || source
            .and_then(|source| source.downcast_ref())
            .is_some_and(is_code)
}

fn write(owner: &Owner, message: &[u8]) -> Bytes {
    let mut bytes = serde_json::to_vec(owner).unwrap_or_default();
    bytes.push(b'\n');
    bytes.extend(message);
    bytes.into()
}

pub(crate) fn read(bytes: &Bytes, revision: u64) -> Result<Entry> {
    let end = bytes.iter().position(|&byte| byte == b'\n');
    let end = end.context("it has no first line")?;
    Ok(Entry {
        owner: serde_json::from_slice(&bytes[..end])?,
        message: bytes.slice(end + 1..),
        revision,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_read_as_it_was_written() {
        let owner = Owner {
            node: "a".to_owned(),
            state: State::Given,
        };
        let bytes = write(&owner, b"head\npayload");
        assert_eq!(
            &*bytes,
            b"{\"node\":\"a\",\"state\":\"given\"}\nhead\npayload"
        );
        let entry = read(&bytes, 7).unwrap();
        assert_eq!((entry.owner, entry.revision), (owner, 7));
        assert_eq!(&*entry.message, b"head\npayload");
        for bytes in ["", "{\"node\":\"a\"}\n", "\n"] {
            assert!(read(&Bytes::from(bytes), 1).is_err());
        }
    }
}
