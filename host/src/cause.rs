//! Hints for files that could not be opened: one hint for each cause.

use std::io::{self, ErrorKind};

use rustix::io::Errno;

/// What to do about the error. `expected` is the hint for a file that does not exist.
pub(crate) fn hint(error: &io::Error, expected: Option<&str>) -> Option<String> {
    let hint = match (Errno::from_io_error(error), error.kind()) {
        (Some(Errno::MFILE), _) => {
            "the process has as many files open as it may: raise `ulimit -n`, or run fewer at once"
        }
        (Some(Errno::NFILE), _) => {
            "all processes of the machine have as many files open as they may: close some, or raise `fs.file-max`"
        }
        (Some(Errno::FBIG), _) => {
            "the process may not make files so large, its memory's among them: raise `ulimit -f`"
        }
        (Some(Errno::NOMEM), _) => {
            "the process has as much memory as it may, or the machine has no more: raise `ulimit -d` or `ulimit -v`, or run \
             fewer at once"
        }
        (_, ErrorKind::NotFound | ErrorKind::NotADirectory) => expected?,
        (_, ErrorKind::PermissionDenied) => {
            "the user who runs the host may not open it: see its permissions, and those of the folders above it"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

/// The error of the system, if the engine's error comes from one.
pub(crate) fn of_the_system(error: &wasmtime::Error) -> Option<io::Error> {
    let root = error.root_cause();
    let said = root
        .downcast_ref::<io::Error>()
        .and_then(io::Error::raw_os_error);
    let said = said.or_else(|| Some(root.downcast_ref::<Errno>()?.raw_os_error()));
    said.map(io::Error::from_raw_os_error)
}

/// Whether the machine is at fault and not the file that was named.
pub(crate) fn is_surroundings(error: &io::Error) -> bool {
    let errno = Errno::from_io_error(error);
    matches!(
        errno,
        Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::IO)
    ) || error.kind() == ErrorKind::TimedOut
}
