//! The folders of one run, which were held open since they were granted.

use std::collections::BTreeSet;
use std::io;
use std::time::Instant;

use fractalaw_manifest::guest_path;
use tokio::time::timeout_at;

use crate::error::HostError;
use crate::inputs::DirGrant;
use crate::offer::file_threads::{FileLane, FileThreads};
use crate::offer::folder::{Held, OpenFolder};

/// What a run reaches of the file system, and the threads that do this work for it.
#[derive(Default)]
pub(crate) struct Opened {
    pub(crate) folders: Vec<OpenFolder>,
    /// `None` if there is no folder, because then there is no file to work on.
    pub(crate) files: Option<FileLane>,
}

/// Checks that each variable has one value. With two values, one guest would take the first and another the last.
pub(crate) fn check_variables(env: &[(String, String)]) -> Result<(), HostError> {
    let mut seen = BTreeSet::new();
    match env.iter().find(|(name, _)| !seen.insert(name)) {
        Some((name, _)) => Err(HostError::VariableTwice { name: name.clone() }),
        None => Ok(()),
    }
}

/// Checks that each folder is at a valid path, and that no two are at the same. A guest would only find the
/// first.
pub(crate) fn check_paths(dirs: &[DirGrant]) -> Result<(), HostError> {
    let mut seen = BTreeSet::new();
    for dir in dirs {
        let guest = guest_path(&dir.guest).map_err(HostError::GuestPath)?;
        if !seen.insert(guest.clone()) {
            return Err(HostError::GrantedTwice { guest });
        }
    }
    Ok(())
}

/// The folders of these grants. If a name now leads elsewhere, the folder was moved, deleted or replaced. Then
/// the guest does not start, because neither folder is what was granted.
pub(crate) async fn open(
    threads: &FileThreads,
    dirs: &[DirGrant],
    held: Vec<Held>,
    deadline: Instant,
) -> Result<Opened, HostError> {
    if held.is_empty() {
        return Ok(Opened::default());
    }
    let mut folders = Vec::with_capacity(held.len());
    for (held, dir) in held.iter().zip(dirs) {
        let folder = held.folder().map_err(|source| HostError::Grant {
            path: held.path().to_owned(),
            source,
        })?;
        folders.push(OpenFolder {
            folder: folder.clone(),
            guest: dir.guest.clone(),
            writable: dir.writable,
        });
    }
    let files = threads.lane(folders.iter().map(|open| open.folder.device()));
    let looked_at: Vec<_> = folders.iter().map(|open| open.folder.clone()).collect();
    let moved = files.run(move || looked_at.iter().position(|folder| !folder.is_in_place()));
    let path = |index: usize| held[index].path().to_owned();
    match timeout_at(deadline.into(), moved).await {
        Ok(Ok(None)) => Ok(Opened {
            folders,
            files: Some(files),
        }),
        Ok(Ok(Some(index))) => Err(HostError::GrantMoved { path: path(index) }),
        Ok(Err(error)) => Err(HostError::Grant {
            path: path(0),
            source: io::Error::other(error),
        }),
        Err(_) => Err(HostError::Grant {
            path: path(0),
            source: io::ErrorKind::TimedOut.into(),
        }),
    }
}
