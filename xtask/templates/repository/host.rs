//! What our own host offers to micro-apps beside the contract: one module for each capability.

mod weather;

use std::sync::Arc;

use fractalaw_host::capability::Capability;

/// The capabilities of one host.
pub fn offers() -> Vec<Arc<dyn Capability>> {
    vec![Arc::new(weather::Weather)]
}
