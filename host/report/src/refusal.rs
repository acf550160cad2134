//! Why a component is not run at all. This is decided before its first instruction.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use bytesize::ByteSize;
use fractalaw_contract::limits::{DECLARATIONS, TYPE_DEPTH};
use fractalaw_contract::slot_fit::Unfit;
use fractalaw_contract::type_depth::TooNested;
use fractalaw_contract::{Mismatch, MissingFunction, Proposal, RUN_TYPE};

use crate::grant::NotGranted;
use crate::limits::{COMPONENT_BYTES, MESSAGE_BYTES};
use crate::listed::{Listed, cut, quoted, short, shown};

/// The component, or the request to run it, is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The bytes are not a component.
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
        /// The size of the component in bytes.
        bytes: u64,
    },
    /// The component exceeds a limit of a slot or of the compiler.
    #[error("too large: {what}: {found}, expected at most {limit}")]
    OverSlot {
        /// What is too large, and its unit, such as `a memory (bytes)`.
        what: &'static str,
        /// What the component declares, in that unit.
        found: u64,
        /// The limit, in that unit.
        limit: u64,
    },
    /// It has more levels inside each other than people or tools make.
    #[error("nested too deep: {what} in each other, expected at most {limit} levels")]
    TooDeep {
        /// What is nested.
        what: &'static str,
        /// The most levels.
        limit: u32,
    },
    /// It is composed of parts, and the data that they hand to each other cannot be charged.
    #[error("what the parts of the component hand to each other cannot be charged: {message}")]
    UnmeteredCrossing {
        /// What prevents it.
        message: String,
    },
    /// The bytes begin like a component and are not valid.
    #[error("invalid component: {message}")]
    Invalid {
        /// What the validator said.
        message: String,
    },
    /// It uses WebAssembly proposals that this host leaves out.
    #[error("uses what this host leaves out: {}", names(used))]
    Proposal {
        /// The proposals.
        used: Vec<Proposal>,
    },
    /// It is valid, but exceeds a limit of the compiler that the host does not check.
    #[error("cannot be compiled: {message}")]
    NotCompiled {
        /// What the compiler said.
        message: String,
    },
    /// Compiling it takes longer than allowed.
    #[error("compiling took longer than {}", humantime::format_duration(*limit))]
    CompileTime {
        /// The time that was allowed.
        limit: Duration,
    },
    /// Other components were being compiled for as long as a load may wait.
    #[error("other components were being compiled for {}", humantime::format_duration(*limit))]
    CompilersBusy {
        /// The time that it waited.
        limit: Duration,
    },
    /// The parser or the compiler failed in a way that it should not. The host goes on.
    #[error("the compiler failed on this component")]
    CompilerFailed,
    /// The manifest section cannot be read.
    #[error("{message}")]
    Manifest {
        /// What is wrong with it.
        message: String,
    },
    /// The component imports interfaces that this host does not offer.
    #[error("not offered by this host: {}", quoted(interfaces))]
    InterfaceNotOffered {
        /// All missing imports, with the component's names and in its order.
        interfaces: Listed<String>,
        /// What the component's author can do, given what this host offers.
        hint: String,
    },
    /// The host offers the interfaces, but not some functions or resources that the component imports from them.
    #[error("not offered by this host: {}", shown(functions, one_of))]
    FunctionNotOffered {
        /// All that are missing, in the component's order.
        functions: Listed<MissingFunction>,
        /// What the component's author can do, given what this host offers.
        hint: String,
    },
    /// An imported function is offered with another type.
    #[error(
        "import `{}` of `{}` has another type than this host offers, expected `{}`",
        .mismatch.name, short(&.mismatch.interface), .mismatch.expected
    )]
    ImportMismatch {
        /// The function, and how its type differs.
        mismatch: Mismatch,
        /// What the component's author can do, given what this host offers.
        hint: String,
    },
    /// The component lacks the export `run`, or exports it with another type.
    #[error("export `run` is {found}, expected `{RUN_TYPE}`")]
    WrongExport {
        /// What the component exports instead.
        found: &'static str,
    },
    /// A file beside it pins another component.
    #[error("{message}")]
    NotAsLocked {
        /// What is pinned, and what was found.
        message: String,
        /// How to get what is pinned.
        hint: String,
    },
    /// The policy requires a signature that it does not have.
    #[error("{message}")]
    NotSigned {
        /// Whose signature is required, and what was found.
        message: String,
        /// How it gets the signature.
        hint: String,
    },
    /// It asks for more than it is granted: everything that is missing.
    #[error("{0}")]
    NotGranted(Box<NotGranted>),
    /// Too many runs are waiting for a slot.
    #[error("{waiting} runs wait for a slot already")]
    LineFull {
        /// The most runs that may wait.
        waiting: usize,
    },
    /// A refusal that was read from JSON, which has only the text of what the other variants have in fields. A
    /// host never returns it. [`NotGranted`](Refusal::NotGranted) is never read as this.
    #[error("{message}")]
    Recorded {
        /// The kind of the host's refusal.
        kind: String,
        /// The message of the refusal.
        message: String,
        /// What the reader can do about it.
        hint: String,
    },
}

impl From<TooNested> for Refusal {
    fn from(error: TooNested) -> Refusal {
        match error {
            TooNested::Malformed(error) => Refusal::invalid(error),
            TooNested::Deep => Refusal::TooDeep {
                what: "types",
                limit: TYPE_DEPTH,
            },
            TooNested::Many { found } => Refusal::OverSlot {
                what: "declarations",
                found,
                limit: DECLARATIONS as u64,
            },
        }
    }
}

impl From<Unfit> for Refusal {
    fn from(error: Unfit) -> Refusal {
        match error {
            Unfit::Large { what, found, limit } => Refusal::OverSlot { what, found, limit },
            Unfit::Deep { limit } => Refusal::TooDeep {
                what: "components",
                limit,
            },
            Unfit::Handed => Refusal::UnmeteredCrossing {
                message: error.to_string(),
            },
            Unfit::Malformed(error) => Refusal::invalid(error),
        }
    }
}

fn names(used: &[Proposal]) -> String {
    let names: Vec<_> = used.iter().map(|proposal| proposal.name()).collect();
    names.join(", ")
}

fn one_of(missing: &MissingFunction) -> String {
    format!(
        "`{}` of `{}`",
        short(&missing.name),
        short(&missing.interface)
    )
}

/// What can be made smaller.
fn hint_of_size(what: &str) -> &'static str {
    match what {
        "results of a function" => {
            "build it without the target feature `multivalue`: several results then go through memory"
        }
        "core instances"
        | "memories"
        | "tables"
        | "components in each other"
        | "instances of components"
        | "items copied for instances" => {
            "compose fewer parts into one component, or run them as micro-apps of their own"
        }
        "a memory (bytes)" | "a table (elements)" => {
            "declare less to begin with: no tier has more than that"
        }
        "loops in each other" | "values of a block" => {
            "simplify the function: compiling takes time that grows with the square of it"
        }
        what if what.starts_with("a function") => {
            "optimise for size (`opt-level = \"s\"`), or split the function"
        }
        _ => "build it in release mode with `strip = true`, or split it into several micro-apps",
    }
}

/// The beginning of the text, as much as a message quotes.
fn quote(said: impl fmt::Display) -> String {
    cut(&said.to_string(), MESSAGE_BYTES).to_owned()
}

impl Refusal {
    /// For an error of the parser.
    pub fn invalid(error: impl fmt::Display) -> Refusal {
        Refusal::Invalid {
            message: quote(error),
        }
    }

    /// For an error of the compiler.
    pub fn not_compiled(error: impl fmt::Display) -> Refusal {
        Refusal::NotCompiled {
            message: quote(error),
        }
    }

    /// For a manifest that cannot be read.
    pub fn manifest(error: impl fmt::Display) -> Refusal {
        Refusal::Manifest {
            message: quote(error),
        }
    }

    /// The name of the variant for programs.
    pub fn kind(&self) -> &str {
        match self {
            Refusal::NotAComponent { .. } => "not-a-component",
            Refusal::TooLarge { .. } => "too-large",
            Refusal::OverSlot { .. } => "over-slot",
            Refusal::TooDeep { .. } => "too-deep",
            Refusal::UnmeteredCrossing { .. } => "unmetered-crossing",
            Refusal::Invalid { .. } => "invalid",
            Refusal::Proposal { .. } => "proposal",
            Refusal::NotCompiled { .. } => "not-compiled",
            Refusal::CompileTime { .. } => "compile-time",
            Refusal::CompilersBusy { .. } => "compilers-busy",
            Refusal::CompilerFailed => "compiler-failed",
            Refusal::Manifest { .. } => "manifest",
            Refusal::InterfaceNotOffered { .. } => "interface-not-offered",
            Refusal::FunctionNotOffered { .. } => "function-not-offered",
            Refusal::ImportMismatch { .. } => "import-mismatch",
            Refusal::WrongExport { .. } => "wrong-export",
            Refusal::NotAsLocked { .. } => "not-as-locked",
            Refusal::NotSigned { .. } => "not-signed",
            Refusal::NotGranted(_) => "not-granted",
            Refusal::LineFull { .. } => "line-full",
            Refusal::Recorded { kind, .. } => kind,
        }
    }

    /// What the reader can do about it.
    pub fn hint(&self) -> Cow<'_, str> {
        match self {
            // One cause, one hint.
            Refusal::InterfaceNotOffered { hint, .. }
            | Refusal::FunctionNotOffered { hint, .. }
            | Refusal::ImportMismatch { hint, .. }
            | Refusal::NotAsLocked { hint, .. }
            | Refusal::NotSigned { hint, .. } => hint.into(),
            Refusal::Proposal { used } => {
                let first = used.first().map(|proposal| proposal.hint());
                first.unwrap_or_default().into()
            }
            Refusal::NotGranted(not_granted) if not_granted.is_kept_by_tools => format!(
                "{}; where a tool keeps imports that are not used, target the world `minimal` in `wit/`, and leave out \
                 WASI with `--stub-wasi` of componentize-py",
                self.fixed_hint()
            )
            .into(),
            Refusal::Recorded { hint, .. } => hint.into(),
            fixed => fixed.fixed_hint().into(),
        }
    }

    /// The hint, if it is the same for all refusals of this kind.
    fn fixed_hint(&self) -> &'static str {
        match self {
            Refusal::NotAComponent { .. } => {
                "build the guest with `cargo xtask build-guests` or `cargo build --target wasm32-wasip2`"
            }
            Refusal::UnmeteredCrossing { .. } => {
                "compose it with a tool that keeps each part's core modules inside of it, as `wac` does"
            }
            Refusal::TooLarge { .. } => {
                "build it in release mode with `strip = true`, or split it into several micro-apps"
            }
            Refusal::TooDeep { .. } => {
                "flatten it: let one refer to another by an index or an identifier in place of holding it"
            }
            Refusal::OverSlot { what, .. } => hint_of_size(what),
            Refusal::Invalid { .. } => {
                "the file may be damaged or made by newer tools: build it again"
            }
            Refusal::NotCompiled { .. } => {
                "split it into several micro-apps, or report it: see `.github/SECURITY.md`"
            }
            Refusal::CompileTime { .. } => {
                "raise `--compile-time` (`HostBuilder::compile_time`), or split it into several micro-apps"
            }
            Refusal::CompilersBusy { .. } => "load it again later",
            Refusal::CompilerFailed => "report it with the component: see `.github/SECURITY.md`",
            Refusal::Manifest { .. } => "build it again with the tools of this host's version",
            Refusal::InterfaceNotOffered { .. }
            | Refusal::FunctionNotOffered { .. }
            | Refusal::ImportMismatch { .. }
            | Refusal::NotAsLocked { .. }
            | Refusal::NotSigned { .. }
            | Refusal::Proposal { .. }
            | Refusal::Recorded { .. } => "",
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
