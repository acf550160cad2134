//! An entry before it has its number in the chain.

use crate::entry::{Entry, FIELD_BYTES, Hash, Role};
use crate::error::LedgerError;

/// What an entry says, and the run that it belongs to.
pub(crate) struct Draft {
    pub(crate) belongs: Belongs,
    pub(crate) timestamp: u64,
    pub(crate) actor_id: String,
    pub(crate) actor_role: Role,
    pub(crate) event_type: String,
    pub(crate) resource: String,
    pub(crate) detail: String,
}

/// The run that an entry belongs to.
#[derive(Clone, Copy)]
pub(crate) enum Belongs {
    /// No run: the entry is the ledger's own, or a supervisor's.
    ToNone,
    /// The run that the entry opens.
    Opens,
    /// The run with this id.
    To(u64),
}

impl Draft {
    /// Checks that the entry fits into the ledger, before it waits together with others.
    pub(crate) fn check(&self, node_id: &str) -> Result<(), LedgerError> {
        if i64::try_from(self.timestamp).is_err() {
            return Err(LedgerError::TooLarge {
                field: "timestamp",
                value: self.timestamp,
            });
        }
        let texts = [
            ("node_id", node_id),
            ("actor_id", &self.actor_id),
            ("event_type", &self.event_type),
            ("resource", &self.resource),
            ("detail", &self.detail),
        ];
        match texts.into_iter().find(|(_, text)| text.len() > FIELD_BYTES) {
            Some((field, text)) => Err(LedgerError::TooLong {
                field,
                bytes: text.len(),
                limit: FIELD_BYTES,
            }),
            None => Ok(()),
        }
    }

    /// The entry that it becomes at that place in the chain.
    pub(crate) fn place(self, entry_id: u64, node_id: &str, prev_hash: Hash) -> Entry {
        Entry {
            entry_id,
            run_id: match self.belongs {
                Belongs::ToNone => None,
                Belongs::Opens => Some(entry_id),
                Belongs::To(run_id) => Some(run_id),
            },
            timestamp: self.timestamp,
            node_id: node_id.to_owned(),
            actor_id: self.actor_id,
            actor_role: self.actor_role,
            event_type: self.event_type,
            resource: self.resource,
            detail: self.detail,
            prev_hash,
            signature: None,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The opening of a run with a `detail` of that length.
    pub(crate) fn opening(bytes: usize) -> Vec<Draft> {
        vec![Draft {
            belongs: Belongs::Opens,
            timestamp: 0,
            actor_id: "host".to_owned(),
            actor_role: Role::Host,
            event_type: crate::event::RUN_OPENED.to_owned(),
            resource: "app".to_owned(),
            detail: "x".repeat(bytes),
        }]
    }
}
