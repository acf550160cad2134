//! Data for micro-apps in any database that has an ADBC driver: DuckDB, PostgreSQL, a Flight SQL server, and others.
//!
//! A [`Store`] is one database. A [`Run`] is one run's use of it: `query`, `execute` and `insert`, under a [`Budget`]. What
//! guests are told has the same codes as with the SQLite engine, `fractalaw-data`.
//!
//! # The driver is loaded by a program of its own
//!
//! A driver is a shared library in C, C++ or Go. Loaded into the host, it could end the host: with a fault in its memory, with
//! `abort` where memory is short, with an exception that nobody catches. It could hang in a call that no deadline ends,
//! because a thread cannot be ended from outside; not every driver can cancel (SQLite's cannot). Its threads and signal
//! handlers would be the host's, and every other run's memory would be within its reach. "The host never dies of a guest" would
//! rest on the worst driver that somebody configures.
//!
//! So `fractalaw-adbc` loads it, a program that the host starts, one for each database. If that dies, or is ended because a
//! statement did not stop when it should, its runs get the error [`Code::Engine`] or their stop, the database rolls back what
//! they did, and the next run starts it again. The host links no loader of libraries, no `unsafe` and no Arrow for this, and
//! whoever uses no driver compiles none of it. One query pays for this with one way through a socket and back; `ADBC.md` has
//! the figures.
//!
//! It is one program for all runs of a database and not one for each, because DuckDB's files belong to one process at a time.

#![deny(missing_docs)]
#![forbid(unsafe_code)]
#![cfg(unix)]

// From the ground up.
pub mod limits;

mod error;
mod price;

mod budget;
mod engine;
mod secrets;

pub mod protocol;
mod statement;

mod settings;

mod program;

mod database;
mod link;

mod run;

mod store;

pub use budget::{Budget, Unlimited};
pub use engine::{Ingest, Traits};
pub use error::{CallError, Code, EndError, Failure, OpenError, Quota, SettingsError, Stop};
pub use run::{Access, Ended, Run, Used};
pub use settings::{Settings, refuse_tables};
pub use store::{Store, beside_the_host};
