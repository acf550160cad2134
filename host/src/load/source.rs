//! Where a component's bytes come from, and their digest.
//!
//! A file is opened once, so that what is put in its place under its name is of no account. With a cache it is hashed
//! piece by piece first: of a large one whose code is cached, holding the bytes would cost more than all else. Else all
//! of it is read once, and what is judged, recorded and compiled are those bytes, with their own digest.

use std::borrow::Cow;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::digest::{hex, sha256};
use crate::error::{HostError, LoadError};
use crate::limits::COMPONENT_BYTES;
use crate::load::header::check_size;
use crate::regular_file;

/// Pieces in which files are read to be hashed. In a process that runs one guest, each page that is touched
/// for the first time costs more than reading it.
pub(crate) const PIECE_BYTES: usize = 16 << 10;

/// A component that nobody has looked into yet, within the size limit.
pub(crate) enum Source<'a> {
    Bytes(&'a [u8]),
    File(PathBuf, File),
}

impl Source<'static> {
    /// Opens a regular file within the size limit.
    pub(crate) fn open(path: &Path) -> Result<Source<'static>, LoadError> {
        let path = path.to_owned();
        let opened = regular_file::open(&path).and_then(|file| match file {
            Some(file) => Ok(Some((file.metadata()?.len(), file))),
            None => Ok(None),
        });
        match opened {
            Ok(Some((bytes, file))) => {
                check_size(bytes)?;
                Ok(Source::File(path, file))
            }
            Ok(None) => Err(HostError::NotAFile {
                path,
                expected: "a WebAssembly component",
            }
            .into()),
            Err(source) => Err(HostError::Read { path, source }.into()),
        }
    }
}

impl<'a> Source<'a> {
    /// SHA-256 of the bytes, in lower-case hexadecimal, without holding them.
    pub(crate) fn digest(&mut self) -> Result<String, LoadError> {
        match self {
            Source::Bytes(bytes) => Ok(sha256(bytes)),
            Source::File(path, file) => {
                let hashed = hashed(file).map_err(|source| HostError::Read {
                    path: path.clone(),
                    source,
                })?;
                Ok(hashed)
            }
        }
    }

    /// All of it. Of a file that grows while it is read, no more than a byte past the limit is taken, and what was
    /// read is then refused.
    pub(crate) fn bytes(self) -> Result<Cow<'a, [u8]>, LoadError> {
        match self {
            Source::Bytes(bytes) => Ok(Cow::Borrowed(bytes)),
            Source::File(path, mut file) => {
                let mut bytes = Vec::new();
                let read = file.rewind().and_then(|()| {
                    let mut file = file.take(COMPONENT_BYTES as u64 + 1);
                    file.read_to_end(&mut bytes)
                });
                read.map_err(|source| HostError::Read { path, source })?;
                check_size(bytes.len() as u64)?;
                Ok(Cow::Owned(bytes))
            }
        }
    }
}

/// The digest of a file as far as a component may reach.
fn hashed(file: &File) -> std::io::Result<String> {
    let mut file = file.take(COMPONENT_BYTES as u64 + 1);
    let (mut hasher, mut piece) = (Sha256::new(), vec![0; PIECE_BYTES]);
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hex(&hasher.finalize())),
            read => hasher.update(&piece[..read]),
        }
    }
}
