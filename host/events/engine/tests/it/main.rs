//! The engine through its public interface, on real files. The clock is the tests' own.

mod calls;
mod deliveries;
mod failures;
mod files;
mod kills;
mod lab;
mod lists;
mod model;
mod order;
mod outbox;
mod schedules;
mod set;
mod storms;
