//! A folder that a run is granted.

use wasmtime_wasi::filesystem::Dir;
use wasmtime_wasi::{FsPerms, OpenMode};

use crate::offer::folder::OpenFolder;

/// The folder, with its path in the guest.
pub(super) struct Preopen {
    pub(super) guest: String,
    pub(super) folder: Dir,
}

impl Preopen {
    /// Shares the open folder. No run opens it again.
    pub(super) fn new(open: &OpenFolder) -> Preopen {
        let mut folder = open.folder.dir().clone();
        if open.writable {
            folder.perms = FsPerms::ReadWrite;
            folder.open_mode |= OpenMode::WRITE;
        }
        Preopen {
            guest: open.guest.clone(),
            folder,
        }
    }
}
