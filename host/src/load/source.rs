//! Where a component's bytes come from, and their digest.
//!
//! A file is opened once, so nothing changes if another file gets its name. With a cache, the file is first
//! hashed piece by piece: for a large component whose code is cached, holding the bytes would cost more than
//! everything else. Otherwise the whole file is read once, and these bytes, with their own digest, are judged,
//! recorded and compiled.

use std::borrow::Cow;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::digest::{hex, sha256};
use crate::error::{HostError, LoadError};
use crate::limits::COMPONENT_BYTES;
use crate::load::header::check_size;
use crate::load::papers::Papers;
use crate::regular_file;

/// The pieces in which files are read to be hashed. In a process that runs one guest, touching a page for the
/// first time costs more than reading it.
pub(crate) const PIECE_BYTES: usize = 16 << 10;

/// A component within the size limit whose contents were not read yet.
pub(crate) enum Source<'a> {
    Bytes(&'a [u8], Papers),
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
    /// Where to find who vouches for it.
    pub(crate) fn papers(&self) -> Papers {
        match self {
            Source::Bytes(_, papers) => papers.clone(),
            Source::File(path, _) => Papers::Beside(path.clone()),
        }
    }

    /// The SHA-256 of the bytes, in lower-case hexadecimal, computed without holding them.
    pub(crate) fn digest(&mut self) -> Result<String, LoadError> {
        match self {
            Source::Bytes(bytes, _) => Ok(sha256(bytes)),
            Source::File(path, file) => {
                let hashed = hashed(file).map_err(|source| HostError::Read {
                    path: path.clone(),
                    source,
                })?;
                Ok(hashed)
            }
        }
    }

    /// All bytes. If a file grows while it is read, at most one byte past the limit is read, and then it is
    /// refused.
    pub(crate) fn bytes(self) -> Result<Cow<'a, [u8]>, LoadError> {
        match self {
            Source::Bytes(bytes, _) => Ok(Cow::Borrowed(bytes)),
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

/// The digest of a file, up to the largest size of a component.
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
