//! What happened to a guest, as a value; and how the errors that end a run become one.

use std::fmt;

use wasmtime::Trap as WasmtimeTrap;
use wasmtime::component::ResourceTableError;
use wasmtime_wasi::I32Exit;

use crate::limits::{CROSSING_BYTES, HOST_CALL_BYTES};
use crate::refusal::Refusal;
use crate::run::panics::HostPanicked;
use crate::trap::{Trap, TrapCode};

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// `run` returned `ok` with this text.
    Completed(String),
    /// `run` returned `err` with this text: the micro-app's own word that it failed.
    GuestError(String),
    /// The fuel budget is used up.
    OutOfFuel,
    /// The wall-clock deadline passed.
    DeadlineExceeded,
    /// A memory or table would have grown past its cap.
    MemoryLimit {
        /// What was to grow.
        kind: MemoryKind,
        /// The size it would have had: bytes of all memories together, or elements of one table.
        requested: u64,
        /// The cap, in the same unit.
        limit: u64,
    },
    /// The guest's stack is used up.
    StackOverflow,
    /// A bound on what the guest hands to the host was passed.
    QuotaExceeded {
        /// Which one.
        quota: Quota,
        /// Its value: bytes, entries or calls.
        limit: u64,
    },
    /// Any other trap.
    Trap(Trap),
    /// The host was told to stop, and cut the run off: see [`Host::stop`](crate::Host::stop).
    Interrupted,
    /// It never ran.
    Refused(Refusal),
}

/// What a memory limit is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryKind {
    /// All linear memories of the run together, in bytes.
    LinearMemory,
    /// One table, in elements.
    Table,
}

/// A bound on what one run hands to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    /// Number of audit entries.
    AuditEntries,
    /// Text of all audit entries together, in bytes.
    AuditBytes,
    /// Text of one audit entry, in bytes.
    AuditEntryBytes,
    /// Data of one host call, in bytes.
    HostCallBytes,
    /// Data that one part of a composed component hands to another at once, in bytes.
    CrossingBytes,
    /// Number of host calls.
    HostCalls,
    /// Data of all host calls together, in both directions, in bytes.
    HostBytes,
    /// Memory of the host's own that the guest makes it hold: listings, audit entries and output, in bytes.
    HostMemory,
    /// Open streams, files, pollables and the like.
    Handles,
}

impl Quota {
    /// The name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Quota::AuditEntries => "audit-entries",
            Quota::AuditBytes => "audit-bytes",
            Quota::AuditEntryBytes => "audit-entry-bytes",
            Quota::HostCallBytes => "host-call-bytes",
            Quota::CrossingBytes => "crossing-bytes",
            Quota::HostCalls => "host-calls",
            Quota::HostBytes => "host-bytes",
            Quota::HostMemory => "host-memory",
            Quota::Handles => "handles",
        }
    }

    pub(crate) fn describe(self) -> &'static str {
        match self {
            Quota::AuditEntries => "audit entries",
            Quota::AuditBytes => "bytes of audit entries",
            Quota::AuditEntryBytes => "bytes in one audit entry",
            Quota::HostCallBytes => "bytes in one host call",
            Quota::CrossingBytes => "bytes from one part to another",
            Quota::HostCalls => "host calls",
            Quota::HostBytes => "bytes in all host calls",
            Quota::HostMemory => "bytes of the host's memory",
            Quota::Handles => "open handles",
        }
    }
}

/// How far a fuel figure can be relied on. Which outcome gives which is said, with the reason, at
/// [`Outcome::fuel_certainty`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// It is the cost, to the unit, and the same on every machine.
    Exact,
    /// The cost is at least this; the figure is the same on every machine.
    LowerBound,
    /// The cost is at least this; the figure differs from run to run or machine to machine.
    Unrepeatable,
}

impl Certainty {
    /// The name used in reports.
    pub fn name(self) -> &'static str {
        match self {
            Certainty::Exact => "exact",
            Certainty::LowerBound => "lower-bound",
            Certainty::Unrepeatable => "unrepeatable",
        }
    }
}

impl Outcome {
    /// The name of the variant, for programs: see the documentation of the JSON report.
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

    /// The outcome and what its fuel figure says, given what the counter shows at the end.
    ///
    /// Wasmtime looks at the counter where a function or loop begins, so a guest can end with more
    /// used than it had, and then the counter shows zero: by how much it went over is not known. A run
    /// that returned with nothing left is therefore out of fuel; one has to have some to spare.
    pub(crate) fn with_fuel_left(self, left: u64) -> (Outcome, Certainty) {
        let certainty = self.fuel_certainty();
        match self {
            Outcome::Completed(_) | Outcome::GuestError(_) if left == 0 => {
                (Outcome::OutOfFuel, Certainty::Exact)
            }
            Outcome::OutOfFuel | Outcome::Refused(_) => (self, certainty),
            _ if left == 0 && certainty == Certainty::Exact => (self, Certainty::LowerBound),
            _ => (self, certainty),
        }
    }

    /// Of a trap, what the guest was doing.
    pub(crate) fn during(self, instantiated: bool, error: &wasmtime::Error) -> Outcome {
        match self {
            Outcome::Trap(trap) => Outcome::Trap(trap.during(instantiated, error)),
            other => other,
        }
    }

    /// What the fuel counter says after such an end, as long as there is some left.
    ///
    /// Compiled code keeps the count in a register and stores it where it calls, returns or executes
    /// `unreachable`. What interrupts it elsewhere finds the count of the last such place.
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
            // Where the clock strikes and how large frames are differ from machine to machine.
            Outcome::DeadlineExceeded | Outcome::StackOverflow | Outcome::Interrupted => {
                Certainty::Unrepeatable
            }
        }
    }

    /// One part handed more to another than may cross at once.
    pub(crate) fn too_much_crossing() -> Outcome {
        Outcome::QuotaExceeded {
            quota: Quota::CrossingBytes,
            limit: CROSSING_BYTES as u64,
        }
    }

    /// Reads the error that ended instantiation or the call of a run that may hold so many handles.
    pub(crate) fn from_error(error: &wasmtime::Error, handles: u64) -> Outcome {
        if error.is::<DeadlineExceeded>() || error.is::<WaitedPastDeadline>() {
            return Outcome::DeadlineExceeded;
        }
        if error.is::<Interrupted>() {
            return Outcome::Interrupted;
        }
        if let Some(exceeded) = error.downcast_ref::<QuotaExceeded>() {
            return Outcome::QuotaExceeded {
                quota: exceeded.quota,
                limit: exceeded.limit,
            };
        }
        if let Some(exceeded) = error.downcast_ref::<MemoryLimitExceeded>() {
            let &MemoryLimitExceeded {
                kind,
                requested,
                limit,
            } = exceeded;
            return Outcome::MemoryLimit {
                kind,
                requested,
                limit,
            };
        }
        if let Some(I32Exit(status)) = error.downcast_ref() {
            return Outcome::Trap(Trap::exit(*status));
        }
        if let Some(panic) = error.downcast_ref::<HostPanicked>() {
            return Outcome::Trap(Trap::host_panicked(panic));
        }
        if let Some(ResourceTableError::Full) = error.downcast_ref() {
            return Outcome::QuotaExceeded {
                quota: Quota::Handles,
                limit: handles,
            };
        }
        match error.downcast_ref::<WasmtimeTrap>() {
            Some(WasmtimeTrap::OutOfFuel) => Outcome::OutOfFuel,
            Some(WasmtimeTrap::StackOverflow) => Outcome::StackOverflow,
            Some(trap) => Outcome::Trap(Trap::from_wasmtime(*trap)),
            None if is_host_call_payload(error) => Outcome::QuotaExceeded {
                quota: Quota::HostCallBytes,
                limit: HOST_CALL_BYTES as u64,
            },
            None if is_handle_limit(error) => Outcome::QuotaExceeded {
                quota: Quota::Handles,
                limit: handles,
            },
            None => Outcome::Trap(Trap::boundary(error)),
        }
    }
}

/// Wasmtime counts resources of the guest's own and what a call is lent, and says where there are too many in words
/// only. A test holds this against the real engine.
fn is_handle_limit(error: &wasmtime::Error) -> bool {
    let cause = error.root_cause().to_string();
    cause.ends_with(": store handle limit exceeded")
}

/// Wasmtime refuses a call that hands over too much with an error whose type it keeps private, so
/// its name is all there is to go by. A test holds this against the real engine.
fn is_host_call_payload(error: &wasmtime::Error) -> bool {
    format!("{:?}", error.root_cause()) == "HostcallFuelExhausted"
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
                write!(f, "quota exceeded: more than {limit} {}", quota.describe())
            }
            Outcome::Trap(trap) => trap.fmt(f),
            Outcome::Interrupted => f.write_str("interrupted: the host was told to stop"),
            Outcome::Refused(refusal) => write!(f, "refused: {refusal}"),
        }
    }
}

/// Raised where a run is interrupted because its time is up.
#[derive(Debug, thiserror::Error)]
#[error("deadline exceeded")]
pub(crate) struct DeadlineExceeded;

/// Raised where a guest waits until after its deadline in virtual time. It is a host call that ends the run, at
/// the same place each time.
#[derive(Debug, thiserror::Error)]
#[error("deadline exceeded while waiting")]
pub(crate) struct WaitedPastDeadline;

/// Raised where a run is interrupted because the host is to stop.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub(crate) struct Interrupted;

/// Raised where the process has no descriptor left for a file of the guest's: what the guest would do about it says
/// nothing of the guest. It is no outcome, but ends the request.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct NoDescriptors(pub(crate) std::io::Error);

/// Raised by an interface where a quota is passed.
#[derive(Debug, thiserror::Error)]
#[error("more than {limit} {}", quota.describe())]
pub(crate) struct QuotaExceeded {
    pub(crate) quota: Quota,
    pub(crate) limit: u64,
}

/// Raised by the limiter where a memory or table would pass its cap.
#[derive(Debug, thiserror::Error)]
#[error("growth to {requested} is past the limit of {limit}")]
pub(crate) struct MemoryLimitExceeded {
    pub(crate) kind: MemoryKind,
    pub(crate) requested: u64,
    pub(crate) limit: u64,
}
