//! A run of which SQLite itself has rolled back everything. The run may have told its guest that changes were made, so it cannot
//! complete.

use std::ffi::c_int;

use fractalaw_data_call::{CallError, Failure, Stop};
use rusqlite::ffi as codes;

use crate::error::StoreError;

/// Why nothing of a run is left.
#[derive(Clone, Debug)]
pub(crate) enum Lost {
    /// A call failed, and SQLite rolled back more than this call.
    Failed {
        error: CallError,
        hint: &'static str,
    },
    /// The run was stopped while it wrote.
    Stopped(Stop),
}

impl Lost {
    /// `fault` is SQLite's code for the failure. `keys_used_up` says whether a table has given its largest automatic key.
    pub(crate) fn by(failure: &Failure, fault: c_int, keys_used_up: bool) -> Lost {
        match failure {
            Failure::Stop(stop) => Lost::Stopped(*stop),
            Failure::Call(error) => Lost::Failed {
                error: error.clone(),
                hint: hint(fault, keys_used_up),
            },
        }
    }

    /// The failure with what it means for the run.
    pub(crate) fn told(&self) -> Failure {
        match self {
            Lost::Stopped(stop) => (*stop).into(),
            Lost::Failed { error, hint } => error.clone().hint(hint).into(),
        }
    }

    /// The failure of a later call.
    pub(crate) fn told_again(&self) -> Failure {
        match self {
            Lost::Stopped(stop) => (*stop).into(),
            Lost::Failed { error, hint } => {
                let first = error.message.lines().next().unwrap_or_default();
                let message = format!(
                    "an earlier call failed, and all that this run did to data was rolled back: {first}"
                );
                CallError::new(error.code, message).hint(hint).into()
            }
        }
    }
}

impl From<Lost> for StoreError {
    fn from(lost: Lost) -> StoreError {
        match lost {
            Lost::Stopped(stop) => StoreError::Stop(stop),
            Lost::Failed { error, hint } => StoreError::RolledBack {
                cause: error.message.lines().next().unwrap_or_default().to_owned(),
                hint,
            },
        }
    }
}

fn hint(fault: c_int, keys_used_up: bool) -> &'static str {
    match fault & 0xff {
        codes::SQLITE_CONSTRAINT if fault == codes::SQLITE_CONSTRAINT_TRIGGER => {
            "the run cannot complete, because a trigger rolled back all that it did to data: `RAISE(ABORT)` in the trigger, \
             instead of `RAISE(ROLLBACK)`, undoes the statement alone"
        }
        codes::SQLITE_CONSTRAINT => {
            "the run cannot complete, because all that it did to data was rolled back: `OR ABORT` in the statement undoes the \
             statement alone, instead of `OR ROLLBACK` there or `ON CONFLICT ROLLBACK` in the schema"
        }
        codes::SQLITE_FULL if keys_used_up => {
            "the run cannot complete, because all that it did to data was rolled back: the table has given its largest \
             automatic key, so give the row a key"
        }
        codes::SQLITE_FULL => {
            "the run cannot complete, because all that it did to data was rolled back: run again when the disk of the database \
             has room"
        }
        _ => {
            "the run cannot complete, because all that it did to data was rolled back: run again when the disk of the database \
             works"
        }
    }
}

#[cfg(test)]
mod tests {
    use fractalaw_data_call::Code;

    use super::*;

    /// A test can make no disk full. The other causes are tested with real databases.
    #[test]
    fn each_cause_has_a_hint_of_its_own() {
        let full = CallError::new(Code::Engine, "database or disk is full").into();
        for (fault, said) in [
            (codes::SQLITE_FULL, "has room"),
            (codes::SQLITE_IOERR_WRITE, "works"),
        ] {
            let Failure::Call(told) = Lost::by(&full, fault, false).told() else {
                panic!("expected an error for the guest");
            };
            assert_eq!(
                told.message,
                format!(
                    "database or disk is full\nhint: the run cannot complete, because all that it did to data was rolled back: \
                     run again when the disk of the database {said}"
                )
            );
        }
    }
}
