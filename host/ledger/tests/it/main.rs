//! The ledger through its public interface: real files, real processes, real kills.

mod appenders;
mod child;
mod displaced;
mod displaced_rounds;
mod encoding;
mod faults;
mod fields;
mod file_bytes;
mod formats;
mod keys;
mod killed;
mod lab;
mod tampering;
