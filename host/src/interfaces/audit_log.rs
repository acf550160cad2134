//! `fractal:app/audit-log`: the audit trail of one run.

use fractalaw_contract::standard;
use fractalaw_report::{AuditEntry, Quota, QuotaLimit};

use crate::bindings::fractal::app::audit_log as wit;
use crate::cost::host_calls::{AUDIT, Function};
use crate::error::HostError;
use crate::ledger::recording::Recording;
use crate::limits::AUDIT_ENTRY_BYTES;
use crate::offer::account::Account;
use crate::offer::capability::{Capability, Granted};
use crate::offer::linker::PricedLinker;
use crate::offer::payload::Payload;
use crate::offer::quota::QuotaExceeded;
use crate::offer::session::Session;
use crate::offer::state::RunState;
use crate::offer::table::Table;

static RECORD_EVENT: Function = Function {
    interface: "fractal:app/audit-log@0.1.0",
    name: "record-event",
    price: AUDIT,
};

static ENTRIES: QuotaLimit = QuotaLimit::AUDIT_ENTRIES;

static BYTES: QuotaLimit = QuotaLimit::AUDIT_BYTES;

static TABLE: Table = Table {
    name: "audit-log",
    wit: &[standard::APP_WIT],
    interfaces: &[standard::AUDIT_LOG],
    keys: &[],
    quotas: &[&ENTRIES, &BYTES],
    functions: &[&RECORD_EVENT],
};

/// The memory of an entry besides its text.
const ENTRY_BYTES: u64 = 128;

/// Keeps the audit trail of each run.
pub(crate) struct AuditLog {
    /// Whether an entry is on disk before the guest goes on.
    pub(crate) is_durable: bool,
}

impl Capability for AuditLog {
    fn table(&self) -> &'static Table {
        &TABLE
    }

    /// Async calls cost more even if they never wait, so there is a sync version too.
    fn add_to_linker(&self, linker: &mut PricedLinker<'_>) -> wasmtime::Result<()> {
        match self.is_durable {
            true => linker.async_function(&RECORD_EVENT, record_event_durably),
            false => linker.function(&RECORD_EVENT, record_event),
        }
    }

    fn begin(&self, granted: &Granted<'_>) -> Result<Box<dyn Session>, HostError> {
        Ok(Box::new(Trail {
            entries: Vec::new(),
            bytes: 0,
            most_entries: granted.limit(&ENTRIES),
            most_bytes: granted.limit(&BYTES),
            recording: granted.trail.cloned(),
        }))
    }
}

/// The trail during the run.
pub(crate) struct Trail {
    entries: Vec<AuditEntry>,
    bytes: u64,
    most_entries: u64,
    /// The most bytes of all entries together.
    most_bytes: u64,
    /// The ledger's recording, if each entry must be on disk before the guest goes on.
    recording: Option<Recording>,
}

impl Session for Trail {}

impl Trail {
    /// The entries so far.
    pub(crate) fn take_entries(&mut self) -> Vec<AuditEntry> {
        std::mem::take(&mut self.entries)
    }

    fn record(
        &mut self,
        entry: wit::AuditEntry,
        time_unix_ns: u64,
        fuel: u64,
        account: &Account,
    ) -> Result<(), QuotaExceeded> {
        let bytes = entry.bytes();
        let entries = self.entries.len() as u64 + 1;
        at_most(Quota::AUDIT_ENTRY_BYTES, bytes, AUDIT_ENTRY_BYTES as u64)?;
        at_most(Quota::AUDIT_ENTRIES, entries, self.most_entries)?;
        at_most(Quota::AUDIT_BYTES, self.bytes + bytes, self.most_bytes)?;
        account.try_hold(bytes + ENTRY_BYTES)?;
        self.bytes += bytes;
        let entry = AuditEntry {
            sequence: entries,
            time_unix_ns,
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

fn record_event(state: &mut RunState, (entry,): (wit::AuditEntry,)) -> wasmtime::Result<()> {
    let (time, fuel) = (state.now_unix_ns(), state.meter.position());
    let RunState {
        sessions, account, ..
    } = state;
    let trail = sessions.of::<Trail>();
    Ok(trail.record(entry, time, fuel, account)?)
}

/// Returns when the entry is on disk. If the run is cut off meanwhile, the entry is still in its report, because
/// the ledger's thread writes it all the same.
async fn record_event_durably(
    state: &mut RunState,
    entry: (wit::AuditEntry,),
) -> wasmtime::Result<()> {
    record_event(state, entry)?;
    let trail = state.session::<Trail>();
    if let (Some(recording), Some(entry)) = (&trail.recording, trail.entries.last()) {
        recording.record(entry).await?;
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
    use super::*;
    use crate::limits::{AUDIT_BYTES, AUDIT_ENTRIES, HOST_MEMORY_BYTES};

    fn trail() -> Trail {
        Trail {
            entries: Vec::new(),
            bytes: 0,
            most_entries: ENTRIES.most,
            most_bytes: BYTES.most,
            recording: None,
        }
    }

    fn account() -> Account {
        Account::of_bytes(HOST_MEMORY_BYTES as u64)
    }

    fn entry(detail_bytes: usize) -> wit::AuditEntry {
        wit::AuditEntry {
            event_type: "e".to_owned(),
            resource: "r".to_owned(),
            detail: "d".repeat(detail_bytes),
        }
    }

    #[test]
    fn entries_are_numbered_from_one_and_carry_the_hosts_time_and_the_fuel() {
        let (mut trail, account) = (trail(), account());
        for (time, fuel) in [(7, 100), (7, 200), (9, 300)] {
            trail.record(entry(1), time, fuel, &account).unwrap();
        }
        let entries = trail.take_entries();
        let found = entries.iter();
        let found: Vec<_> = found
            .map(|e| (e.sequence, e.time_unix_ns, e.fuel))
            .collect();
        assert_eq!(found, [(1, 7, 100), (2, 7, 200), (3, 9, 300)]);
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
            let (mut trail, account) = (trail(), account());
            for _ in 0..accepted {
                trail.record(entry(detail_bytes), 0, 0, &account).unwrap();
            }
            let exceeded = trail.record(entry(detail_bytes), 0, 0, &account);
            let exceeded = exceeded.unwrap_err();
            assert_eq!((exceeded.quota, exceeded.limit), (quota, limit as u64));
            assert_eq!(trail.take_entries().len(), accepted);
        }
    }
}
