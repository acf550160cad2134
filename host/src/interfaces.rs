//! The host's own capabilities. One file for each interface.

pub(crate) mod audit_log;
pub(crate) mod wasi;

use std::sync::{Arc, LazyLock};

use crate::error::HostError;
use crate::offer::capability::Capability;
use crate::offer::offered::Offer;
use audit_log::AuditLog;
use wasi::Wasi;

/// What every host offers, and beside it what an embedder adds. `is_durable` says that an entry of the trail is on disk
/// before the guest goes on.
pub(crate) fn offer(
    is_durable: bool,
    more: impl IntoIterator<Item = Arc<dyn Capability>>,
) -> Result<Offer, HostError> {
    let mut capabilities: Vec<Arc<dyn Capability>> =
        vec![Arc::new(AuditLog { is_durable }), Arc::new(Wasi)];
    capabilities.extend(more);
    Offer::of(capabilities)
}

/// What a host offers to which nothing was added.
static STANDARD: LazyLock<Offer> =
    LazyLock::new(|| offer(false, []).expect("our own tables fit together"));

impl Offer {
    /// What a host offers to which nothing was added.
    pub fn standard() -> &'static Offer {
        &STANDARD
    }

    /// What a host offers to which these were added: for what is known before there is a host, such as whether a policy
    /// fits it.
    ///
    /// # Errors
    ///
    /// When two of them have something of one name.
    pub fn with(
        capabilities: impl IntoIterator<Item = Arc<dyn Capability>>,
    ) -> Result<Offer, HostError> {
        offer(false, capabilities)
    }
}
