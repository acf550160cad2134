//! The library beside others' implementations: Arrow's own crates read what it writes and write what it reads, and SQLite
//! reads the SQL that it quotes.

mod malformed;
mod mismatches;
mod native;
mod quoting;
mod reading;
mod streams;
mod writing;
