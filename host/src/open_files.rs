//! How many files a process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Lets this process have as many files open as the system allows it at most. Guests may hold many: with all slots in use, more than the
/// 1 024 that systems allow at first, and then the runs of others could open nothing. A program calls it once, before it opens a host. If the
/// system refuses, the limit stays as it is.
pub fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    let _ = setrlimit(Resource::Nofile, raised);
}
