//! Where a component's bytes come from, and their digest.
//!
//! A component whose code is cached is only hashed, piece by piece: of a large one, holding the bytes would
//! cost more than all else.

use std::borrow::Cow;
use std::fmt::Write;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::error::{HostError, LoadError};
use crate::limits::COMPONENT_BYTES;
use crate::{preflight, regular_file};

/// Pieces in which files are read to be hashed. In a process that runs one guest, each page that is touched
/// for the first time costs more than reading it.
pub(crate) const PIECE_BYTES: usize = 16 << 10;

/// A component, not yet examined.
pub(crate) enum Source<'a> {
    Bytes(&'a [u8]),
    File(&'a Path),
}

impl<'a> Source<'a> {
    /// SHA-256 of the bytes, in lower-case hexadecimal.
    pub(crate) fn digest(&self) -> Result<String, LoadError> {
        match self {
            Source::Bytes(bytes) => Ok(digest(bytes)),
            Source::File(path) => {
                let failed = |source| HostError::Read {
                    path: (*path).to_owned(),
                    source,
                };
                let mut file = open(path)?;
                let (mut hasher, mut piece) = (Sha256::new(), vec![0; PIECE_BYTES]);
                loop {
                    match file.read(&mut piece).map_err(failed)? {
                        0 => return Ok(hex(&hasher.finalize())),
                        read => hasher.update(&piece[..read]),
                    }
                }
            }
        }
    }

    /// All of it.
    pub(crate) fn bytes(&self) -> Result<Cow<'a, [u8]>, LoadError> {
        match self {
            Source::Bytes(bytes) => Ok(Cow::Borrowed(bytes)),
            Source::File(path) => {
                let mut bytes = Vec::new();
                open(path)?
                    .read_to_end(&mut bytes)
                    .map_err(|source| HostError::Read {
                        path: (*path).to_owned(),
                        source,
                    })?;
                Ok(Cow::Owned(bytes))
            }
        }
    }
}

/// SHA-256, in lower-case hexadecimal.
pub(crate) fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Opens a regular file within the size limit. Of one that grows while it is read, no more than a byte
/// past the limit is taken, and what was read is then refused.
fn open(path: &Path) -> Result<impl Read, LoadError> {
    let failed = |source| HostError::Read {
        path: path.to_owned(),
        source,
    };
    let Some(file) = regular_file::open(path).map_err(failed)? else {
        return Err(HostError::NotAFile {
            path: path.to_owned(),
            expected: "a WebAssembly component",
        }
        .into());
    };
    preflight::check_size(file.metadata().map_err(failed)?.len())?;
    Ok(file.take(COMPONENT_BYTES as u64 + 1))
}

fn hex(digest: &[u8]) -> String {
    digest
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            write!(text, "{byte:02x}").expect("a string takes it");
            text
        })
}
