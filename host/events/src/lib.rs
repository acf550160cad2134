//! The capability `events`: micro-apps tell each other what happened, and run later. All or nothing.
//!
//! [`Events`] offers `fractal:app/events-emit` and `fractal:app/events-schedule`, as every capability offers its
//! interfaces. The engine is `fractalaw-events-engine`. What a run emits, schedules and cancels takes effect after the
//! run's closing is in the ledger, if the closing says that the run completed. `README.md` has grants, error codes,
//! effects, and what a supervisor does.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

// From the ground up.
pub mod limits;
mod quotas;
mod tables;

mod deeds;
mod effect;
mod failure;
mod grant;

mod claims;
mod closings;
mod engine;

mod session;

mod events_emit;
mod events_schedule;

mod capability;

mod deliver;

mod described;

pub use capability::{Events, Subscriptions};
pub use closings::LedgerClosings;
pub use deliver::trigger;
pub use described::{EventSpec, Payload, TickSpec};
pub use failure::is_of_events;
