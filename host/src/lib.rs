//! Runs micro-apps: WebAssembly components of the world `fractal:app/micro-app@0.1.0`. Each run gets a fresh
//! instance with a fuel budget, a deadline and a memory cap, and nothing that it was not granted.
//!
//! A [`Host`] (engine, linker, ticker, cache) is made once. A [`MicroApp`] (a component, compiled and pre-linked)
//! is made once for each component. A [`Run`] (limits and grants) says how to run it, and a [`Report`] says what
//! happened:
//!
//! ```no_run
//! use fractalaw_host::{Host, Run, Tier};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let host = Host::builder().slots(16).build()?;
//! let app = host.load_file("target/guests/hello-world.wasm")?;
//! for name in ["Ada", "Grace"] {
//!     let run = Run::new().tier(Tier::Lightweight).arg(name).deterministic();
//!     let report = host.run(&app, &run).await?;
//!     println!("{}", report.text());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`run_component`] does all of this in one call:
//!
//! ```no_run
//! # fn main() -> Result<(), fractalaw_host::HostError> {
//! let report = fractalaw_host::run_component("target/guests/hello-world.wasm")?;
//! assert_eq!(report.outcome.kind(), "completed");
//! # Ok(())
//! # }
//! ```
//!
//! Whatever a component does is an [`Outcome`], and never an error of the host. A [`HostError`] means that the
//! host itself could not do its work.

#![deny(unsafe_code)]
#![warn(missing_docs)]

// From the ground up: a module uses only modules that are listed before it.
mod blocking;
mod cause;
mod digest;
mod error;
mod inputs;
mod limits;
mod open_files;
mod panics;
mod regular_file;

mod bindings;
mod cost;
mod engine;
mod ledger;
mod recorder;

// What guests reach, and what a run holds of the host:
mod offer;

mod interfaces;

mod policy;

// From a component's bytes to code, and from code to a report:
mod load;
mod run;

mod inspect;
mod profile;

mod host;

/// For embedders: offering interfaces of their own to guests.
pub mod capability {
    pub use fractalaw_contract::{Interface, Wit};
    pub use wasmtime;

    pub use crate::cost::host_calls::{Function, Price};
    pub use crate::ledger::verdicts::{Verdict, Verdicts};
    pub use crate::offer::account::Account;
    pub use crate::offer::capability::{Capability, Granted, Offers};
    pub use crate::offer::file_threads::Threads;
    pub use crate::offer::linker::{AsyncFunction, PricedLinker};
    pub use crate::offer::offered::Offer;
    pub use crate::offer::payload::Payload;
    pub use crate::offer::quota::exceeds;
    pub use crate::offer::session::{Ended, Session};
    pub use crate::offer::starting::{GrantedName, Starting};
    pub use crate::offer::state::RunState;
    pub use crate::offer::table::{GrantKey, Table};
}

pub use cost::operators::TABLE as OPERATOR_COSTS;
pub use engine::Reuse;
pub use error::{HostError, LoadError, PolicyError};
pub use fractalaw_contract::{Mismatch, MissingFunction, Proposal};
pub use fractalaw_ledger::{
    Accepted, Cause, Dead, Deeds, Durability, Hash, LedgerError, Missed, Note, Swapped, Trigger,
    survive_file_limit,
};
pub use fractalaw_manifest::{
    BadKey, BadName, DirAsk, Known, Manifest, Quotas, Tier, check_given_env, guest_path,
    standard_output, terminal,
};
pub use fractalaw_provenance::Signatures;
// A run as data, exported again so that an embedder needs only this crate.
pub use fractalaw_report::{
    App, AppliedLimits, AuditEntry, By, COST_MODEL, Captured, Certainty, Coverage, Decision,
    Durations, During, Effect, Fuel, FunctionFuel, Granted, HostCall, HostCalls, Item,
    JSON_VERSION, Limits, Listed, Memory, MemoryKind, Missing, NotGranted, Outcome,
    PROFILE_VERSION, PartFuel, PolicyId, Profile, ProfileNode, Quota, QuotaLimit, QuotaLimits,
    Refusal, Report, ReportError, Settled, Trace, Trap, TrapCode,
};
pub use host::builder::HostBuilder;
pub use host::given::Given;
pub use host::{Host, Judged, run_component};
pub use inputs::{DirGrant, Grants};
pub use inspect::{INSPECTION_VERSION, Inspection, Part, Verdict};
pub use limits::{
    AUDIT_BYTES, AUDIT_ENTRIES, AUDIT_ENTRY_BYTES, CLOCK_MAX, COMPILE_TIME, COMPILE_TIME_PER_MIB,
    COMPONENT_BYTES, HANDLES, HOST_BYTES, HOST_CALL_BYTES, HOST_CALLS, HOST_MEMORY_BYTES,
    MAX_SLOTS, OUTPUT_BYTES, PROFILE_NODES, SLOT_MEMORY_BYTES, STDIN_BYTES, TABLE as LIMITS,
    TRACE_CALLS,
};
pub use load::cache::CodeCache;
pub use load::micro_app::{Code, MicroApp};
pub use open_files::raise_open_files;
pub use policy::{Policy, Section};
pub use profile::{Difference, ProfileError, ProfiledApp};
pub use regular_file::open as open_regular_file;
pub use run::Run;
