//! Whether two open files are the same file, in a deterministic run: they are if they are the same file and were
//! opened by the same name.
//!
//! Hard links are not part of a folder's names and contents: a copy of the folder, made by git or otherwise, does
//! not have them. So in a deterministic run each name is a file of its own, with one link in `file_metadata`. A
//! symbolic link stands for what it names.

use std::fs;
use std::os::fd::AsRawFd;
use std::path::PathBuf;

use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::Descriptor;

use super::descriptors;
use crate::offer::state::RunState;

pub(super) async fn is_same_object(
    state: &mut &mut RunState,
    one: Resource<Descriptor>,
    other: Resource<Descriptor>,
) -> wasmtime::Result<bool> {
    let names = match state.is_deterministic() {
        false => None,
        true => Some([name(state, &one)?, name(state, &other)?]),
    };
    let same = descriptors::is_same_object(state, one, other).await?;
    Ok(same && names.is_none_or(|[one, other]| one == other))
}

/// The name that it was opened by, as Linux knows it. If the file was renamed, this is the new name.
fn name(state: &RunState, file: &Resource<Descriptor>) -> wasmtime::Result<Option<PathBuf>> {
    let descriptor = match state.handles.get(file)? {
        Descriptor::File(file) => file.file.as_raw_fd(),
        Descriptor::Dir(folder) => folder.dir.as_raw_fd(),
    };
    Ok(fs::read_link(format!("/proc/self/fd/{descriptor}")).ok())
}
