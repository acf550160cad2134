//! Traps: what kind, and where in the guest.

use std::fmt;

use fractalaw_contract::function_name;
use fractalaw_instrument::CROSSING;
use wasmtime::{Trap as WasmtimeTrap, WasmBacktrace};

use crate::error::LoadError;
use crate::limits::BACKTRACE_FRAMES;
use crate::load::reading::on_its_stack;
use crate::run::panics::HostPanicked;

/// A trap that is no outcome of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trap {
    /// What kind.
    pub code: TrapCode,
    /// What happened, for a person.
    pub message: String,
    /// What the guest was doing.
    pub during: During,
}

/// What a guest was doing when it trapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum During {
    /// Being instantiated: a start function, or an initialiser.
    Instantiation,
    /// Executing `run`, or what it leaves to be done after its result was read.
    Run,
    /// Nothing any more: what `run` returned could not be read.
    Result,
}

impl During {
    /// The name used in reports.
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
        /// The status it gave.
        status: i32,
    },
    /// What crossed between guest and host did not fit the types, such as text that is not UTF-8.
    Boundary,
    /// A host function panicked: a flaw of the host's, which the guest only came upon.
    HostPanicked,
    /// One that Wasmtime knows and this list does not.
    Other,
}

impl TrapCode {
    /// The name used in reports.
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

impl Trap {
    pub(crate) fn from_wasmtime(trap: WasmtimeTrap) -> Trap {
        let code = match trap {
            WasmtimeTrap::UnreachableCodeReached => TrapCode::Unreachable,
            WasmtimeTrap::MemoryOutOfBounds => TrapCode::MemoryOutOfBounds,
            WasmtimeTrap::TableOutOfBounds => TrapCode::TableOutOfBounds,
            WasmtimeTrap::IndirectCallToNull => TrapCode::IndirectCallToNull,
            WasmtimeTrap::BadSignature => TrapCode::BadSignature,
            WasmtimeTrap::IntegerOverflow => TrapCode::IntegerOverflow,
            WasmtimeTrap::IntegerDivisionByZero => TrapCode::IntegerDivisionByZero,
            WasmtimeTrap::BadConversionToInteger => TrapCode::BadConversionToInteger,
            _ => TrapCode::Other,
        };
        let message = trap.to_string();
        let message = message
            .strip_prefix("wasm trap: ")
            .unwrap_or(&message)
            .to_owned();
        Trap::new(code, message)
    }

    fn new(code: TrapCode, message: String) -> Trap {
        let during = During::Run;
        Trap {
            code,
            message,
            during,
        }
    }

    /// Of the error that it is from: outside of a call that guest code made, there is no backtrace.
    pub(crate) fn during(self, instantiated: bool, error: &wasmtime::Error) -> Trap {
        let in_guest = error.downcast_ref::<WasmBacktrace>().is_some();
        let during = match self.code {
            _ if !instantiated => During::Instantiation,
            TrapCode::Boundary if !in_guest => During::Result,
            _ => During::Run,
        };
        Trap { during, ..self }
    }

    pub(crate) fn exit(status: i32) -> Trap {
        Trap::new(
            TrapCode::Exit { status },
            format!("the guest called exit with status {status} instead of returning"),
        )
    }

    pub(crate) fn host_panicked(panic: &HostPanicked) -> Trap {
        Trap::new(TrapCode::HostPanicked, panic.to_string())
    }

    pub(crate) fn boundary(error: &wasmtime::Error) -> Trap {
        Trap::new(TrapCode::Boundary, error.root_cause().to_string())
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

/// Whether a part of a composed component was asked for more room than may be paid for: the name is only that of
/// functions that `fractalaw_instrument` put there.
pub(crate) fn is_too_much_crossing(error: &wasmtime::Error) -> bool {
    let innermost = error
        .downcast_ref::<WasmBacktrace>()
        .and_then(|backtrace| backtrace.frames().first()?.func_name());
    innermost == Some(CROSSING)
        && matches!(
            error.downcast_ref::<WasmtimeTrap>(),
            Some(WasmtimeTrap::UnreachableCodeReached)
        )
}

/// The guest's functions at the trap, innermost first, with readable names.
pub(crate) fn backtrace(error: &wasmtime::Error) -> Vec<String> {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else {
        return Vec::new();
    };
    let name = |frame: &wasmtime::FrameInfo| match frame.func_name() {
        Some(name) => function_name::readable(name),
        None => format!("function {}", frame.func_index()),
    };
    let frames = backtrace.frames().iter().take(BACKTRACE_FRAMES);
    // Names are read by recursion, and whoever polls the run may have a small stack.
    let names = on_its_stack(|| Ok::<_, LoadError>(frames.clone().map(name).collect()));
    names.unwrap_or_else(|_| {
        let index = |frame: &wasmtime::FrameInfo| format!("function {}", frame.func_index());
        frames.map(index).collect()
    })
}
