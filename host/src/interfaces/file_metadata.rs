//! File metadata in a deterministic run: no times, no identities, nothing that the same files would have
//! otherwise on another machine. In any other run it is the system's.

use wasmtime::component::{Linker, Resource};
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemView};
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorStat, DescriptorType, HostDescriptor, MetadataHashValue, PathFlags,
};

use crate::determinism::Determinism;
use crate::interfaces::RunState;
use crate::interfaces::directory_order::{TYPES, or_error_code};

/// Redefines four functions in a linker that has WASI already.
pub(crate) fn add_to_linker(linker: &mut Linker<RunState>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let mut types = linker.instance(TYPES)?;
    types.func_wrap_async(
        "[method]descriptor.stat",
        |mut store, (file,): (Resource<Descriptor>,)| {
            Box::new(async move {
                let state = store.data_mut();
                let stat = state.filesystem().stat(file).await;
                let fixed = state.determinism;
                Ok((or_error_code(stat.map(|stat| repeatable(fixed, stat)))?,))
            })
        },
    )?;
    types.func_wrap_async(
        "[method]descriptor.stat-at",
        |mut store, (folder, flags, path): (Resource<Descriptor>, PathFlags, String)| {
            Box::new(async move {
                let state = store.data_mut();
                let stat = state.filesystem().stat_at(folder, flags, path).await;
                let fixed = state.determinism;
                Ok((or_error_code(stat.map(|stat| repeatable(fixed, stat)))?,))
            })
        },
    )?;
    types.func_wrap_async(
        "[method]descriptor.metadata-hash",
        |mut store, (file,): (Resource<Descriptor>,)| {
            Box::new(async move {
                let state = store.data_mut();
                let hash = match state.determinism {
                    Determinism::Real => state.filesystem().metadata_hash(file).await,
                    Determinism::Fixed => state.filesystem().stat(file).await.map(hash),
                };
                Ok((or_error_code(hash)?,))
            })
        },
    )?;
    types.func_wrap_async(
        "[method]descriptor.metadata-hash-at",
        |mut store, (folder, flags, path): (Resource<Descriptor>, PathFlags, String)| {
            Box::new(async move {
                let state = store.data_mut();
                let hash = match state.determinism {
                    Determinism::Real => {
                        state
                            .filesystem()
                            .metadata_hash_at(folder, flags, path)
                            .await
                    }
                    Determinism::Fixed => state
                        .filesystem()
                        .stat_at(folder, flags, path)
                        .await
                        .map(hash),
                };
                Ok((or_error_code(hash)?,))
            })
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

fn repeatable(determinism: Determinism, stat: DescriptorStat) -> DescriptorStat {
    if determinism == Determinism::Real {
        return stat;
    }
    DescriptorStat {
        type_: stat.type_,
        // How many names a file has, and how large a folder is, are the file system's affair.
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

/// WASI lets a hash be weak. The real one is made of device and inode, which say nothing elsewhere.
fn hash(stat: DescriptorStat) -> MetadataHashValue {
    let stat = repeatable(Determinism::Fixed, stat);
    MetadataHashValue {
        lower: stat.size,
        upper: stat.type_ as u64,
    }
}
