//! Converts the host's types to those of the ledger. The values of variables and the standard input itself are
//! left out, because a ledger forgets nothing.

mod effects;
pub(crate) mod recording;
pub(crate) mod verdicts;

use std::path::Path;

use fractalaw_ledger::{self as ledger, Closing, Deeds, Event, Hash, Opening, Trigger};
use fractalaw_report::{
    App, AppliedLimits, AuditEntry, Certainty, Decision, Missing, NotGranted, Outcome, Refusal,
    Report,
};
use sha2::{Digest, Sha256};

use crate::error::HostError;
use crate::inputs::{Determinism, Fixed, Grants};

/// The name of a component that states no name, or that was refused before it was read.
const UNNAMED: &str = "unnamed";

/// The most bytes of a component's name, and of its version, in the ledger. The name is in each entry of a run,
/// and what a component says of itself must not prevent its run from being recorded.
const NAME_BYTES: usize = 200;

/// The most bytes of a message about how a run ended. The message can quote what a component imports.
const MESSAGE_BYTES: usize = 16 * 1024;

/// The outcome of a run that the host could not carry out.
const HOST_FAILED: &str = "host-failed";

/// What is known of a run that begins.
pub(crate) struct Beginning<'a> {
    /// `None` for a component that is refused without being read.
    pub(crate) app: Option<&'a App>,
    pub(crate) limits: &'a AppliedLimits,
    pub(crate) grants: &'a Grants,
    pub(crate) determinism: Determinism,
    /// `None` for a component that is refused without being read.
    pub(crate) decision: Option<&'a Decision>,
    /// Something that was asked for and is not granted.
    pub(crate) missing: &'a [Missing],
    /// What started it, if a supervisor did.
    pub(crate) trigger: Option<&'a Trigger>,
}

/// The opening of a run.
pub(crate) fn opening(begins: &Beginning<'_>) -> Opening {
    let fixed = begins.determinism.fixed();
    let clock = |fixed: Fixed| u64::try_from(fixed.unix_start.as_nanos()).unwrap_or(u64::MAX);
    let version = begins.app.and_then(|app| app.version.as_deref());
    Opening {
        name: name(begins.app.and_then(|app| app.name.as_deref())),
        version: version.map(|version| cut(version, NAME_BYTES)),
        sha256: begins.app.map_or(Hash([0; 32]), |app| hash(&app.digest)),
        tier: begins.limits.tier.name().to_owned(),
        limits: limits(begins.limits),
        grants: grants(begins.grants),
        deterministic: fixed.is_some(),
        clock_unix_ns: fixed.map(clock),
        seed: fixed.map(|fixed| fixed.seed),
        decision: begins
            .decision
            .map(|decided| decision(decided, begins.missing)),
        trigger: begins.trigger.cloned(),
    }
}

/// The closing of a run that has a report. `of_capabilities` is what some capabilities say of it themselves.
pub(crate) fn closing(report: &Report, of_capabilities: Vec<(&str, Deeds)>) -> Closing {
    Closing {
        outcome: report.outcome.kind().to_owned(),
        message: message(&report.outcome).map(|message| cut(&message, MESSAGE_BYTES)),
        fuel: ledger::Fuel {
            budget: report.fuel.budget,
            consumed: report.fuel.consumed(),
            certainty: report.fuel.certainty.name().to_owned(),
        },
        deeds: effects::deeds(&report.effects, of_capabilities),
    }
}

/// The closing of a run that the host could not carry out, with the fuel that it had used. Where it failed is not the
/// same from run to run.
pub(crate) fn closing_of_failed(error: &HostError, consumed: u64, budget: u64) -> Closing {
    Closing {
        outcome: HOST_FAILED.to_owned(),
        message: Some(cut(&error.to_string(), MESSAGE_BYTES)),
        fuel: ledger::Fuel {
            budget,
            consumed,
            certainty: Certainty::Unrepeatable.name().to_owned(),
        },
        deeds: Deeds::default(),
    }
}

pub(crate) fn event(entry: &AuditEntry) -> Event {
    Event {
        time_unix_ns: entry.time_unix_ns,
        event_type: entry.event_type.clone(),
        resource: entry.resource.clone(),
        detail: entry.detail.clone(),
    }
}

/// What the host says about the outcome. A result and a guest's own error are not included.
fn message(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Completed(_) | Outcome::GuestError(_) => None,
        Outcome::Refused(Refusal::NotGranted(not_granted)) => {
            Some(format!("refused: not granted: {}", listed(not_granted)))
        }
        other => Some(other.to_string()),
    }
}

fn listed(not_granted: &NotGranted) -> String {
    let missing = not_granted.missing.iter();
    let missing: Vec<_> = missing.map(|missing| missing.item.to_string()).collect();
    missing.join(", ")
}

fn name(name: Option<&str>) -> String {
    let name = name.filter(|name| !name.is_empty()).unwrap_or(UNNAMED);
    cut(name, NAME_BYTES)
}

fn cut(text: &str, bytes: usize) -> String {
    text[..text.floor_char_boundary(bytes)].to_owned()
}

fn hash(digest: &str) -> Hash {
    let hash = Hash::try_from(digest.to_owned());
    hash.unwrap_or_else(|_| unreachable!("a SHA-256 has 64 hexadecimal digits"))
}

fn limits(applied: &AppliedLimits) -> ledger::Limits {
    let micros = applied.limits.deadline.as_micros();
    ledger::Limits {
        fuel: applied.limits.fuel,
        deadline_us: u64::try_from(micros).unwrap_or(u64::MAX),
        memory_bytes: applied.limits.memory_bytes as u64,
    }
}

fn grants(grants: &Grants) -> ledger::Grants {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    ledger::Grants {
        args: grants.args.clone(),
        env: grants.env.iter().map(|(name, _)| name.clone()).collect(),
        stdin: grants.stdin.as_ref().map(|bytes| ledger::Stdin {
            bytes: bytes.len() as u64,
            sha256: Hash(Sha256::digest(bytes).into()),
        }),
        dirs: grants
            .dirs
            .iter()
            .map(|dir| ledger::Dir {
                host: text(&dir.host),
                guest: dir.guest.clone(),
                writable: dir.writable,
            })
            .collect(),
    }
}

fn decision(decision: &Decision, missing: &[Missing]) -> ledger::Decision {
    let granted = decision.granted.iter().map(|granted| ledger::Granted {
        line: granted.item.line(),
        by: granted.by.name().to_owned(),
    });
    ledger::Decision {
        policy_sha256: decision.policy.as_ref().map(|id| id.sha256.clone()),
        granted: granted.collect(),
        missing: missing.iter().map(|missing| missing.item.line()).collect(),
    }
}
