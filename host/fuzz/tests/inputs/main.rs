//! The targets on the stable toolchain: their corpus, their seeds, a sample of mutations, and what is too much.

mod bombs;
mod corpus;
mod malformed;
mod nestings;
