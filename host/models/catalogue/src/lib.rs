//! The list of models `models.toml`: which models there are, where they are, and what is known of each.
//!
//! A host reads it to ask models, and the program `fractalaw-models` reads it to run them. The page of that program,
//! `host/models/README.md`, describes the format. Nothing here asks a server or runs a model.
//! How a list is replaced, [`whole_file`], serves hosts for recorded answers too.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

// From the ground up.
pub mod digest;
pub mod fault;
pub mod limits;
pub mod whole_file;

mod address;
mod nearest;

mod model;

mod keys;

mod section;

mod catalogue;

mod added;
mod files;

pub use added::{NewModel, add};
pub use address::{Address, EXPECTED, Place};
pub use catalogue::{Catalogue, FILE};
pub use fault::Fault;
pub use files::read as read_file;
pub use files::verify;
pub use model::{Engine, EngineName, File, Kind, KindName, Model, Price, Unknown};
pub use nearest::nearest;

#[cfg(test)]
mod tests;
