//! The costs of WebAssembly's instructions.

use wasmtime::OperatorCost;

/// The cost of each instruction in units of fuel, as the host's engine is given it.
pub fn table() -> OperatorCost {
    OperatorCost::default()
}
