//! Opens files and folders, and nothing else, without waiting.
//!
//! Opening a pipe waits until somebody opens its other end, which may be never. So everything is opened in a way
//! that does not wait. Pipes, sockets and devices are closed again.

use std::fs::File;
use std::sync::Arc;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use wasmtime::component::{Resource, ResourceTable};
use wasmtime_wasi::filesystem::{Descriptor, Dir, WasiFilesystemCtxView};
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorFlags, DescriptorType, ErrorCode, HostDescriptor, NewTimestamp, OpenFlags, PathFlags,
};
use wasmtime_wasi::p2::{FsError, FsResult};
use wasmtime_wasi::{FsPerms, OpenMode};

use super::descriptors::on_thread;
use super::system_error::{NoDescriptors, system_error};
use crate::offer::state::RunState;

pub(super) async fn open_at(
    state: &mut &mut RunState,
    folder: Resource<Descriptor>,
    path_flags: PathFlags,
    path: String,
    open_flags: OpenFlags,
    flags: DescriptorFlags,
) -> FsResult<Resource<Descriptor>> {
    let asked = Asked {
        path_flags,
        path,
        open_flags,
        flags,
    };
    has_room(&mut state.handles).map_err(FsError::trap)?;
    let opened = on_thread(state, [&folder], async move |files, [folder]| {
        asked.open(files, folder).await
    });
    let opened = opened.await.map_err(FsError::trap)??;
    Ok(state.handles.push(opened)?)
}

/// Whether the guest may hold one more handle. This comes first, because opening can make a file or empty it. The folder's
/// handle counts once more while it is lent to the call.
fn has_room(handles: &mut ResourceTable) -> wasmtime::Result<()> {
    let lent = handles.push(())?;
    let opened = handles.push(());
    handles.delete(lent)?;
    handles.delete(opened?)?;
    Ok(())
}

/// Like WASI's own function, which opens the file to set its times, but opens it as [`open_at`] does.
pub(super) async fn set_times_at(
    state: &mut &mut RunState,
    folder: Resource<Descriptor>,
    path_flags: PathFlags,
    path: String,
    accessed: NewTimestamp,
    modified: NewTimestamp,
) -> FsResult<()> {
    let done = on_thread(state, [&folder], async move |files, [folder]| {
        if !path_flags.contains(PathFlags::SYMLINK_FOLLOW) {
            return files
                .set_times_at(folder, path_flags, path, accessed, modified)
                .await;
        }
        let found = files
            .stat_at(clone(&folder), path_flags, path.clone())
            .await?;
        only_files(found.type_)?;
        let asked = Asked {
            path_flags,
            path: path.clone(),
            open_flags: OpenFlags::empty(),
            flags: DescriptorFlags::READ,
        };
        if is_writable(files.table.get(&folder)?)
            && let Ok(opened) = asked.open(files, clone(&folder)).await
        {
            let opened = files.table.push(opened)?;
            return files.set_times(opened, accessed, modified).await;
        }
        // A file that can be written but not read, or one that cannot be changed at all.
        files
            .set_times_at(folder, path_flags, path, accessed, modified)
            .await
    });
    done.await.map_err(FsError::trap)?
}

fn clone(descriptor: &Resource<Descriptor>) -> Resource<Descriptor> {
    Resource::new_own(descriptor.rep())
}

fn only_files(found: DescriptorType) -> FsResult<()> {
    match found {
        DescriptorType::RegularFile | DescriptorType::Directory | DescriptorType::SymbolicLink => {
            Ok(())
        }
        _ => Err(ErrorCode::Unsupported.into()),
    }
}

fn is_writable(descriptor: &Descriptor) -> bool {
    let perms = match descriptor {
        Descriptor::Dir(folder) => folder.perms,
        Descriptor::File(file) => file.perms,
    };
    perms == FsPerms::ReadWrite
}

/// What a guest asks to open.
struct Asked {
    path_flags: PathFlags,
    path: String,
    open_flags: OpenFlags,
    flags: DescriptorFlags,
}

impl Asked {
    async fn open(
        self,
        files: &mut WasiFilesystemCtxView<'_>,
        folder: Resource<Descriptor>,
    ) -> FsResult<Descriptor> {
        let Descriptor::Dir(start) = files.table.get(&folder)?.clone() else {
            return Err(ErrorCode::NotDirectory.into());
        };
        let mode = self.mode(&start)?;
        match self.open_beneath(&start.dir, mode) {
            Ok(opened) => self.checked(opened, start.perms, mode),
            // Nobody has the other end open, or there is no driver.
            Err(Errno::NXIO | Errno::NODEV) => Err(ErrorCode::Unsupported.into()),
            Err(error @ (Errno::MFILE | Errno::NFILE)) => {
                Err(FsError::trap(NoDescriptors(error.into())))
            }
            Err(Errno::XDEV) => Err(ErrorCode::NotPermitted.into()),
            // The system does not know the call, or refuses it; or the file is at fault, which WASI's own
            // function finds out.
            Err(Errno::NOSYS | Errno::PERM | Errno::AGAIN) => {
                self.open_checked_first(files, folder, start.perms, mode)
                    .await
            }
            Err(error) => Err(system_error(error.into())),
        }
    }

    /// Reading, writing or both, by WASI's rules. A file that is not opened for writing is opened for reading,
    /// because the system needs one of the two.
    fn mode(&self, start: &Dir) -> FsResult<OpenMode> {
        let syncs = DescriptorFlags::FILE_INTEGRITY_SYNC
            | DescriptorFlags::DATA_INTEGRITY_SYNC
            | DescriptorFlags::REQUESTED_WRITE_SYNC;
        if self.flags.intersects(syncs) {
            return Err(ErrorCode::Unsupported.into());
        }
        let changes = OpenFlags::CREATE | OpenFlags::EXCLUSIVE | OpenFlags::TRUNCATE;
        if self.open_flags.contains(OpenFlags::DIRECTORY) && self.open_flags.intersects(changes) {
            return Err(ErrorCode::Invalid.into());
        }
        let mut mode = OpenMode::empty();
        let writes = self.flags.contains(DescriptorFlags::WRITE);
        if writes
            || self
                .open_flags
                .intersects(OpenFlags::CREATE | OpenFlags::TRUNCATE)
        {
            mode |= OpenMode::WRITE;
        }
        if self.flags.contains(DescriptorFlags::READ) || !writes {
            mode |= OpenMode::READ;
        }
        if start.perms.write_not_permitted() && mode.contains(OpenMode::WRITE) {
            return Err(ErrorCode::NotPermitted.into());
        }
        Ok(mode)
    }

    fn system_flags(&self, mode: OpenMode) -> OFlags {
        let mut flags = OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        flags |= match (
            mode.contains(OpenMode::READ),
            mode.contains(OpenMode::WRITE),
        ) {
            (true, true) => OFlags::RDWR,
            (false, true) => OFlags::WRONLY,
            _ => OFlags::RDONLY,
        };
        for (asked, flag) in [
            (OpenFlags::CREATE, OFlags::CREATE),
            (OpenFlags::TRUNCATE, OFlags::TRUNC),
            (OpenFlags::DIRECTORY, OFlags::DIRECTORY),
        ] {
            flags.set(flag, self.open_flags.contains(asked));
        }
        let exclusive = OpenFlags::CREATE | OpenFlags::EXCLUSIVE;
        flags.set(OFlags::EXCL, self.open_flags.contains(exclusive));
        flags.set(
            OFlags::NOFOLLOW,
            !self.path_flags.contains(PathFlags::SYMLINK_FOLLOW),
        );
        flags
    }

    #[cfg(target_os = "linux")]
    fn open_beneath(&self, start: &File, mode: OpenMode) -> Result<File, Errno> {
        use rustix::fs::{ResolveFlags, openat2};

        /// Any rename on the machine makes the system give up once. It is asked again this many times.
        const ATTEMPTS: usize = 4;
        let flags = self.system_flags(mode);
        let bits = if flags.contains(OFlags::CREATE) {
            Mode::from_raw_mode(0o666)
        } else {
            Mode::empty()
        };
        let beneath = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        let mut opened = Err(Errno::AGAIN);
        for _ in 0..ATTEMPTS {
            opened = openat2(start, self.path.as_str(), flags, bits, beneath);
            if !matches!(opened, Err(Errno::AGAIN)) {
                break;
            }
        }
        opened.map(File::from)
    }

    #[cfg(not(target_os = "linux"))]
    fn open_beneath(&self, _: &File, _: OpenMode) -> Result<File, Errno> {
        Err(Errno::NOSYS)
    }

    fn checked(&self, opened: File, perms: FsPerms, mode: OpenMode) -> FsResult<Descriptor> {
        let metadata = opened.metadata()?;
        if metadata.is_dir() {
            Ok(Descriptor::Dir(Dir::new(opened, perms, mode, true)))
        } else if metadata.is_file() {
            let file = wasmtime_wasi::filesystem::File::new(opened, perms, mode, true);
            Ok(Descriptor::File(file))
        } else {
            Err(ErrorCode::Unsupported.into())
        }
    }

    /// Opens by WASI's own way, which may wait, after checking what is there.
    async fn open_checked_first(
        self,
        files: &mut WasiFilesystemCtxView<'_>,
        folder: Resource<Descriptor>,
        perms: FsPerms,
        mode: OpenMode,
    ) -> FsResult<Descriptor> {
        let found = files
            .stat_at(clone(&folder), self.path_flags, self.path.clone())
            .await;
        if let Ok(found) = found {
            only_files(found.type_)?;
        }
        let Asked {
            path_flags,
            ref path,
            open_flags,
            flags,
        } = self;
        let opened = files
            .open_at(folder, path_flags, path.clone(), open_flags, flags)
            .await?;
        let opened = match files.table.delete(opened)? {
            Descriptor::File(file) => file.file,
            Descriptor::Dir(folder) => folder.dir,
        };
        let opened = Arc::into_inner(opened).ok_or(ErrorCode::Busy)?;
        self.checked(opened, perms, mode)
    }
}
