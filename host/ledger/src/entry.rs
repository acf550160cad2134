//! One entry of the ledger, its canonical encoding and its hash. `LEDGER.md` has the encoding byte by byte.

use sha2::{Digest, Sha256};

use crate::hex::hex_text;
use crate::key::Signature;

/// The most bytes in one text field. The whole audit trail of a run would fit, so no host comes near it. A reader
/// of a hostile file need not hold more.
pub const FIELD_BYTES: usize = 4 * 1024 * 1024;

/// Says what is hashed, so that no hash of something else can be the hash of an entry.
const ENTRY_TAG: &[u8] = b"fractalaw-ledger/entry/v1\0";
const GENESIS_TAG: &[u8] = b"fractalaw-ledger/genesis/v1\0";

/// The event types of entries that are not a guest's.
pub mod event {
    /// The first entry of a ledger: its identity and its key.
    pub const LEDGER_CREATED: &str = "ledger-created";
    /// A signature over everything up to this entry.
    pub const CHECKPOINT: &str = "checkpoint";
    /// A run begins.
    pub const RUN_OPENED: &str = "run-opened";
    /// A run ended, and how.
    pub const RUN_CLOSED: &str = "run-closed";
    /// A supervisor accepted an event from outside.
    pub const EVENT_ACCEPTED: &str = "event-accepted";
    /// A delivery is not tried again.
    pub const DELIVERY_DEAD: &str = "delivery-dead";
    /// A micro-app has another component from now on.
    pub const APP_SWAPPED: &str = "app-swapped";
    /// Nobody was there to start ticks of a task.
    pub const TICKS_MISSED: &str = "ticks-missed";
    /// A person, or the supervisor's file, adds or cancels a task.
    pub const TASKS_CHANGED: &str = "tasks-changed";
}

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hash(pub [u8; 32]);
hex_text!(Hash, 32);

/// Identifies a ledger: 16 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LedgerId(pub [u8; 16]);
hex_text!(LedgerId, 16);

impl LedgerId {
    /// The previous hash of the first entry. It binds the whole chain to this ledger.
    pub fn genesis(&self) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update(GENESIS_TAG);
        hasher.update(self.0);
        Hash(hasher.finalize().into())
    }
}

/// Where an entry comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The ledger itself: its creation and its checkpoints.
    Ledger,
    /// The host: the opening and the closing of a run, and what a supervisor does between runs.
    Host,
    /// A guest, through its host.
    MicroApp,
}

impl Role {
    /// The name that is stored.
    pub fn name(self) -> &'static str {
        match self {
            Role::Ledger => "ledger",
            Role::Host => "host",
            Role::MicroApp => "micro-app",
        }
    }

    /// The role with that name.
    pub fn from_name(name: &str) -> Option<Role> {
        [Role::Ledger, Role::Host, Role::MicroApp]
            .into_iter()
            .find(|role| role.name() == name)
    }
}

/// One entry: the ten fields of the ledger, and the run that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number in the ledger, from 1, without gaps.
    pub entry_id: u64,
    /// The run, by the `entry_id` of its opening; `None` for entries of the ledger and of a supervisor.
    pub run_id: Option<u64>,
    /// The time in nanoseconds since 1970-01-01T00:00:00Z.
    pub timestamp: u64,
    /// The machine or installation.
    pub node_id: String,
    /// The actor: `name@` and the component's digest, or the host or the ledger with its version.
    pub actor_id: String,
    /// The kind of actor.
    pub actor_role: Role,
    /// The kind of event.
    pub event_type: String,
    /// What it happened to.
    pub resource: String,
    /// What happened.
    pub detail: String,
    /// The hash of the entry before.
    pub prev_hash: Hash,
    /// The signature over this entry's hash, if it is a checkpoint.
    pub signature: Option<Signature>,
}

impl Entry {
    /// The hash that the next entry has as its `prev_hash`. It covers everything except the signature, which is
    /// made from it.
    pub fn hash(&self) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update(ENTRY_TAG);
        hasher.update(self.prev_hash.0);
        for number in [self.entry_id, self.run_id.unwrap_or(0), self.timestamp] {
            hasher.update(number.to_be_bytes());
        }
        for (_, text) in self.texts() {
            hasher.update((text.len() as u64).to_be_bytes());
            hasher.update(text);
        }
        Hash(hasher.finalize().into())
    }

    /// Whether it is a checkpoint, which vouches for everything before it.
    pub fn is_checkpoint(&self) -> bool {
        self.actor_role == Role::Ledger && self.event_type == event::CHECKPOINT
    }

    /// The text fields with their names, in the order in which they are hashed.
    pub(crate) fn texts(&self) -> [(&'static str, &str); 6] {
        [
            ("node_id", &self.node_id),
            ("actor_id", &self.actor_id),
            ("actor_role", self.actor_role.name()),
            ("event_type", &self.event_type),
            ("resource", &self.resource),
            ("detail", &self.detail),
        ]
    }
}
