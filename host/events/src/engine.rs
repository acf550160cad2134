//! The engine behind the capability, with the clock that it goes by.

use std::sync::Arc;

use fractalaw_events_engine::{Engine, Time};

use crate::claims::Claims;

/// What delivers events. Clones share it.
#[derive(Clone)]
pub(crate) struct Delivering {
    pub(crate) engine: Engine,
    clock: Arc<dyn Fn() -> Time + Send + Sync>,
    pub(crate) claims: Arc<Claims>,
}

impl Delivering {
    pub(crate) fn new(
        engine: Engine,
        clock: impl Fn() -> Time + Send + Sync + 'static,
    ) -> Delivering {
        Delivering {
            engine,
            clock: Arc::new(clock),
            claims: Arc::default(),
        }
    }

    pub(crate) fn now(&self) -> Time {
        (self.clock)()
    }
}
