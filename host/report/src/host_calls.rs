//! What a guest called of its host.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// All calls of one function in one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostCalls {
    /// The interface's full name, such as `wasi:io/streams@0.2.12`.
    pub interface: Cow<'static, str>,
    /// The function's name in it.
    pub function: Cow<'static, str>,
    /// How many calls were made, one that could not be paid included.
    pub calls: u64,
    /// Bytes that the guest handed over, or asked for.
    pub bytes_in: u64,
    /// Bytes that it was given.
    pub bytes_out: u64,
    /// What it was charged, in units of fuel.
    pub fuel: u64,
}

/// One host call, in the order of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostCall {
    /// Place among the run's host calls, from 1, without gaps.
    pub sequence: u64,
    /// The interface's full name.
    pub interface: Cow<'static, str>,
    /// The function's name in it.
    pub function: Cow<'static, str>,
    /// The fuel consumed when it was made.
    pub at: u64,
    /// Bytes that the guest handed over, or asked for.
    pub bytes_in: u64,
    /// Bytes that it was given.
    pub bytes_out: u64,
    /// What it was charged, in units of fuel. The last one's may be less than its price: all that was left.
    pub fuel: u64,
}

/// The host calls of one run in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// The first ones.
    pub calls: Vec<HostCall>,
    /// How many more there were.
    pub dropped: u64,
}
