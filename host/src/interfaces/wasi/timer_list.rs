//! The timers of one run.

use std::collections::BTreeMap;

use wasmtime::component::Resource;
use wasmtime_wasi::p2::Pollable;

/// In nanoseconds of the run's monotonic clock.
#[derive(Default)]
pub(crate) struct Timers {
    /// The parent of all timers, once there is one.
    pub(super) clock: Option<Resource<Clock>>,
    /// When each timer is due, by the number of its pollable.
    pub(super) due: BTreeMap<u32, u64>,
}

/// A pollable needs a parent that can be waited for. Timers are waited for here, so nobody waits for the parent.
pub(super) struct Clock;

#[async_trait::async_trait]
impl Pollable for Clock {
    async fn ready(&mut self) {
        std::future::pending().await
    }
}
