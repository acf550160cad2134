//! Directory listings in the order of their names.
//!
//! A file system lists a folder in an order of its own, which differs from machine to machine and would change a
//! guest's result and fuel. So the whole folder is read before its first entry is handed out. It is read in
//! pieces, because it may have millions of entries, and a run without fuel or time stops between pieces.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::sync::Arc;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, openat, statat};
use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::Descriptor;
use wasmtime_wasi::p2::bindings::filesystem::types::{DescriptorType, DirectoryEntry, ErrorCode};
use wasmtime_wasi::p2::{FsError, FsResult};

use super::session::WasiSession;
use super::system_error::system_error;
use crate::cost::host_calls::LISTED_ENTRY;
use crate::offer::account::Account;
use crate::offer::quota::QuotaExceeded;
use crate::offer::state::RunState;

/// The memory of an entry besides its name: its place in the order, its type, and an allocation.
const LISTED_ENTRY_BYTES: u64 = 64;

/// The entries of one piece, which take a fraction of a millisecond.
const PIECE_ENTRIES: usize = 500;

/// A `directory-entry-stream`: the entries by name, and then those without a Unicode name.
pub(super) struct SortedEntries {
    entries: BTreeMap<String, DescriptorType>,
    unnameable: usize,
    account: Account,
}

impl SortedEntries {
    fn insert(&mut self, name: String, found: DescriptorType) -> Result<(), QuotaExceeded> {
        let bytes = held_bytes(&name);
        self.account.try_hold(bytes)?;
        // If a folder changes while it is read, it can return a name twice.
        if self.entries.insert(name, found).is_some() {
            self.account.release(bytes);
        }
        Ok(())
    }
}

impl Drop for SortedEntries {
    fn drop(&mut self) {
        let bytes = self.entries.keys().map(|name| held_bytes(name)).sum();
        self.account.release(bytes);
    }
}

fn held_bytes(name: &str) -> u64 {
    LISTED_ENTRY_BYTES + name.len() as u64
}

pub(super) async fn read_directory(
    state: &mut &mut RunState,
    folder: Resource<Descriptor>,
) -> FsResult<Resource<SortedEntries>> {
    let Descriptor::Dir(folder) = state.handles.get(&folder)? else {
        return Err(ErrorCode::NotDirectory.into());
    };
    let folder = Arc::clone(&folder.dir);
    let files = state.session::<WasiSession>().files();
    let files = files.map_err(FsError::trap)?.clone();
    let opened = files.run(move || Listing::open(&folder)).await;
    let mut listing = opened.map_err(FsError::trap)?.map_err(system_error)?;
    let mut sorted = SortedEntries {
        entries: BTreeMap::new(),
        unnameable: 0,
        account: state.account().clone(),
    };
    let mut exceeded = None;
    let is_paid = loop {
        let read = files.run(move || {
            let piece = listing.piece();
            (listing, piece)
        });
        let (rest, piece) = read.await.map_err(FsError::trap)?;
        listing = rest;
        let piece = piece.map_err(system_error)?;
        let count = piece.entries.len() + piece.unnameable;
        let is_paid = state.charge(LISTED_ENTRY * count as u64).is_ok();
        sorted.unnameable += piece.unnameable;
        for (name, found) in piece.entries {
            // Past the memory limit entries are counted and not kept. Fuel is checked first, because the folder's
            // own order must not decide which of the two limits is reached.
            if exceeded.is_none() {
                exceeded = sorted.insert(name, found).err();
            }
        }
        if piece.is_last || !is_paid {
            break is_paid;
        }
    };
    match exceeded {
        Some(exceeded) if is_paid => Err(FsError::trap(exceeded)),
        _ => Ok(state.handles.push(sorted)?),
    }
}

pub(super) fn read_directory_entry(
    state: &mut &mut RunState,
    entries: Resource<SortedEntries>,
) -> FsResult<Option<DirectoryEntry>> {
    let sorted = state.handles.get_mut(&entries)?;
    if let Some((name, type_)) = sorted.entries.pop_first() {
        sorted.account.release(held_bytes(&name));
        return Ok(Some(DirectoryEntry { name, type_ }));
    }
    if sorted.unnameable == 0 {
        return Ok(None);
    }
    sorted.unnameable -= 1;
    Err(ErrorCode::IllegalByteSequence.into())
}

pub(super) fn drop(
    state: &mut &mut RunState,
    entries: Resource<SortedEntries>,
) -> wasmtime::Result<()> {
    state.handles.delete(entries)?;
    Ok(())
}

/// A folder that is being read.
struct Listing {
    folder: Arc<File>,
    entries: Dir,
}

#[derive(Default)]
struct Piece {
    entries: Vec<(String, DescriptorType)>,
    unnameable: usize,
    is_last: bool,
}

impl Listing {
    /// Opens the folder again, because an open folder is read from where its last reader stopped.
    fn open(folder: &Arc<File>) -> io::Result<Listing> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let entries = Dir::new(openat(folder, ".", flags, Mode::empty())?)?;
        Ok(Listing {
            folder: Arc::clone(folder),
            entries,
        })
    }

    fn piece(&mut self) -> io::Result<Piece> {
        let mut piece = Piece::default();
        for _ in 0..PIECE_ENTRIES {
            let Some(entry) = self.entries.read() else {
                piece.is_last = true;
                return Ok(piece);
            };
            let entry = entry?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let mut found = entry.file_type();
            if found == FileType::Unknown {
                // Not every file system returns the type. An entry that is gone by now has none.
                let stat = statat(&self.folder, name, AtFlags::SYMLINK_NOFOLLOW);
                found = stat.map_or(found, |stat| FileType::from_raw_mode(stat.st_mode));
            }
            match name.to_str() {
                Ok(name) => piece
                    .entries
                    .push((name.to_owned(), descriptor_type(found))),
                Err(_) => piece.unnameable += 1,
            }
        }
        Ok(piece)
    }
}

fn descriptor_type(found: FileType) -> DescriptorType {
    match found {
        FileType::RegularFile => DescriptorType::RegularFile,
        FileType::Directory => DescriptorType::Directory,
        FileType::Symlink => DescriptorType::SymbolicLink,
        FileType::BlockDevice => DescriptorType::BlockDevice,
        FileType::CharacterDevice => DescriptorType::CharacterDevice,
        FileType::Fifo | FileType::Socket | FileType::Unknown => DescriptorType::Unknown,
    }
}
