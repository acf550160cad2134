//! Where a component's bytes come from, and the digest by which the cache finds its code.
//!
//! A file is opened once, so nothing changes if another file gets its name. With a cache, the file is first
//! hashed piece by piece: for a large component whose code is cached, holding the bytes would cost more than
//! everything else. Otherwise the whole file is read once, and these bytes, with their own digest, are judged,
//! recorded and compiled.

use std::borrow::Cow;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

use crate::error::{HostError, LoadError};
use crate::limits::COMPONENT_BYTES;
use crate::load::content;
use crate::load::header::check_size;
use crate::load::papers::Papers;
use crate::regular_file;

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

    /// Whether it has at most so many bytes. A file that cannot be asked has more.
    pub(crate) fn is_at_most(&self, bytes: u64) -> bool {
        match self {
            Source::Bytes(own, _) => own.len() as u64 <= bytes,
            Source::File(_, file) => file.metadata().is_ok_and(|own| own.len() <= bytes),
        }
    }

    /// The digest of the content, computed without holding it.
    pub(crate) fn content(&self) -> Result<String, LoadError> {
        match self {
            Source::Bytes(bytes, _) => Ok(content::of_bytes(bytes)),
            Source::File(path, file) => {
                let bytes = file.metadata().map(|metadata| metadata.len());
                let hashed = bytes.and_then(|bytes| {
                    content::of_file(file, bytes.min(COMPONENT_BYTES as u64 + 1))
                });
                let read = |source| HostError::Read {
                    path: path.clone(),
                    source,
                };
                Ok(hashed.map_err(read)?)
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
