//! Events through the real host: real components, the real engine and ledger, and a clock that the test sets.

mod alone;
mod delivered;
mod guests;
mod lab;
