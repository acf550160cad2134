//! Traps: which kind, and what the guest was doing.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A trap that has no outcome of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trap {
    /// The kind.
    pub code: TrapCode,
    /// A message for people.
    pub message: String,
    /// What the guest was doing.
    pub during: During,
}

/// What a guest was doing when it trapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum During {
    /// It was being instantiated: a start function or an initialiser ran.
    Instantiation,
    /// It executed `run`, or the `post-return` after its result was read.
    Run,
    /// It had returned, but the result of `run` could not be read.
    Result,
}

impl During {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            During::Instantiation => "instantiation",
            During::Run => "run",
            During::Result => "result",
        }
    }
}

/// The kind of a trap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrapCode {
    /// The `unreachable` instruction: in Rust, a panic or an abort.
    Unreachable,
    /// A memory access out of bounds.
    MemoryOutOfBounds,
    /// A table access out of bounds.
    TableOutOfBounds,
    /// An indirect call to an empty table element.
    IndirectCallToNull,
    /// An indirect call to a function of another type.
    BadSignature,
    /// An integer overflow in a division or conversion.
    IntegerOverflow,
    /// An integer division by zero.
    IntegerDivisionByZero,
    /// A floating-point number that no integer can hold.
    BadConversionToInteger,
    /// The guest ended itself through `wasi:cli/exit` instead of returning.
    Exit {
        /// The status that it gave.
        status: i32,
    },
    /// A value that crossed between guest and host did not fit its type, such as text that is not UTF-8.
    Boundary,
    /// A host function panicked. The fault is the host's, not the guest's.
    HostPanicked,
    /// A trap of Wasmtime that is not in this list.
    Other,
}

impl TrapCode {
    /// All codes except [`Exit`](TrapCode::Exit), which has a status.
    const WITHOUT_STATUS: [TrapCode; 11] = [
        TrapCode::Unreachable,
        TrapCode::MemoryOutOfBounds,
        TrapCode::TableOutOfBounds,
        TrapCode::IndirectCallToNull,
        TrapCode::BadSignature,
        TrapCode::IntegerOverflow,
        TrapCode::IntegerDivisionByZero,
        TrapCode::BadConversionToInteger,
        TrapCode::Boundary,
        TrapCode::HostPanicked,
        TrapCode::Other,
    ];

    /// The code with this name in reports, with the status of an exit.
    pub(crate) fn named(name: &str, status: Option<i32>) -> Option<TrapCode> {
        let exit = status.map(|status| TrapCode::Exit { status });
        let all = TrapCode::WITHOUT_STATUS.into_iter().chain(exit);
        all.into_iter().find(|code| code.name() == name)
    }

    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            TrapCode::Unreachable => "unreachable",
            TrapCode::MemoryOutOfBounds => "memory-out-of-bounds",
            TrapCode::TableOutOfBounds => "table-out-of-bounds",
            TrapCode::IndirectCallToNull => "indirect-call-to-null",
            TrapCode::BadSignature => "bad-signature",
            TrapCode::IntegerOverflow => "integer-overflow",
            TrapCode::IntegerDivisionByZero => "integer-division-by-zero",
            TrapCode::BadConversionToInteger => "bad-conversion-to-integer",
            TrapCode::Exit { .. } => "exit",
            TrapCode::Boundary => "boundary",
            TrapCode::HostPanicked => "host-panicked",
            TrapCode::Other => "other",
        }
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.during {
            During::Instantiation => write!(f, "trap in instantiation: {}", self.message),
            During::Run => write!(f, "trap: {}", self.message),
            During::Result => write!(f, "trap in the result of `run`: {}", self.message),
        }
    }
}
