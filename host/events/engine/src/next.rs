//! When there is something to do.

use crate::time::Time;

/// What a supervisor does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Something can be claimed.
    Now,
    /// Nothing can be claimed before this time, unless an event comes or a run ends.
    At(Time),
    /// Nothing can be claimed, unless an event comes or a run ends.
    Never,
}

impl Next {
    pub(crate) fn of(is_ready: bool, first: Option<Time>) -> Next {
        match (is_ready, first) {
            (true, _) => Next::Now,
            (false, Some(time)) => Next::At(time),
            (false, None) => Next::Never,
        }
    }
}
