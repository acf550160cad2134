//! File metadata. In a deterministic run it has no times and no identities, and nothing that would differ for the
//! same files on another machine. In any other run it is the system's.

use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::Descriptor;
use wasmtime_wasi::p2::FsResult;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorStat, DescriptorType, MetadataHashValue, PathFlags,
};

use super::descriptors;
use crate::offer::state::RunState;

pub(super) async fn stat(
    state: &mut &mut RunState,
    file: Resource<Descriptor>,
) -> FsResult<DescriptorStat> {
    let stat = descriptors::stat(state, file).await?;
    Ok(repeatable(state.is_deterministic(), stat))
}

pub(super) async fn stat_at(
    state: &mut &mut RunState,
    folder: Resource<Descriptor>,
    flags: PathFlags,
    path: String,
) -> FsResult<DescriptorStat> {
    let stat = descriptors::stat_at(state, folder, flags, path).await?;
    Ok(repeatable(state.is_deterministic(), stat))
}

pub(super) async fn metadata_hash(
    state: &mut &mut RunState,
    file: Resource<Descriptor>,
) -> FsResult<MetadataHashValue> {
    match state.is_deterministic() {
        false => descriptors::metadata_hash(state, file).await,
        true => descriptors::stat(state, file).await.map(hash),
    }
}

pub(super) async fn metadata_hash_at(
    state: &mut &mut RunState,
    folder: Resource<Descriptor>,
    flags: PathFlags,
    path: String,
) -> FsResult<MetadataHashValue> {
    match state.is_deterministic() {
        false => descriptors::metadata_hash_at(state, folder, flags, path).await,
        true => descriptors::stat_at(state, folder, flags, path)
            .await
            .map(hash),
    }
}

fn repeatable(is_deterministic: bool, stat: DescriptorStat) -> DescriptorStat {
    if !is_deterministic {
        return stat;
    }
    DescriptorStat {
        type_: stat.type_,
        // The number of links to a file, and the size of a folder, depend on the file system.
        link_count: 1,
        size: if stat.type_ == DescriptorType::Directory {
            0
        } else {
            stat.size
        },
        data_access_timestamp: None,
        data_modification_timestamp: None,
        status_change_timestamp: None,
    }
}

/// WASI allows a weak hash. The real one is made of device and inode, which mean nothing on another machine.
fn hash(stat: DescriptorStat) -> MetadataHashValue {
    let stat = repeatable(true, stat);
    MetadataHashValue {
        lower: stat.size,
        upper: stat.type_ as u64,
    }
}
