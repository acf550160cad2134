//! Events and schedules for micro-apps, in one SQLite file: `events.db`.
//!
//! A [`Run`] stages what it emits and schedules. It takes effect if the ledger's closing says that the run completed.
//! An event becomes one delivery for each app that is subscribed. A supervisor claims deliveries from the [`Engine`],
//! and runs them:
//!
//! ```
//! use fractalaw_events_engine::*;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("events.db");
//! let apps = Apps::default()
//!     .with("watch", App::new(1).on("data-ingested"))
//!     .with("analyse", App::new(4).on("duty-changed"));
//! let now = Time::from_unix_s(1_772_366_400); // the caller has the clock
//! let engine = Engine::open(&path, "ledger-1", apps, &mut NoClosings, now)?;
//!
//! let event = Outside {
//!     id: EventId(RunId(1).made(1)),
//!     event_type: "data-ingested".to_owned(),
//!     source: "import".to_owned(),
//!     payload: b"42 rows".to_vec(),
//! };
//! assert_eq!(engine.accept(event)?, Ok(Accepted::New(1)));
//!
//! let claim = engine.claim(now, 1)?.remove(0);
//! // The ledger's opening gives the number of the run, here 2.
//! let allowed = Allowed { emits: Granted::names(&["duty-changed"]), ..Allowed::default() };
//! let (mut run, delivery) = claim.start(RunId(2), allowed, now)?; // on disk
//! assert_eq!(delivery.payload, b"42 rows");
//! run.emit("duty-changed", "watch", b"duty 7".to_vec())?;
//! run.prepare(true)?; // on disk
//! // Now the closing is written to the ledger.
//! run.settle(Ending::Completed, "completed", now)?;
//!
//! assert_eq!(engine.claim(now, 1)?[0].delivery().key(), "event:131073:analyse");
//! # Ok(())
//! # }
//! ```
//!
//! This crate knows nothing of WebAssembly, and reads no clock. `README.md` has the tables, the states of a delivery, and
//! what is exactly once.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

// From the ground up. What knows no file:
mod date;
mod ids;
pub mod limits;
mod refusal;

mod time;

mod names;
mod next;
mod retry;
mod step;

mod allowed;
mod apps;
mod cron;
mod delivery;
mod message;

// Pure rules over state: what runs next, and how much room is left.
mod queue;
mod room;

mod membership;

// The file:
mod error;
mod schema;

mod database;
mod ledger;

mod store;

mod writer;

// What callers use:
mod engine;

mod run;

// What another process uses beside the engine:
mod exchange;

pub use allowed::{Allowed, Granted, Quotas, Task};
pub use apps::{App, Apps};
pub use cron::Schedule;
pub use delivery::{Delivery, Inside, Standing, State, TaskStanding, Trigger};
pub use engine::{Accepted, Claim, Engine, Outside};
pub use error::{EngineError, LedgerFailure};
pub use exchange::incoming::{Arrival, Held, Put};
pub use exchange::outgoing::Outgoing;
pub use exchange::{Exchange, Session};
pub use ids::{DeliveryId, EventId, RunId, TaskId};
pub use ledger::{Closings, NoClosings};
pub use membership::{InSet, Member};
pub use message::{Kind, Message};
pub use names::{check_name, check_type};
pub use next::Next;
pub use refusal::{Code, EventError};
pub use retry::Ending;
pub use room::Backlog;
pub use run::Run;
pub use step::{Emitted, Place, Scheduled, Step};
pub use time::Time;
