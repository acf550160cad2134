//! The interfaces of events, their functions and prices.
//!
//! A call is cheap by itself. What it stages is written to disk when the run completes: once when it is prepared, and
//! again as deliveries when it takes effect. The call pays for all of it, whoever listens.

use fractalaw_host::capability::{Function, Price};

/// An event.
const EMIT: Price = Price::new(100_000, 20);

/// A task. Its expression is read, and its first time is searched.
const SCHEDULE: Price = Price::new(150_000, 20);

/// A cancellation. The owner of the task is looked up on the thread that writes.
const CANCEL: Price = Price::new(100_000, 1);

pub(crate) static EMIT_FUNCTION: Function = Function {
    interface: "fractal:app/events-emit@0.1.0",
    name: "emit",
    price: EMIT,
};

pub(crate) static SCHEDULE_FUNCTION: Function = Function {
    interface: "fractal:app/events-schedule@0.1.0",
    name: "schedule",
    price: SCHEDULE,
};

pub(crate) static CANCEL_FUNCTION: Function = Function {
    interface: "fractal:app/events-schedule@0.1.0",
    name: "cancel",
    price: CANCEL,
};
