//! A limit to the size of files, as batch systems set it (`ulimit -f`).

use std::io;

/// Makes a write past a limit to the size of files fail like any other write. Without this, the system sends the
/// signal `SIGXFSZ`, which ends the process with everything that it does. A program calls it once, before it
/// opens a ledger or a host. It does nothing on a system without that signal.
///
/// # Errors
///
/// If the system refuses the handler.
pub fn survive_file_limit() -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::sync::Arc;
        use std::sync::atomic::AtomicBool;
        // Nobody asks whether the signal came, because the write reports it.
        signal_hook::flag::register(
            signal_hook::consts::SIGXFSZ,
            Arc::new(AtomicBool::new(false)),
        )?;
    }
    Ok(())
}
