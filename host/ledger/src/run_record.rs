//! What a host says of a run, and how its opening, entries and closing become entries of the ledger.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::deeds::Deeds;
use crate::draft::{Belongs, Draft};
use crate::entry::{Hash, Role, event};
use crate::json;
use crate::trigger::Trigger;

/// The host's own name in entries.
pub(crate) const HOST: &str = concat!("fractalaw@", env!("CARGO_PKG_VERSION"));

/// What a run begins with: the `detail` of its opening entry, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// The micro-app's name.
    pub name: String,
    /// Its version, if its component has one.
    pub version: Option<String>,
    /// The digest of the component.
    pub sha256: Hash,
    /// The name of the tier.
    pub tier: String,
    /// The limits of the run.
    pub limits: Limits,
    /// What the run is granted.
    pub grants: Grants,
    /// Whether its time is virtual and its randomness seeded. Then its entries have the virtual time.
    #[serde(default, skip_serializing_if = "is_false")]
    pub deterministic: bool,
    /// The time at which a deterministic run begins, in nanoseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_unix_ns: Option<u64>,
    /// The seed of a deterministic run's random numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// What was granted and by whom, and what was missing. A host that decides nothing writes no decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// What started it, if a supervisor did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<Trigger>,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// What a host decided about what a micro-app asks for. Each line is a line of policy, and contains no value that
/// could be a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The digest of the policy, if there was one.
    pub policy_sha256: Option<String>,
    /// What was granted.
    pub granted: Vec<Granted>,
    /// What was asked for and not granted. If there is anything, the run did not start.
    pub missing: Vec<String>,
}

/// Something that was granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// The line of policy that grants it.
    pub line: String,
    /// `policy`, or `run` for what whoever started the run brought.
    pub by: String,
}

/// The limits that applied to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Units of fuel.
    pub fuel: u64,
    /// Wall-clock time, in microseconds.
    pub deadline_us: u64,
    /// Linear memory, in bytes.
    pub memory_bytes: u64,
}

/// What a run was granted. What may be a secret is left out or is a digest, because a ledger forgets nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grants {
    /// Arguments, in order.
    pub args: Vec<String>,
    /// Names of environment variables, without their values.
    pub env: Vec<String>,
    /// Standard input, if there is any.
    pub stdin: Option<Stdin>,
    /// Folders.
    pub dirs: Vec<Dir>,
}

/// The standard input of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stdin {
    /// Its length in bytes.
    pub bytes: u64,
    /// Its digest.
    pub sha256: Hash,
}

/// A folder that a run may open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dir {
    /// The folder on the host.
    pub host: String,
    /// The path in the guest.
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

/// What a guest recorded: its three fields, and when the host received them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub time_unix_ns: u64,
    /// The kind of event, in the guest's words.
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

/// How a run ended: the `detail` of its closing entry, as JSON. There, `entries` is the number of the run's own
/// entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    /// The kind of outcome, as in the host's report, or `host-failed`.
    pub outcome: String,
    /// What the host says about it. It does not contain the guest's output.
    pub message: Option<String>,
    /// The fuel.
    pub fuel: Fuel,
    /// What it did.
    #[serde(flatten)]
    pub deeds: Deeds,
}

/// The fuel of a run, in units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fuel {
    /// The budget.
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
    /// The number of the run's own entries, so that missing entries are noticed without a hash.
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

/// The system's clock now. A clock that is set before 1970 gives zero.
pub fn now_unix_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    })
}
