//! What a host offers to guests, and what a run holds of the host: its state, what it is charged, and its limits.

pub(crate) mod deadline;
pub(crate) mod quota;

pub(crate) mod account;
pub(crate) mod determinism;
pub(crate) mod file_threads;
pub(crate) mod folder;
pub(crate) mod limiter;
pub(crate) mod meter;
pub(crate) mod payload;
pub(crate) mod session;
pub(crate) mod starting;
pub(crate) mod table;

pub(crate) mod state;

pub(crate) mod charge;

pub(crate) mod linker;

pub(crate) mod capability;

pub(crate) mod offered;
