//! The interfaces of data, their functions and prices.

use fractalaw_host::capability::{Function, Price};

/// The interface that reads.
pub(crate) const QUERY: &str = "fractal:app/data-query";

/// The interface that changes.
pub(crate) const MUTATE: &str = "fractal:app/data-mutate";

/// The cost of a call besides what the engine charges for the statement. Handing it to another thread and back takes
/// up to 40 µs. A short query takes less, because it is made at once.
const CALL: Price = Price::new(20_000, 1);

pub(crate) static QUERY_FUNCTION: Function = Function {
    interface: "fractal:app/data-query@0.1.0",
    name: "query",
    price: CALL,
};

pub(crate) static INSERT_FUNCTION: Function = Function {
    interface: "fractal:app/data-mutate@0.1.0",
    name: "insert",
    price: CALL,
};

pub(crate) static EXECUTE_FUNCTION: Function = Function {
    interface: "fractal:app/data-mutate@0.1.0",
    name: "execute",
    price: CALL,
};
