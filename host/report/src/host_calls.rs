//! The host calls of a guest.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::facts::{read_fields, write_fields};

/// All calls of one function in one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostCalls {
    /// The interface's full name, such as `wasi:io/streams@0.2.12`.
    pub interface: Cow<'static, str>,
    /// The function's name.
    pub function: Cow<'static, str>,
    /// The number of calls, including one that could not be paid.
    pub calls: u64,
    /// Bytes that the guest handed over or asked for.
    pub bytes_in: u64,
    /// Bytes that the guest was given.
    pub bytes_out: u64,
    /// The fuel that was charged.
    pub fuel: u64,
}

/// One host call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostCall {
    /// Its number among the run's host calls, from 1, without gaps.
    pub sequence: u64,
    /// The interface's full name.
    pub interface: Cow<'static, str>,
    /// The function's name.
    pub function: Cow<'static, str>,
    /// The fuel that was consumed when the call was made.
    pub at: u64,
    /// Bytes that the guest handed over or asked for.
    pub bytes_in: u64,
    /// Bytes that the guest was given.
    pub bytes_out: u64,
    /// The fuel that was charged. For the last call it may be less than the price: all that was left.
    pub fuel: u64,
    /// What its capability says of it, such as the text of a statement. The capability chooses the order.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        serialize_with = "write_fields",
        deserialize_with = "read_fields"
    )]
    pub facts: Vec<(String, Value)>,
}

/// The host calls of one run, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// The first calls.
    pub calls: Vec<HostCall>,
    /// How many more calls there were.
    pub dropped: u64,
}
