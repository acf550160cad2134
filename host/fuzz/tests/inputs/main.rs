//! The targets on the stable toolchain: their corpus, their seeds, a sample of mutations, and inputs over the
//! limits.

mod bombs;
mod corpus;
mod malformed;
mod nestings;
mod programs;
