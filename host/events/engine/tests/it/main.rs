//! The engine through its public interface, on real files. The clock is the tests' own.

mod calls;
mod files;
mod lab;
mod outbox;
