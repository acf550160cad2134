//! The identity of a ledger: what its first entry says.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::draft::{Belongs, Draft};
use crate::entry::{Entry, LedgerId, Role, event};
use crate::error::LedgerError;
use crate::head::Head;
use crate::json;
use crate::key::PublicKey;
use crate::row;

/// The ledger's own name in entries.
const LEDGER: &str = concat!("fractalaw-ledger@", env!("CARGO_PKG_VERSION"));

/// What a ledger says of itself in its first entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The id of the ledger.
    pub ledger_id: LedgerId,
    /// The node that it was made on.
    pub node_id: String,
    /// The key that its checkpoints are signed with.
    pub public_key: PublicKey,
}

/// The `detail` of the first entry.
#[derive(Serialize, Deserialize)]
struct Created {
    ledger_id: LedgerId,
    /// The only key whose checkpoints count.
    public_key: PublicKey,
}

/// An entry that the ledger writes about itself.
pub(crate) fn own_draft(
    event_type: &str,
    ledger_id: LedgerId,
    time_unix_ns: u64,
    detail: String,
) -> Draft {
    Draft {
        belongs: Belongs::ToNone,
        timestamp: time_unix_ns,
        actor_id: LEDGER.to_owned(),
        actor_role: Role::Ledger,
        event_type: event_type.to_owned(),
        resource: ledger_id.to_string(),
        detail,
    }
}

impl Identity {
    /// The first entry, except for the node, which every entry has.
    pub(crate) fn draft(ledger_id: LedgerId, public_key: PublicKey, time_unix_ns: u64) -> Draft {
        let created = Created {
            ledger_id,
            public_key,
        };
        let detail = json::text(&created);
        own_draft(event::LEDGER_CREATED, ledger_id, time_unix_ns, detail)
    }

    /// Reads the identity from the ledger with this head.
    pub(crate) fn read(
        connection: &Connection,
        head: &Head,
    ) -> rusqlite::Result<Result<Identity, LedgerError>> {
        let first = row::at(connection, 1)?;
        Ok(first.and_then(|first| Identity::of(first, head)))
    }

    fn of(first: Option<Entry>, head: &Head) -> Result<Identity, LedgerError> {
        let malformed = |field, found: &str, expected| LedgerError::Malformed {
            entry_id: Some(1),
            field,
            found: found.to_owned(),
            expected,
        };
        let Some(entry) = first else {
            return Err(malformed("entry_id", "missing", "the ledger's creation"));
        };
        if (entry.actor_role, &*entry.event_type) != (Role::Ledger, event::LEDGER_CREATED) {
            return Err(malformed(
                "event_type",
                "something else",
                "the ledger's creation",
            ));
        }
        let created: Created = serde_json::from_str(&entry.detail)
            .map_err(|error| malformed("detail", &error.to_string(), "the ledger's id and key"))?;
        if created.ledger_id != head.ledger_id {
            return Err(malformed(
                "detail",
                "of another ledger",
                "the id that the ledger records",
            ));
        }
        Ok(Identity {
            ledger_id: created.ledger_id,
            node_id: entry.node_id,
            public_key: created.public_key,
        })
    }
}
