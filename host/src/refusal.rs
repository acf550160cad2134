//! Why a component is not run at all. Decided before its first instruction.

use std::time::Duration;

use bytesize::ByteSize;

use crate::compile_fit::RESULTS;
use crate::limits::{COMPONENT_BYTES, MESSAGE_BYTES};
use crate::listed::{Listed, cut, quoted};
use crate::policy::grant::NotGranted;

/// The component, or the request to run it, is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The bytes are not a component's.
    #[error("not a component: {found}, expected a WebAssembly component")]
    NotAComponent {
        /// What the bytes are instead.
        found: &'static str,
    },
    /// The file is larger than the host reads.
    #[error(
        "component of {} is too large, expected at most {}",
        ByteSize(*bytes), ByteSize(COMPONENT_BYTES as u64)
    )]
    TooLarge {
        /// Size of the component in bytes.
        bytes: u64,
    },
    /// It is larger in some respect than a slot of the pool or the compiler's bounds.
    #[error("too large: {what}: {found}, expected at most {limit}")]
    OverSlot {
        /// What is too large, and its unit, such as `a memory (bytes)`.
        what: &'static str,
        /// What it declares, in that unit.
        found: u64,
        /// What a slot of the pool holds.
        limit: u64,
    },
    /// It has more levels inside each other than anything that people or tools make.
    #[error("nested too deep: {what} in each other, expected at most {limit} levels")]
    TooDeep {
        /// What is nested.
        what: &'static str,
        /// The most levels.
        limit: u32,
    },
    /// It is composed of parts, and what they hand to each other cannot be charged.
    #[error("what the parts of the component hand to each other cannot be charged: {message}")]
    UnmeteredCrossing {
        /// What stands in the way.
        message: String,
    },
    /// The bytes begin like a component and then are not valid, or use what the engine leaves out.
    #[error("invalid component: {message}")]
    Invalid {
        /// What the validator or compiler said.
        message: String,
    },
    /// Compiling it takes longer than the host lets it.
    #[error("compiling took longer than {}", humantime::format_duration(*limit))]
    CompileTime {
        /// The time that it had.
        limit: Duration,
    },
    /// Others were being compiled for as long as the host lets one wait.
    #[error("other components were being compiled for {}", humantime::format_duration(*limit))]
    CompilersBusy {
        /// The time that it waited.
        limit: Duration,
    },
    /// The parser or the compiler gave up in a way that it should not. The host goes on.
    #[error("the compiler failed on this component")]
    CompilerFailed,
    /// The manifest section cannot be read.
    #[error("{message}")]
    Manifest {
        /// What is wrong with it.
        message: String,
    },
    /// The component imports what this host does not offer.
    #[error("not offered by this host: {}", quoted(interfaces))]
    InterfaceNotOffered {
        /// The imports as the component names them, all that are missing, in its own order.
        interfaces: Listed<String>,
    },
    /// An imported interface is offered, but the component expects other functions or types in it.
    #[error("an import has another type than this host offers: {message}")]
    ImportMismatch {
        /// What the linker said.
        message: String,
    },
    /// The component lacks the export `run` or exports it with another type.
    #[error("export `run` is {found}, expected `func() -> result<string, string>`")]
    WrongExport {
        /// What stands in its place.
        found: &'static str,
    },
    /// It asks for more than it is granted: all that is missing.
    #[error("{0}")]
    NotGranted(Box<NotGranted>),
    /// More runs wait for a slot than the host lets wait.
    #[error("{waiting} runs wait for a slot already")]
    LineFull {
        /// The bound on waiting runs.
        waiting: usize,
    },
}

impl Refusal {
    /// For what the parser cannot read.
    pub(crate) fn invalid(error: wasmparser::BinaryReaderError) -> Refusal {
        Refusal::invalid_because(&error.to_string())
    }

    /// For what the compiler cannot compile.
    pub(crate) fn invalid_because(message: &str) -> Refusal {
        Refusal::Invalid {
            message: cut(message, MESSAGE_BYTES).to_owned(),
        }
    }

    /// For a manifest that cannot be read.
    pub(crate) fn manifest(message: &str) -> Refusal {
        Refusal::Manifest {
            message: cut(message, MESSAGE_BYTES).to_owned(),
        }
    }

    /// The name of the variant, for programs.
    pub fn kind(&self) -> &'static str {
        match self {
            Refusal::NotAComponent { .. } => "not-a-component",
            Refusal::TooLarge { .. } => "too-large",
            Refusal::OverSlot { .. } => "over-slot",
            Refusal::TooDeep { .. } => "too-deep",
            Refusal::UnmeteredCrossing { .. } => "unmetered-crossing",
            Refusal::Invalid { .. } => "invalid",
            Refusal::CompileTime { .. } => "compile-time",
            Refusal::CompilersBusy { .. } => "compilers-busy",
            Refusal::CompilerFailed => "compiler-failed",
            Refusal::Manifest { .. } => "manifest",
            Refusal::InterfaceNotOffered { .. } => "interface-not-offered",
            Refusal::ImportMismatch { .. } => "import-mismatch",
            Refusal::WrongExport { .. } => "wrong-export",
            Refusal::NotGranted(_) => "not-granted",
            Refusal::LineFull { .. } => "line-full",
        }
    }

    /// What the reader can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Refusal::NotAComponent { .. } => {
                "build the guest with `cargo xtask build-guests` or `cargo build --target wasm32-wasip2`"
            }
            Refusal::OverSlot { what, .. } if *what == RESULTS => {
                "build it without the target feature `multivalue`: several results then go through memory"
            }
            Refusal::UnmeteredCrossing { .. } => {
                "compose it with a tool that keeps each part's core modules inside of it, as `wac` does"
            }
            Refusal::TooLarge { .. } | Refusal::OverSlot { .. } => {
                "build it in release mode with `strip = true`, or split it into several micro-apps"
            }
            Refusal::TooDeep { .. } => {
                "flatten it: let one refer to another by an index or an identifier in place of holding it"
            }
            Refusal::Invalid { .. } => {
                "the file may be damaged or made by newer tools: build it again"
            }
            Refusal::CompileTime { .. } => {
                "split it into several micro-apps, or raise `HostBuilder::compile_time`"
            }
            Refusal::CompilersBusy { .. } => "load it again later",
            Refusal::CompilerFailed => "report it with the component: see `.github/SECURITY.md`",
            Refusal::Manifest { .. } => "build it again with the tools of this host's version",
            Refusal::InterfaceNotOffered { .. } => {
                "this host offers `fractal:app/audit-log@0.1.0` and WASI 0.2"
            }
            Refusal::ImportMismatch { .. } => "build it against `fractal:app@0.1.0` in `wit/`",
            Refusal::WrongExport { .. } => {
                "target the world `fractal:app/micro-app@0.1.0` in `wit/`"
            }
            Refusal::NotGranted(_) => {
                "put the lines that you agree to into a policy file and run with `--policy FILE`, or give each after `--grant`"
            }
            Refusal::LineFull { .. } => "run fewer at once, or raise `HostBuilder::max_waiting`",
        }
    }
}
