//! Runs micro-apps: WebAssembly components of the world `fractal:app/micro-app@0.1.0`, each run in
//! a fresh instance with a fuel budget, a deadline, a memory cap and nothing it was not given.
//!
//! Three objects carry the story. The [`Host`] (engine, linker, ticker, cache) is made once. A
//! [`MicroApp`] (a component compiled and pre-linked) is made once for each component. A [`Run`]
//! (limits and grants) says how to run it, and a [`Report`] says what happened:
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
//! For an embedder in a hurry, [`run_component`] does all three:
//!
//! ```no_run
//! # fn main() -> Result<(), fractalaw_host::HostError> {
//! let report = fractalaw_host::run_component("target/guests/hello-world.wasm")?;
//! assert_eq!(report.outcome.kind(), "completed");
//! # Ok(())
//! # }
//! ```
//!
//! What a component does cannot fail the host: it is an [`Outcome`]. A [`HostError`] means that
//! the host itself could not do its work.

#![deny(unsafe_code)]
#![warn(missing_docs)]

// In reading order. What everything is held to:
mod cost;
mod crossing;
mod limits;

// The three objects:
mod host;
mod micro_app;
mod run;

// From a component's bytes to code, and to a slot to run it in:
mod cache;
mod compile_fit;
mod compiled;
mod compiler;
mod component_source;
mod contract_fit;
mod engine;
mod loader;
mod outline;
mod preflight;
mod reading;
mod regular_file;
mod slot_fit;
mod slots;
mod ticker;

// What a guest reaches, and what it is given there:
mod bindings;
mod capture;
mod determinism;
mod file_threads;
mod folder;
mod granted;
mod grants;
mod host_memory;
mod interfaces;
mod limiter;
mod meter;
mod owed;
mod own_files;
mod panics;
mod policy;
mod recorder;
mod until;

// What is said of it afterwards:
mod cause;
mod error;
mod inspect;
mod ledger;
mod listed;
mod outcome;
mod profile;
mod refusal;
mod report;
mod trap;

pub use cache::CodeCache;
pub use capture::Captured;
pub use cost::COST_MODEL;
pub use cost::operators::TABLE as OPERATOR_COSTS;
pub use error::{HostError, LoadError};
pub use fractalaw_contract::{Mismatch, MissingFunction, Proposal};
pub use fractalaw_ledger::{Durability, LedgerError, survive_file_limit};
pub use fractalaw_manifest::{
    BadName, DirAsk, Manifest, Quotas, Tier, guest_path, standard_output, terminal,
};
pub use grants::{DirGrant, Grants};
pub use host::{Host, HostBuilder, run_component};
pub use inspect::{INSPECTION_VERSION, Inspection, Verdict};
pub use interfaces::audit_log::AuditEntry;
pub use limits::{
    AUDIT_BYTES, AUDIT_ENTRIES, AUDIT_ENTRY_BYTES, AppliedLimits, CLOCK_MAX, COMPILE_TIME,
    COMPONENT_BYTES, HANDLES, HOST_BYTES, HOST_CALL_BYTES, HOST_CALLS, HOST_MEMORY_BYTES, Limits,
    MAX_SLOTS, OUTPUT_BYTES, PROFILE_NODES, QuotaLimits, SLOT_MEMORY_BYTES, STDIN_BYTES,
    TRACE_CALLS,
};
pub use listed::Listed;
pub use meter::{HostCall, HostCalls, Trace};
pub use micro_app::{App, Code, MicroApp};
pub use outcome::{Certainty, MemoryKind, Outcome, Quota};
pub use policy::grant::{By, Decision, Granted, Item, Missing, NotGranted};
pub use policy::{Policy, PolicyError, PolicyId, Section};
pub use profile::{Difference, FunctionFuel, PROFILE_VERSION, Profile, ProfileError, ProfiledApp};
pub use recorder::ProfileNode;
pub use refusal::Refusal;
pub use report::{Durations, Fuel, JSON_VERSION, Memory, Report};
pub use run::Run;
pub use trap::{During, Trap, TrapCode};
