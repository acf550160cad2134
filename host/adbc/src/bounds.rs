//! Limits this process: the memory that it may take, and the files that it may leave behind.

use fractalaw_adbc_client::limits::PROGRAM_MEMORY_BYTES;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Sets the limits. Errors are ignored, because a system that refuses has limits of its own.
pub(crate) fn keep() {
    // A core dump would have secrets in it.
    bound(Resource::Core, 0);
    // If a driver asks for more, its allocation fails. At worst, this process ends.
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
