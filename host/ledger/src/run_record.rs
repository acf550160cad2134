//! What a host says of a run, and how its opening, entries and closing become entries of the ledger.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::draft::{Belongs, Draft};
use crate::entry::{Hash, Role, event};
use crate::json;

/// The host's name for itself in entries.
const HOST: &str = concat!("fractalaw@", env!("CARGO_PKG_VERSION"));

/// What a run begins with: the `detail` of its opening entry, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// The micro-app's name.
    pub name: String,
    /// Its version, if its component has one.
    pub version: Option<String>,
    /// Digest of the component.
    pub sha256: Hash,
    /// The tier, by name.
    pub tier: String,
    /// What it is held to.
    pub limits: Limits,
    /// What it is given.
    pub grants: Grants,
    /// Whether its time is virtual and its randomness seeded: then its entries carry that time instead of the host's.
    #[serde(default, skip_serializing_if = "is_false")]
    pub deterministic: bool,
    /// The time at which a deterministic run begins, in nanoseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_unix_ns: Option<u64>,
    /// The seed of a deterministic run's random numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// What it was granted, who granted it, and what it was refused. A host that decides nothing writes no decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// What a host decided about what a micro-app asks for. Each line is one of its policy's, and holds no value
/// that could be a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Digest of the policy in force, if there was one.
    pub policy_sha256: Option<String>,
    /// What was granted.
    pub granted: Vec<Granted>,
    /// What was asked for and not granted: if there is anything, the run did not start.
    pub missing: Vec<String>,
}

/// One thing that was granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// The line of policy that grants it.
    pub line: String,
    /// `policy`, or `run` for what whoever started the run brought.
    pub by: String,
}

/// The limits of a run, as they are in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Units of fuel.
    pub fuel: u64,
    /// Wall-clock time, in microseconds.
    pub deadline_us: u64,
    /// Linear memory, in bytes.
    pub memory_bytes: u64,
}

/// What a run is given. What may be a secret is left out or is a digest: a ledger forgets nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grants {
    /// Arguments, in order.
    pub args: Vec<String>,
    /// Names of environment variables, without their values.
    pub env: Vec<String>,
    /// Standard input, if there is some.
    pub stdin: Option<Stdin>,
    /// Folders.
    pub dirs: Vec<Dir>,
}

/// Standard input of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stdin {
    /// Length.
    pub bytes: u64,
    /// Digest.
    pub sha256: Hash,
}

/// A folder that a run may open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dir {
    /// The folder on the host.
    pub host: String,
    /// Where the guest finds it.
    pub guest: String,
    /// Whether the guest may write there.
    pub writable: bool,
}

impl Opening {
    /// Name and whole digest together, as in `actor_id`.
    pub fn app(&self) -> String {
        format!("{}@{}", self.name, self.sha256)
    }

    pub(crate) fn draft(&self, time_unix_ns: u64) -> Draft {
        Draft {
            belongs: Belongs::Opens,
            timestamp: time_unix_ns,
            actor_id: HOST.to_owned(),
            actor_role: Role::Host,
            event_type: event::RUN_OPENED.to_owned(),
            resource: self.app(),
            detail: json::text(self),
        }
    }
}

/// What a guest recorded: three fields of its own, and when the host received them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub time_unix_ns: u64,
    /// What kind of thing happened, in the guest's words.
    pub event_type: String,
    /// What it happened to.
    pub resource: String,
    /// What happened.
    pub detail: String,
}

impl Event {
    pub(crate) fn draft(self, run_id: u64, app: &str) -> Draft {
        Draft {
            belongs: Belongs::To(run_id),
            timestamp: self.time_unix_ns,
            actor_id: app.to_owned(),
            actor_role: Role::MicroApp,
            event_type: self.event_type,
            resource: self.resource,
            detail: self.detail,
        }
    }
}

/// How a run ended: the `detail` of its closing entry, as JSON, where the number of the run's own entries
/// stands beside it as `entries`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    /// The kind of outcome, as in the host's report.
    pub outcome: String,
    /// What the host has to say about it; not the guest's output.
    pub message: Option<String>,
    /// What it cost.
    pub fuel: Fuel,
}

/// Fuel of a run, in units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fuel {
    /// What it was given.
    pub budget: u64,
    /// What it used.
    pub consumed: u64,
    /// `exact`, `lower-bound` or `unrepeatable`.
    pub certainty: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Closed {
    #[serde(flatten)]
    pub(crate) closing: Closing,
    /// The run's own entries, so that one that lacks some is seen without a hash.
    pub(crate) entries: u64,
}

impl Closing {
    pub(crate) fn draft(&self, time_unix_ns: u64, run_id: u64, app: &str, entries: u64) -> Draft {
        Draft {
            belongs: Belongs::To(run_id),
            timestamp: time_unix_ns,
            actor_id: HOST.to_owned(),
            actor_role: Role::Host,
            event_type: event::RUN_CLOSED.to_owned(),
            resource: app.to_owned(),
            detail: json::text(&Closed {
                closing: self.clone(),
                entries,
            }),
        }
    }
}

/// The system's clock, for what happens now. A clock that is set before 1970 says zero.
pub fn now_unix_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    })
}
