//! The supervisor of micro-apps: it runs them when something happens, for years.
//!
//! `README.md` says how to start it, what is exactly once, and what a power loss can lose. A program that offers
//! capabilities of its own is one line: `fractalaw_serve::main(offers)`.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

// From the ground up.
mod blocking;
pub mod limits;

pub mod clock;
pub mod config;

mod error;

mod folder;

mod components;
mod journal;
mod notes;
mod state;
mod trial;

mod apps;

mod status;

mod metrics;

pub mod desk;

mod awaited;

mod supervisor;

pub mod request;

mod answering;

mod control;
mod http;

mod program;

pub use answering::answer_from_files;
pub use apps::Shown;
pub use control::{Control, ask};
pub use error::ServeError;
pub use folder::Folder;
pub use http::Http;
pub use journal::{Ran, Said, Totals, told};
pub use program::main;
pub use status::{AppStatus, SetStatus, Status};
pub use supervisor::{Setup, Stopping, Supervisor};
