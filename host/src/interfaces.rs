//! The host's own capabilities. Each interface has a file.

pub(crate) mod audit_log;
pub(crate) mod wasi;

use std::sync::{Arc, LazyLock};

use crate::error::HostError;
use crate::offer::capability::Capability;
use crate::offer::offered::Offer;
use audit_log::AuditLog;
use wasi::Wasi;

/// What every host offers, and what an embedder adds. `is_durable` means that an audit entry is on disk before
/// the guest goes on.
pub(crate) fn offer(
    is_durable: bool,
    more: impl IntoIterator<Item = Arc<dyn Capability>>,
) -> Result<Offer, HostError> {
    let mut capabilities: Vec<Arc<dyn Capability>> =
        vec![Arc::new(AuditLog { is_durable }), Arc::new(Wasi)];
    capabilities.extend(more);
    Offer::of(capabilities)
}

/// What a host offers if nothing was added to it.
static STANDARD: LazyLock<Offer> =
    LazyLock::new(|| offer(false, []).expect("our own tables fit together"));

impl Offer {
    /// What a host offers if nothing was added to it.
    pub fn standard() -> &'static Offer {
        &STANDARD
    }

    /// The offer of a host with these capabilities added. It is for questions before there is a host, such as
    /// whether a policy fits it.
    ///
    /// # Errors
    ///
    /// If two of them have something with the same name.
    pub fn with(
        capabilities: impl IntoIterator<Item = Arc<dyn Capability>>,
    ) -> Result<Offer, HostError> {
        offer(false, capabilities)
    }
}
