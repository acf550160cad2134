//! Data for micro-apps in any database that has an ADBC driver: DuckDB, PostgreSQL, a Flight SQL server, and
//! others.
//!
//! A [`Store`] is one database. A [`Run`] is one run's use of it: `query`, `execute` and `insert`, under a
//! [`Budget`]. Guests get the same error codes as from the SQLite engine, `fractalaw-sqlite`.
//!
//! # A program of its own loads the driver
//!
//! A driver is a shared library in C, C++ or Go. If the host loaded it, the driver could end the host: with a
//! memory fault, with `abort` when memory is short, or with an exception that nobody catches. It could hang in a
//! call that no deadline ends, because a thread cannot be ended from outside, and some drivers cannot cancel
//! (SQLite's cannot). Its threads and signal handlers would belong to the host, and it could reach the memory of
//! every other run. The promise that no guest can end the host would depend on the worst driver that somebody
//! configures.
//!
//! So another program, `fractalaw-adbc`, loads the driver. The host starts one such program for each database.
//! The program may die, or the host may kill it because a statement does not stop. Then its runs get the error
//! [`Code::Engine`] or their own stop, the database rolls back what they did, and the next run starts the program
//! again. The host needs no loader for libraries, no `unsafe` and no Arrow for this. A host without drivers
//! compiles none of it. The cost is one round trip through a socket for each call.
//!
//! All runs of a database share one program, because only one process at a time can open a DuckDB file.

#![deny(missing_docs)]
#![forbid(unsafe_code)]
#![cfg(unix)]

// From the ground up.
pub mod limits;

mod error;
mod price;

mod engine;
mod secrets;

pub mod protocol;
mod statement;

mod settings;

mod address;

mod program;

mod database;
mod link;

mod run;

mod store;

pub use engine::{Ingest, Traits};
pub use error::{EndError, OpenError, SettingsError};
pub use fractalaw_data_call::{Budget, CallError, Code, Failure, Quota, Stop, Unlimited};
pub use run::{Access, Ended, Run, Used};
pub use settings::Settings;
pub use store::{Store, beside_the_host};
