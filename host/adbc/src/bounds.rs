//! What this process may take of the machine, and what it leaves behind.

use fractalaw_adbc_client::limits::PROGRAM_MEMORY_BYTES;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Bounds the process. A system that refuses has bounds of its own.
pub(crate) fn keep() {
    // A core dump would have secrets in it.
    bound(Resource::Core, 0);
    // Where a driver asks for more, it fails, and the process ends at worst.
    bound(Resource::As, PROGRAM_MEMORY_BYTES);
}

fn bound(resource: Resource, most: u64) {
    let had = getrlimit(resource);
    let lower = |limit: Option<u64>| Some(limit.map_or(most, |limit| limit.min(most)));
    let _ = setrlimit(
        resource,
        Rlimit {
            current: lower(had.current),
            maximum: lower(had.maximum),
        },
    );
}
