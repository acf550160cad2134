//! From a component's bytes to code that is ready to run: the bytes are read, examined, judged, and compiled or
//! taken from the cache.

pub(crate) mod content;
pub(crate) mod facts;
pub(crate) mod header;
pub(crate) mod papers;
pub(crate) mod source;

pub(crate) mod compile_fit;
pub(crate) mod contract_fit;
pub(crate) mod crossing;
pub(crate) mod outline;

pub(crate) mod preflight;

pub(crate) mod examined;

pub(crate) mod cache;
pub(crate) mod compiled;
pub(crate) mod compiler;

pub(crate) mod loader;
pub(crate) mod micro_app;

pub(crate) mod reading;
