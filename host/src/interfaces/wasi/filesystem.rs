//! `wasi:filesystem`: the folders that were granted, and nothing else.
//!
//! `directory_order`, `file_metadata` and `identity` replace the answers that would differ on another machine.
//! `paths` replaces what Wasmtime does wrong.

use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemView};
use wasmtime_wasi::p2::bindings::filesystem::types::{
    Advice, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry, ErrorCode, Host,
    HostDescriptor, MetadataHashValue, NewTimestamp, OpenFlags, PathFlags,
};

use super::directory_order::{self, SortedEntries};
use super::offering::offer;
use super::{descriptors, file_metadata, file_streams, identity, opening, paths};
use crate::offer::payload::{Payload, fixed};
use crate::offer::state::RunState;

offer! {
    "wasi:filesystem/preopens@0.2.12", state => state;
        sync "get-directories"() -> value = LOOKUP, descriptors::get_directories;
    "wasi:filesystem/types@0.2.12", state => state.filesystem();
        sync "filesystem-error-code"(error) -> value = LOOKUP, Host::filesystem_error_code;
        [sync "descriptor": Descriptor, HostDescriptor::drop;]
    "wasi:filesystem/types@0.2.12", state => state;
        sync "[method]descriptor.read-via-stream"(this, offset) -> file = HANDLE, file_streams::read_via_stream;
        sync "[method]descriptor.write-via-stream"(this, offset) -> file = HANDLE, file_streams::write_via_stream;
        sync "[method]descriptor.append-via-stream"(this) -> file = HANDLE, file_streams::append_via_stream;
        wait "[method]descriptor.advise"(this, offset, length, advice) -> file = FILE, descriptors::advise;
        wait "[method]descriptor.sync-data"(this) -> file = FILE, descriptors::sync_data;
        wait "[method]descriptor.get-flags"(this) -> file = FILE, descriptors::get_flags;
        sync "[method]descriptor.get-type"(this) -> file = HANDLE, descriptors::get_type;
        wait "[method]descriptor.set-size"(this, size) -> file = FILE, descriptors::set_size;
        wait "[method]descriptor.set-times"(this, accessed, modified) -> file = FILE, descriptors::set_times;
        wait "[method]descriptor.read"(this, length, offset) -> file = FILE, descriptors::read;
        wait "[method]descriptor.write"(this, buffer, offset) -> file = FILE, descriptors::write;
        wait "[method]descriptor.sync"(this) -> file = FILE, descriptors::sync;
        wait "[method]descriptor.create-directory-at"(this, path) -> file = FILE, descriptors::create_directory_at;
        wait "[method]descriptor.set-times-at"(this, flags, path, accessed, modified) -> file = FILE, opening::set_times_at;
        wait "[method]descriptor.link-at"(this, flags, path, folder, new_path) -> file = FILE, descriptors::link_at;
        wait "[method]descriptor.open-at"(this, path_flags, path, open_flags, flags) -> file = FILE, opening::open_at;
        wait "[method]descriptor.readlink-at"(this, path) -> file = FILE, descriptors::readlink_at;
        wait "[method]descriptor.remove-directory-at"(this, path) -> file = FILE, paths::remove_directory_at;
        wait "[method]descriptor.rename-at"(this, path, folder, new_path) -> file = FILE, descriptors::rename_at;
        wait "[method]descriptor.symlink-at"(this, path, new_path) -> file = FILE, descriptors::symlink_at;
        wait "[method]descriptor.unlink-file-at"(this, path) -> file = FILE, descriptors::unlink_file_at;
        wait "[method]descriptor.is-same-object"(this, other) -> value = FILE, identity::is_same_object;
        wait "[method]descriptor.stat"(this) -> file = FILE, file_metadata::stat;
        wait "[method]descriptor.stat-at"(this, flags, path) -> file = FILE, file_metadata::stat_at;
        wait "[method]descriptor.metadata-hash"(this) -> file = FILE, file_metadata::metadata_hash;
        wait "[method]descriptor.metadata-hash-at"(this, flags, path) -> file = FILE, file_metadata::metadata_hash_at;
        wait "[method]descriptor.read-directory"(this) -> file = FILE, directory_order::read_directory;
        sync "[method]directory-entry-stream.read-directory-entry"(this) -> file = LOOKUP, directory_order::read_directory_entry;
        [sync "directory-entry-stream": SortedEntries, directory_order::drop;]
}

fixed! {
    Advice => 1,
    DescriptorFlags => 1,
    DescriptorStat => 96,
    DescriptorType => 1,
    ErrorCode => 1,
    MetadataHashValue => 16,
    NewTimestamp => 24,
    OpenFlags => 1,
    PathFlags => 1,
}

impl Payload for DirectoryEntry {
    fn bytes(&self) -> u64 {
        self.name.bytes() + self.type_.bytes()
    }
}
