//! What the commands about databases print.

use std::io::{self, BufWriter, StdoutLock, Write};
use std::ops::ControlFlow;
use std::path::Path;

use fractalaw_host::terminal::one_line;
use fractalaw_sqlite::is_unsettled;

use crate::printing;

/// Says that what a run did to the database may still take effect.
pub(super) fn warn_if_unsettled(database: &Path) {
    if is_unsettled(database) {
        printing::warning(
            format_args!(
                "a run waits to be settled in `{}`, and what it changed is not shown",
                one_line(&database.display().to_string())
            ),
            "a host that is running settles it by itself; after a crash, start that host again, with its ledger",
        );
    }
}

/// Standard output for a result that may be larger than memory. After the first error it takes nothing more.
pub(super) struct Output {
    out: BufWriter<StdoutLock<'static>>,
    failed: Option<io::Error>,
}

impl Output {
    pub(super) fn new() -> Output {
        Output {
            out: BufWriter::new(io::stdout().lock()),
            failed: None,
        }
    }

    /// Writes something, and says whether to go on.
    pub(super) fn put(&mut self, bytes: &[u8]) -> ControlFlow<()> {
        match self.out.write_all(bytes) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.failed = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    /// Writes what is left, and says whether somebody got everything or wanted no more.
    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        printing::printed(match self.failed {
            Some(error) => Err(error),
            None => self.out.flush(),
        })
    }
}
