//! A run's account and quotas, in the form in which the engine asks for them.

use fractalaw_host::capability::wasmtime::{Error, Trap};
use fractalaw_host::capability::{Account, Granted, exceeds};
use fractalaw_host::{HostError, QuotaLimit};
use fractalaw_sqlite::{Amount, Budget, Quota, Stop};

use crate::quotas::{BYTES, CALL_MEMORY, CHANGED, CHANGED_SIZE, ROWS, STATEMENTS};

/// What is left of each quota.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quotas {
    statements: u64,
    rows: u64,
    bytes: u64,
}

impl Quotas {
    pub(crate) fn of(granted: &Granted<'_>) -> Quotas {
        Quotas {
            statements: granted.limit(&STATEMENTS),
            rows: granted.limit(&ROWS),
            bytes: granted.limit(&BYTES),
        }
    }
}

/// What one run may use.
pub(crate) struct RunBudget {
    pub(crate) account: Account,
    pub(crate) left: Quotas,
}

impl Budget for RunBudget {
    fn spend(&mut self, fuel: u64) -> Result<(), Stop> {
        self.account.charge(fuel).map_err(|_| Stop::OutOfFuel)
    }

    fn count(&mut self, quota: Quota, amount: u64) -> Result<(), Stop> {
        let left = match quota {
            Quota::Statements => &mut self.left.statements,
            Quota::Rows => &mut self.left.rows,
            Quota::Bytes => &mut self.left.bytes,
            // The engine itself enforces these limits.
            Quota::CallMemory | Quota::ChangedRows | Quota::ChangedBytes => return Ok(()),
        };
        *left = left.checked_sub(amount).ok_or(Stop::Quota(quota))?;
        Ok(())
    }

    fn affords(&self, amount: &Amount) -> bool {
        amount.fuel <= self.account.spare_fuel()
            && amount.statements <= self.left.statements
            && amount.rows <= self.left.rows
            && amount.bytes <= self.left.bytes
    }

    fn spare_fuel(&self) -> u64 {
        self.account.spare_fuel()
    }

    fn look(&mut self) -> Result<(), Stop> {
        self.account.check_time().map_err(|_| {
            if std::time::Instant::now() >= self.account.deadline() {
                Stop::Deadline
            } else {
                Stop::Interrupted
            }
        })
    }
}

/// The host's error for a run that its budget ends. `over` makes the error for a quota, which a policy may have
/// lowered.
pub(crate) fn ends(
    stop: Stop,
    account: &Account,
    over: impl FnOnce(&'static QuotaLimit) -> Error,
) -> Error {
    match stop {
        Stop::OutOfFuel => Trap::OutOfFuel.into(),
        Stop::Deadline | Stop::Interrupted => match account.check_time() {
            Err(error) => error,
            Ok(()) => Error::msg("a statement was stopped for no reason"),
        },
        Stop::Quota(Quota::Statements) => over(&STATEMENTS),
        Stop::Quota(Quota::Rows) => over(&ROWS),
        Stop::Quota(Quota::Bytes) => over(&BYTES),
        Stop::Quota(Quota::CallMemory) => exceeds(&CALL_MEMORY),
        Stop::Quota(Quota::ChangedRows) => exceeds(&CHANGED),
        Stop::Quota(Quota::ChangedBytes) => exceeds(&CHANGED_SIZE),
    }
}

/// An error of this capability.
pub(crate) fn failed(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> HostError {
    HostError::Capability {
        capability: "data",
        source: source.into(),
    }
}
