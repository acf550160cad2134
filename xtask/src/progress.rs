//! Progress on a terminal: one line that is overwritten. Elsewhere, as in CI, nothing is shown.

use std::io::{IsTerminal, Write, stderr};

use crate::in_ci;

/// One line on standard error, which is removed when this is dropped.
pub(crate) struct Progress {
    is_shown: bool,
}

impl Progress {
    pub(crate) fn new() -> Progress {
        Progress {
            is_shown: stderr().is_terminal() && !in_ci::is_here(),
        }
    }

    pub(crate) fn is_shown(&self) -> bool {
        self.is_shown
    }

    pub(crate) fn say(&self, text: &str) {
        if self.is_shown {
            // A line wider than the terminal would wrap and could not be overwritten.
            let start: String = text.chars().take(70).collect();
            eprint!("\r\u{1b}[K{start}");
            let _ = stderr().flush();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.say("");
    }
}
