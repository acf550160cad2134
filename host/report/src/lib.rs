//! A run as data: its limits and grants, how it ended, what it did and what it cost. It can be written as text
//! for people, and as JSON for programs.
//!
//! The host makes [`Report`]s and [`Profile`]s. A program that only reads them needs this crate and not the host.
//! Nothing here compiles or runs a component.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

// From the ground up: a module uses only modules that are listed before it.
mod app;
mod audit;
mod captured;
mod coverage;
mod facts;
mod fuel;
mod host_calls;
mod quota;
mod unmetered;

pub mod limits;
mod listed;

mod grant;
mod refusal;
mod trap;

mod outcome;

mod effect;

mod report;

mod json;
mod text;

mod profile;

mod difference;

pub use app::App;
pub use audit::AuditEntry;
pub use captured::Captured;
pub use coverage::{Coverage, ModuleCoverage};
pub use difference::{
    Change, Difference, FuelDifference, FunctionMoved, FunctionsUsed, ListChange, Used,
};
pub use effect::{Effect, Settled};
// Types that a refusal contains.
pub use fractalaw_contract::{Mismatch, MissingFunction, Proposal};
pub use fuel::{COST_MODEL, Certainty, Fuel};
pub use grant::{By, Decision, Granted, Item, Missing, NotGranted, PolicyId};
pub use host_calls::{HostCall, HostCalls, Trace};
pub use json::{JSON_VERSION, ReportError};
pub use limits::{AppliedLimits, Limits, QuotaLimit, QuotaLimits};
pub use listed::{Listed, cut};
pub use outcome::{MemoryKind, Outcome};
pub use profile::{FunctionFuel, OUTSIDE, PROFILE_VERSION, PartFuel, Profile, ProfileNode};
pub use quota::Quota;
pub use refusal::Refusal;
pub use report::{Durations, Memory, Report};
pub use text::grouped;
pub use trap::{During, Trap, TrapCode};
pub use unmetered::Unmetered;
