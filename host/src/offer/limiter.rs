//! Keeps the memories and tables of one run within their caps, and remembers the peak.

use fractalaw_report::MemoryKind;
use wasmtime::ResourceLimiter;

use crate::limits::TABLE_ELEMENTS;

/// Raised if a memory or table would exceed its cap.
#[derive(Debug, thiserror::Error)]
#[error("growth to {requested} is past the limit of {limit}")]
pub(crate) struct MemoryLimitExceeded {
    pub(crate) kind: MemoryKind,
    pub(crate) requested: u64,
    pub(crate) limit: u64,
}

/// Growth past a cap ends the run. If the answer were only "no", nobody could tell whether a later trap came from
/// that.
pub(crate) struct Limiter {
    cap_bytes: usize,
    used_bytes: usize,
    peak_bytes: usize,
}

impl Limiter {
    pub(crate) fn new(cap_bytes: usize) -> Limiter {
        Limiter {
            cap_bytes,
            used_bytes: 0,
            peak_bytes: 0,
        }
    }

    /// The most bytes that all memories of the run held together.
    pub(crate) fn peak_bytes(&self) -> usize {
        self.peak_bytes
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // If the guest's own declaration forbids it, growing fails as WebAssembly says.
        if maximum.is_some_and(|maximum| desired > maximum && maximum < self.cap_bytes) {
            return Ok(false);
        }
        let total = self.used_bytes - current + desired;
        if total > self.cap_bytes {
            return Err(MemoryLimitExceeded {
                kind: MemoryKind::LinearMemory,
                requested: total as u64,
                limit: self.cap_bytes as u64,
            }
            .into());
        }
        self.used_bytes = total;
        self.peak_bytes = self.peak_bytes.max(total);
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum && maximum < TABLE_ELEMENTS) {
            return Ok(false);
        }
        if desired > TABLE_ELEMENTS {
            return Err(MemoryLimitExceeded {
                kind: MemoryKind::Table,
                requested: desired as u64,
                limit: TABLE_ELEMENTS as u64,
            }
            .into());
        }
        Ok(true)
    }
}
