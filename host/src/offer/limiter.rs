//! Keeps the memories and tables of one run within their caps, and remembers the peak.

use fractalaw_report::MemoryKind;
use wasmtime::ResourceLimiter;

use crate::cause;
use crate::error::HostError;
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

    /// A guest must not learn what memory the machine has, and the growth was counted already. So if the system refused it,
    /// the run ends. Wasmtime also calls this without having asked before, for a growth that the type of the memory
    /// forbids: that error comes from no system, and growing fails as WebAssembly says.
    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        match cause::of_the_system(&error) {
            Some(source) => Err(HostError::GrowForGuest { source }.into()),
            None => Ok(()),
        }
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

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use super::*;

    #[test]
    fn only_a_growth_that_the_system_refused_ends_the_run() {
        let mut limiter = Limiter::new(usize::MAX);
        let no_memory = Error::from_raw_os_error(12);
        let refused = limiter.memory_grow_failed(no_memory.into()).unwrap_err();
        let error = refused.downcast::<HostError>().unwrap();
        let HostError::GrowForGuest { source } = error else {
            panic!("{error}");
        };
        assert_eq!(source.kind(), ErrorKind::OutOfMemory);
        // So Wasmtime says that the type of the memory forbids it.
        let forbidden = wasmtime::Error::msg("memory growth exceeds memory type's limits");
        limiter.memory_grow_failed(forbidden).unwrap();
    }
}
