//! `fractal:app/audit-log`: the trail of one run.

use std::fmt;

use wasmtime::component::Linker;

use crate::bindings::fractal::app::audit_log as wit;
use crate::limits::{AUDIT_ENTRY_BYTES, QuotaLimits};
use crate::offer::charge::offer;
use crate::offer::determinism::WallClock;
use crate::offer::host_memory::{self, HostMemory};
use crate::offer::payload::Payload;
use crate::offer::state::RunState;
use crate::outcome::{Quota, QuotaExceeded};
use crate::terminal::one_line;

/// One entry: three fields from the guest, three from the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Place in the run's trail, from 1, without gaps.
    pub sequence: u64,
    /// When the host received it: nanoseconds since 1970-01-01T00:00:00Z.
    pub time_unix_ns: u64,
    /// The fuel that the run had consumed when the guest made the call.
    pub fuel: u64,
    /// What kind of thing happened, in the guest's words.
    pub event_type: String,
    /// What it happened to.
    pub resource: String,
    /// What happened, for a person to read.
    pub detail: String,
}

/// On one line, with what the guest wrote made safe to print.
impl fmt::Display for AuditEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [event_type, resource, detail] =
            [&self.event_type, &self.resource, &self.detail].map(|field| one_line(field));
        write!(f, "[{event_type}] {resource} — {detail}")
    }
}

/// The trail while the run goes on.
pub(crate) struct AuditLog {
    entries: Vec<AuditEntry>,
    bytes: usize,
    /// How many there may be, and how long they may be together.
    most: (usize, usize),
    memory: HostMemory,
    clock: WallClock,
}

impl AuditLog {
    pub(crate) fn new(clock: WallClock, quotas: &QuotaLimits, memory: HostMemory) -> AuditLog {
        let fits = |limit| usize::try_from(limit).unwrap_or(usize::MAX);
        AuditLog {
            entries: Vec::new(),
            bytes: 0,
            most: (fits(quotas.audit_entries), fits(quotas.audit_bytes)),
            memory,
            clock,
        }
    }

    pub(crate) fn into_entries(self) -> Vec<AuditEntry> {
        self.entries
    }

    fn record(&mut self, entry: wit::AuditEntry, fuel: u64) -> Result<(), QuotaExceeded> {
        let bytes = entry.event_type.len() + entry.resource.len() + entry.detail.len();
        at_most(Quota::AuditEntryBytes, bytes, AUDIT_ENTRY_BYTES)?;
        at_most(Quota::AuditEntries, self.entries.len() + 1, self.most.0)?;
        at_most(Quota::AuditBytes, self.bytes + bytes, self.most.1)?;
        self.memory
            .take(bytes as u64 + host_memory::AUDIT_ENTRY_BYTES)?;
        self.bytes += bytes;
        let entry = AuditEntry {
            sequence: self.entries.len() as u64 + 1,
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

fn at_most(quota: Quota, wanted: usize, limit: usize) -> Result<(), QuotaExceeded> {
    if wanted > limit {
        return Err(QuotaExceeded {
            quota,
            limit: limit as u64,
        });
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
        let quotas = QuotaLimits::HOST;
        AuditLog::new(clock, &quotas, HostMemory::new(quotas.host_memory))
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
            (largest + 1, 0, Quota::AuditEntryBytes, AUDIT_ENTRY_BYTES),
            (
                largest,
                AUDIT_BYTES / AUDIT_ENTRY_BYTES,
                Quota::AuditBytes,
                AUDIT_BYTES,
            ),
            (1, AUDIT_ENTRIES, Quota::AuditEntries, AUDIT_ENTRIES),
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
