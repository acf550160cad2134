//! The files of a model, read and held against their digests. What is served is what was verified: the bytes in memory.

use std::fs;
use std::io::Read;
use std::path::Path;

use crate::catalogue::File;
use crate::digest;
use crate::fault::Fault;
use crate::limits::FILE_BYTES;

/// Reads a file of a model.
pub(crate) fn read(folder: &Path, file: &File) -> Result<Vec<u8>, Fault> {
    let path = folder.join(&file.path);
    let shown = path.display();
    let mut bytes = Vec::new();
    fs::File::open(&path)
        .and_then(|file| {
            // One allocation of the right size. A file that grows meanwhile is cut, and has another digest then.
            bytes.reserve_exact(
                usize::try_from(file.metadata()?.len().min(FILE_BYTES)).unwrap_or(0),
            );
            file.take(FILE_BYTES).read_to_end(&mut bytes)
        })
        .map_err(|error| {
            Fault::new(
                format!("cannot read `{shown}`: {error}"),
                "fetch the files of the models: `cargo xtask models get`",
            )
        })?;
    let found = digest::hex(&bytes);
    if found != file.sha256 {
        return Err(Fault::new(
            format!(
                "`{shown}` has the SHA-256 {found}, expected {}",
                file.sha256
            ),
            "use nothing of it: remove the file, and fetch it again",
        ));
    }
    Ok(bytes)
}
