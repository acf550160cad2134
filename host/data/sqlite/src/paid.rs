//! How a function of the host pays for its work, and how it fails.

use rusqlite::{Error, Result, ffi};

use crate::guard::lock;
use crate::work::SharedWork;

/// The work of one call after which the budget is looked at: about 30 µs.
const LOOK_FUEL: u64 = 100_000;

pub(crate) fn pay(work: &SharedWork, fuel: u64) -> Result<()> {
    let mut work = lock(work);
    let paid = work.spend(fuel);
    // One call of a function may take as long as many steps. SQLite looks at the budget by itself only between
    // steps.
    let go_on = if fuel < LOOK_FUEL {
        paid
    } else {
        paid.and_then(|()| work.ask(|budget| budget.look()))
    };
    go_on.map_err(|stop| mistake(&stop.to_string()))
}

pub(crate) fn mistake(message: &str) -> Error {
    Error::UserFunctionError(message.into())
}

/// The result of a function would be larger than a value may be.
pub(crate) fn too_big() -> Error {
    Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_TOOBIG), None)
}
