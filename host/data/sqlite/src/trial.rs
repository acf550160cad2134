//! A call that is made on the thread of its caller, which must not be kept long. It is tried with small bounds. If it
//! reaches one, nothing has happened, and it is made again on a thread that may wait.

use fractalaw_data_call::{Amount, Budget, Quota, Stop};

use crate::limits::SHORT_FUEL;

/// What a trial has taken so far. The run pays when the trial has succeeded.
#[derive(Default)]
pub(crate) struct Trial {
    pub(crate) amount: Amount,
    looks: u32,
}

impl Budget for Trial {
    fn spend(&mut self, fuel: u64) -> Result<(), Stop> {
        self.amount.fuel = self.amount.fuel.saturating_add(fuel);
        if self.amount.fuel > SHORT_FUEL {
            return Err(Stop::Interrupted);
        }
        Ok(())
    }

    fn count(&mut self, quota: Quota, amount: u64) -> Result<(), Stop> {
        match quota {
            Quota::Statements => self.amount.statements += amount,
            Quota::Rows => self.amount.rows += amount,
            Quota::Bytes => self.amount.bytes += amount,
            // The engine itself enforces the others.
            _ => {}
        }
        Ok(())
    }

    /// The first look is that of the beginning. The second means that it takes long.
    fn look(&mut self) -> Result<(), Stop> {
        self.looks += 1;
        if self.looks > 1 {
            return Err(Stop::Interrupted);
        }
        Ok(())
    }
}
