//! Checks the folder of built guests while another guest is built.
//!
//! A build script or a macro of one guest runs with all rights of whoever builds. It could replace another
//! guest's component, and the record that calls it fresh. So the folder is read before cargo runs and after it. A
//! process that outlives the build is not noticed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::digest;
use crate::fault::{Fault, guest as fault, list};
use crate::project::Project;

/// Files with their digests.
#[derive(Debug)]
pub(crate) struct Standing(BTreeMap<PathBuf, String>);

impl Standing {
    /// Reads the components, core modules and records.
    pub(crate) fn look(project: &Project) -> Result<Standing> {
        let outputs = project.outputs();
        let mut files = BTreeMap::new();
        for folder in [outputs.join("core"), outputs.join("fresh"), outputs] {
            let entries = match fs::read_dir(&folder) {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                entries => {
                    entries.with_context(|| format!("cannot list `{}`", folder.display()))?
                }
            };
            for entry in entries {
                let path = entry?.path();
                if path
                    .extension()
                    .is_some_and(|end| end == "wasm" || end == "json")
                {
                    let digest = digest::any(&path, &[])?;
                    files.insert(path, digest);
                }
            }
        }
        Ok(Standing(files))
    }

    /// Returns an error if anything changed while `guest` was built. The files of the affected guests are
    /// deleted, so that they are built again.
    pub(crate) fn check(&self, project: &Project, guest: &str) -> Result<()> {
        let now = Standing::look(project)?;
        let paths: BTreeSet<&Path> = self
            .0
            .keys()
            .chain(now.0.keys())
            .map(PathBuf::as_path)
            .collect();
        let changed: Vec<&Path> = paths
            .into_iter()
            .filter(|path| self.0.get(*path) != now.0.get(*path))
            .collect();
        if changed.is_empty() {
            return Ok(());
        }
        for name in changed.iter().filter_map(|path| path.file_stem()) {
            let name = name.to_string_lossy();
            for path in [
                project.record(&name),
                project.component(&name),
                project.core_module(&name),
            ] {
                remove(&path)?;
            }
        }
        Err(tampered(project, guest, &changed).into())
    }
}

fn remove(path: &Path) -> Result<()> {
    let removed = if path.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove `{}`", path.display()))
        }
        _ => Ok(()),
    }
}

fn tampered(project: &Project, guest: &str, changed: &[&Path]) -> Fault {
    let files = changed
        .iter()
        .map(|path| project.relative(path).display().to_string());
    fault(format!(
        "what runs while `{guest}` is built has changed {}, expected to be left alone",
        list(files)
    ))
    .hint(format!(
        "look at the build script of `{guest}`, and at those and the macros of its dependencies, before you \
         build it again; the guests whose files were changed are built anew"
    ))
}
