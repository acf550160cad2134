//! The files beside a component.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use fractalaw_provenance::{Signatures, SignaturesError, beside, write_whole};

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

/// The signatures beside a component that is pulled. What is no file of signatures must not keep away those that are pulled,
/// so it is put aside, and returned with its new path.
pub(super) fn own_signatures(component: &Path) -> Result<(Signatures, Option<PathBuf>), Fault> {
    let is_none = match Signatures::read_beside(component) {
        Ok(signatures) => return Ok((signatures, None)),
        Err(SignaturesError::Bad { .. }) => true,
        Err(SignaturesError::Read { source, .. }) => source.kind() == ErrorKind::FileTooLarge,
    };
    if !is_none {
        return Ok((signatures_beside(component)?, None));
    }
    let path = beside(component);
    let mut aside = path.clone().into_os_string();
    aside.push(".broken");
    let aside = PathBuf::from(aside);
    fs::rename(&path, &aside).map_err(|error| {
        Fault::failed(
            format!("could not move `{}` away: {error}", path.display()),
            "name a folder that you can write to",
        )
    })?;
    Ok((Signatures::default(), Some(aside)))
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
