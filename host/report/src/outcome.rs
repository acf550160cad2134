//! How a run ended, as a value.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::fuel::Certainty;
use crate::quota::Quota;
use crate::refusal::Refusal;
use crate::trap::{Trap, TrapCode};

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// `run` returned `ok` with this text.
    Completed(String),
    /// `run` returned `err` with this text: the micro-app itself says that it failed.
    GuestError(String),
    /// The fuel budget is used up.
    OutOfFuel,
    /// The deadline passed.
    DeadlineExceeded,
    /// A memory or table would have grown past its cap.
    MemoryLimit {
        /// What was to grow.
        kind: MemoryKind,
        /// The size that it would have had: bytes of all memories together, or elements of one table.
        requested: u64,
        /// The cap, in the same unit.
        limit: u64,
    },
    /// The guest's stack is used up.
    StackOverflow,
    /// The guest exceeded a quota.
    QuotaExceeded {
        /// The quota.
        quota: Quota,
        /// Its value: bytes, entries, calls or handles.
        limit: u64,
    },
    /// Any other trap.
    Trap(Trap),
    /// The host was told to stop and cut the run off: `Host::stop` of the host library.
    Interrupted,
    /// The component was refused and never ran.
    Refused(Refusal),
}

/// What exceeded a memory limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemoryKind {
    /// All linear memories of the run together, in bytes.
    LinearMemory,
    /// One table, in elements.
    Table,
}

impl Outcome {
    /// The name of the variant for programs: see the documentation of the JSON report.
    pub fn kind(&self) -> &'static str {
        match self {
            Outcome::Completed(_) => "completed",
            Outcome::GuestError(_) => "guest-error",
            Outcome::OutOfFuel => "out-of-fuel",
            Outcome::DeadlineExceeded => "deadline-exceeded",
            Outcome::MemoryLimit { .. } => "memory-limit",
            Outcome::StackOverflow => "stack-overflow",
            Outcome::QuotaExceeded { .. } => "quota-exceeded",
            Outcome::Trap(_) => "trap",
            Outcome::Interrupted => "interrupted",
            Outcome::Refused(_) => "refused",
        }
    }

    /// The certainty of the fuel counter after this outcome, as long as some fuel is left.
    ///
    /// Compiled code keeps the count in a register, and stores it where it calls, returns or executes
    /// `unreachable`. An interruption elsewhere finds the count of the last such place.
    pub fn fuel_certainty(&self) -> Certainty {
        match self {
            Outcome::Completed(_)
            | Outcome::GuestError(_)
            | Outcome::OutOfFuel
            | Outcome::QuotaExceeded { .. }
            | Outcome::Refused(_) => Certainty::Exact,
            Outcome::Trap(trap) => match trap.code {
                TrapCode::Unreachable | TrapCode::Exit { .. } | TrapCode::Boundary => {
                    Certainty::Exact
                }
                _ => Certainty::LowerBound,
            },
            Outcome::MemoryLimit { .. } => Certainty::LowerBound,
            // When the clock interrupts, and how large frames are, differs from machine to machine.
            Outcome::DeadlineExceeded | Outcome::StackOverflow | Outcome::Interrupted => {
                Certainty::Unrepeatable
            }
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Completed(text) => f.write_str(text),
            Outcome::GuestError(message) => write!(f, "guest error: {message}"),
            Outcome::OutOfFuel => f.write_str("out of fuel: the budget is used up"),
            Outcome::DeadlineExceeded => f.write_str("deadline exceeded: the run was cut off"),
            Outcome::MemoryLimit {
                kind: MemoryKind::LinearMemory,
                requested,
                limit,
            } => {
                write!(f, "memory limit: {requested} bytes wanted, {limit} allowed")
            }
            Outcome::MemoryLimit {
                kind: MemoryKind::Table,
                requested,
                limit,
            } => {
                write!(
                    f,
                    "memory limit: a table of {requested} elements wanted, {limit} allowed"
                )
            }
            Outcome::StackOverflow => f.write_str("stack overflow: the guest's stack is used up"),
            Outcome::QuotaExceeded { quota, limit } => {
                write!(f, "quota exceeded: more than {limit} {}", quota.unit)
            }
            Outcome::Trap(trap) => trap.fmt(f),
            Outcome::Interrupted => f.write_str("interrupted: the host was told to stop"),
            Outcome::Refused(refusal) => write!(f, "refused: {refusal}"),
        }
    }
}
