//! What a run holds of the host: the state of its store, what it is charged, and what bounds it.

pub(crate) mod capture;
pub(crate) mod charge;
pub(crate) mod deadline;
pub(crate) mod determinism;
pub(crate) mod file_threads;
pub(crate) mod folder;
pub(crate) mod host_memory;
pub(crate) mod limiter;
pub(crate) mod meter;
pub(crate) mod owed;
pub(crate) mod payload;
pub(crate) mod quota;
pub(crate) mod state;
