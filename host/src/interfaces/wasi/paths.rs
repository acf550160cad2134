//! Paths that WASI's own implementation takes wrongly.

use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::Descriptor;
use wasmtime_wasi::p2::FsResult;

use super::descriptors;
use crate::offer::state::RunState;

/// Wasmtime 48 removes `new` and not `new/`, which is the same folder. To be taken out when it does; the test is
/// the case `waits-and-streams/files`.
pub(super) async fn remove_directory_at(
    state: &mut &mut RunState,
    folder: Resource<Descriptor>,
    path: String,
) -> FsResult<()> {
    let name = match path.trim_end_matches('/') {
        // Of slashes only: the root, which is nobody's to remove.
        "" => path.as_str(),
        name => name,
    };
    let name = name.to_owned();
    descriptors::remove_directory_at(state, folder, name).await
}
