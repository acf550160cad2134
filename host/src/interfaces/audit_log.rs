//! `fractal:app/audit-log`: the trail of one run.

use fractalaw_report::{AuditEntry, Quota, QuotaLimits};
use wasmtime::component::Linker;

use crate::bindings::fractal::app::audit_log as wit;
use crate::limits::AUDIT_ENTRY_BYTES;
use crate::offer::charge::offer;
use crate::offer::determinism::WallClock;
use crate::offer::host_memory::{self, HostMemory};
use crate::offer::payload::Payload;
use crate::offer::quota::QuotaExceeded;
use crate::offer::state::RunState;

/// The trail while the run goes on.
pub(crate) struct AuditLog {
    entries: Vec<AuditEntry>,
    bytes: u64,
    most_entries: u64,
    /// All together.
    most_bytes: u64,
    memory: HostMemory,
    clock: WallClock,
}

impl AuditLog {
    pub(crate) fn new(clock: WallClock, quotas: &QuotaLimits, memory: HostMemory) -> AuditLog {
        AuditLog {
            entries: Vec::new(),
            bytes: 0,
            most_entries: quotas.of(&Quota::AUDIT_ENTRIES),
            most_bytes: quotas.of(&Quota::AUDIT_BYTES),
            memory,
            clock,
        }
    }

    pub(crate) fn into_entries(self) -> Vec<AuditEntry> {
        self.entries
    }

    fn record(&mut self, entry: wit::AuditEntry, fuel: u64) -> Result<(), QuotaExceeded> {
        let bytes = entry.bytes();
        let entries = self.entries.len() as u64 + 1;
        at_most(Quota::AUDIT_ENTRY_BYTES, bytes, AUDIT_ENTRY_BYTES as u64)?;
        at_most(Quota::AUDIT_ENTRIES, entries, self.most_entries)?;
        at_most(Quota::AUDIT_BYTES, self.bytes + bytes, self.most_bytes)?;
        self.memory.take(bytes + host_memory::AUDIT_ENTRY_BYTES)?;
        self.bytes += bytes;
        let entry = AuditEntry {
            sequence: entries,
            time_unix_ns: self.clock.now_unix_ns(),
            fuel,
            event_type: entry.event_type,
            resource: entry.resource,
            detail: entry.detail,
        };
        tracing::info!(
            target: "fractalaw::audit",
            sequence = entry.sequence,
            time_unix_ns = entry.time_unix_ns,
            event_type = entry.event_type,
            resource = entry.resource,
            detail = entry.detail,
            "audit entry"
        );
        self.entries.push(entry);
        Ok(())
    }
}

fn at_most(quota: Quota, wanted: u64, limit: u64) -> Result<(), QuotaExceeded> {
    if wanted > limit {
        return Err(QuotaExceeded { quota, limit });
    }
    Ok(())
}

/// Waiting costs a guest that need not wait, so there are two of the one function.
pub(crate) fn add_to_linker(linker: &mut Linker<RunState>, durable: bool) -> wasmtime::Result<()> {
    if durable {
        offer! { linker, "fractal:app/audit-log@0.1.0", state => state;
            wait "record-event"(entry) -> nothing = AUDIT, record_event_durably;
        }
        return Ok(());
    }
    offer! { linker, "fractal:app/audit-log@0.1.0", state => state;
        sync "record-event"(entry) -> nothing = AUDIT, record_event;
    }
    Ok(())
}

fn record_event(state: &mut &mut RunState, entry: wit::AuditEntry) -> wasmtime::Result<()> {
    let at = state.meter.position();
    Ok(state.audit.record(entry, at)?)
}

/// Returns when the entry is on disk. A run that is cut off meanwhile has it in its report as well, because
/// the ledger's thread writes it all the same.
async fn record_event_durably(
    state: &mut &mut RunState,
    entry: wit::AuditEntry,
) -> wasmtime::Result<()> {
    record_event(state, entry)?;
    if let (Some(trail), Some(entry)) = (&state.trail, state.audit.entries.last()) {
        trail.record(entry).await?;
    }
    Ok(())
}

impl Payload for wit::AuditEntry {
    fn bytes(&self) -> u64 {
        self.event_type.bytes() + self.resource.bytes() + self.detail.bytes()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::limits::{AUDIT_BYTES, AUDIT_ENTRIES};
    use crate::offer::determinism::{Determinism, Fixed};

    fn log(clock: WallClock) -> AuditLog {
        let quotas = QuotaLimits::default();
        AuditLog::new(
            clock,
            &quotas,
            HostMemory::new(quotas.of(&Quota::HOST_MEMORY)),
        )
    }

    fn entry(detail_bytes: usize) -> wit::AuditEntry {
        wit::AuditEntry {
            event_type: "e".to_owned(),
            resource: "r".to_owned(),
            detail: "d".repeat(detail_bytes),
        }
    }

    #[test]
    fn entries_are_numbered_from_one_and_carry_the_hosts_time() {
        let fixed = Determinism::Fixed(Fixed::default());
        let time = fixed.virtual_time(Duration::from_secs(1)).unwrap();
        let mut log = log(WallClock(Some(time.clone())));
        for waited in [0, 7, 0] {
            time.wait_until(waited).unwrap();
            log.record(entry(1), 0).unwrap();
        }
        let entries = log.into_entries();
        let found: Vec<_> = entries
            .iter()
            .map(|e| (e.sequence, e.time_unix_ns))
            .collect();
        let time = 1_735_689_600_000_000_000;
        assert_eq!(found, [(1, time), (2, time + 7), (3, time + 7)]);
    }

    #[test]
    fn each_quota_is_reached_exactly_and_a_refused_entry_leaves_no_trace() {
        let largest = AUDIT_ENTRY_BYTES - 2;
        let cases = [
            (largest + 1, 0, Quota::AUDIT_ENTRY_BYTES, AUDIT_ENTRY_BYTES),
            (
                largest,
                AUDIT_BYTES / AUDIT_ENTRY_BYTES,
                Quota::AUDIT_BYTES,
                AUDIT_BYTES,
            ),
            (1, AUDIT_ENTRIES, Quota::AUDIT_ENTRIES, AUDIT_ENTRIES),
        ];
        for (detail_bytes, accepted, quota, limit) in cases {
            let mut log = log(WallClock(None));
            for _ in 0..accepted {
                log.record(entry(detail_bytes), 0).unwrap();
            }
            let exceeded = log.record(entry(detail_bytes), 0).unwrap_err();
            assert_eq!((exceeded.quota, exceeded.limit), (quota, limit as u64));
            assert_eq!(log.into_entries().len(), accepted);
        }
    }
}
