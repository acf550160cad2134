//! A limit to the size of files, as batch systems set it (`ulimit -f`).

use std::io;

/// Makes a write past a limit to the size of files an error, as any other write that fails. Without it the system's
/// answer is the signal `SIGXFSZ`, which ends the process with all that it had under way. A program calls it once,
/// before it opens a ledger or a host; where there is no such signal it does nothing.
///
/// # Errors
///
/// When the system refuses the handler.
pub fn survive_file_limit() -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::sync::Arc;
        use std::sync::atomic::AtomicBool;
        // Nobody asks whether it came: the write says so.
        signal_hook::flag::register(
            signal_hook::consts::SIGXFSZ,
            Arc::new(AtomicBool::new(false)),
        )?;
    }
    Ok(())
}
