//! The files beside a component.

use std::path::{Path, PathBuf};

use fractalaw_provenance::{Signatures, SignaturesError, write_whole};

use crate::fault::Fault;

/// The folder that a file is in.
pub(super) fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The signatures beside a component.
pub(super) fn signatures_beside(component: &Path) -> Result<Signatures, Fault> {
    Signatures::read_beside(component).map_err(|error| {
        let hint = "remove the file, and sign the component again with `fractalaw sign`";
        match error {
            SignaturesError::Read { .. } => {
                Fault::failed(error.to_string(), "the file must be one that you can read")
            }
            SignaturesError::Bad { .. } => Fault::usage(error.to_string(), hint),
        }
    })
}

/// Writes a file as a whole.
pub(super) fn write(path: PathBuf, bytes: &[u8]) -> Result<(), Fault> {
    write_whole(&path, bytes).map_err(|error| {
        Fault::failed(
            format!("could not write `{}`: {error}", path.display()),
            "name a folder that you can write to, on a disk with room",
        )
    })
}
