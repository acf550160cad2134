//! The exact model: embeddings from a table that is part of the host.
//!
//! It adds integers from the table, one row for each token. So it gives the same bits on every machine, in every
//! build. `table/README.md` says where the table comes from and how good it is.

// From the ground up.
mod table;

mod characters;
mod tokens;

mod vector;

pub(crate) use table::{digest, table};
pub(crate) use tokens::Tokens;
pub(crate) use vector::{Sum, cosine};

#[cfg(test)]
mod tests;

/// The model's name in policies, recordings and reports.
pub(crate) const NAME: &str = "static";
