//! Paths that WASI's own implementation handles wrongly.

use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::Descriptor;
use wasmtime_wasi::p2::FsResult;

use super::descriptors;
use crate::offer::state::RunState;

/// Wasmtime 48 removes `new` and not `new/`, which is the same folder. Delete this when it does. The test is the
/// case `waits-and-streams/files`.
pub(super) async fn remove_directory_at(
    state: &mut &mut RunState,
    folder: Resource<Descriptor>,
    path: String,
) -> FsResult<()> {
    let name = match path.trim_end_matches('/') {
        // Only slashes: the root, which nobody may remove.
        "" => path.as_str(),
        name => name,
    };
    let name = name.to_owned();
    descriptors::remove_directory_at(state, folder, name).await
}
