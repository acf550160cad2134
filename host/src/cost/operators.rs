//! The costs of WebAssembly's instructions.

use wasmtime::OperatorCost;

/// The table in force.
pub const TABLE: OperatorCost = table();

const fn table() -> OperatorCost {
    OperatorCost::new()
}
