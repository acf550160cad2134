//! Other programs can hold a database for a while. Whoever needs it meanwhile waits, and looks at a run's budget.

use std::thread;
use std::time::{Duration, Instant};

use fractalaw_data_call::Stop;

use crate::busy::Busy;
use crate::limits::LINE_LOOK;

/// Says whether the run for which somebody waits may go on.
pub(crate) type Look<'a> = dyn FnMut() -> Result<(), Stop> + 'a;

/// Tries again while another program is in the way, for so long. Then the result is the error itself.
pub(crate) fn while_busy<T, E: Busy>(
    most: Duration,
    look: &mut Look<'_>,
    mut attempt: impl FnMut() -> Result<T, E>,
) -> Result<Result<T, E>, Stop> {
    let began = Instant::now();
    loop {
        let result = attempt();
        if !result.as_ref().is_err_and(Busy::is_busy) || began.elapsed() > most {
            return Ok(result);
        }
        look()?;
        thread::sleep(LINE_LOOK);
    }
}
