//! Decides whether a guest must be built again, by content and never by time stamps.
//!
//! After each build a record is kept, with the digests of everything that the component depends on and of the
//! outputs. A guest is fresh if all of them are still the same. Then it needs no cargo invocation at all.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use fractalaw_manifest::Manifest;
use serde::{Deserialize, Serialize};

use super::compile::Compiled;
use super::compose::COMPOSER;
use super::encode;
use super::encoder_sources;
use super::hermetic;
use super::languages;
use super::summary::Summary;
use super::toolchain::Toolchain;
use crate::digest;
use crate::language::Language;
use crate::lock::Lock;
use crate::programs;
use crate::project::Project;

/// Files at the root that the build of every guest reads. `Cargo.lock` is not among them: see [`Record`].
const SHARED: [&str; 4] = [
    "Cargo.toml",
    "rust-toolchain.toml",
    ".cargo/config.toml",
    ".cargo/config",
];

/// What was true when a guest was last built.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    /// One digest of compiler, encoder, contract, files at the root and cargo's configuration.
    common: String,
    /// The guest's packages in `Cargo.lock`. It is separate, because cargo may complete `Cargo.lock` during the
    /// build.
    lock: String,
    /// The folders of the guest and of its path dependencies.
    packages: BTreeMap<PathBuf, String>,
    /// Files and folders outside of these that were read, such as an included text.
    files: BTreeMap<PathBuf, String>,
    /// The components of the parts that it is composed of.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    parts: BTreeMap<String, String>,
    /// The two outputs as they were made, and not as they were found later.
    core: String,
    component: String,
    /// What the table says about it.
    pub(crate) summary: Summary,
}

/// The digest of what all guests have in common.
#[derive(Debug)]
pub(crate) struct Common(String);

impl Common {
    /// The same for the guests in one language.
    pub(crate) fn of(&self, language: Option<Language>) -> String {
        match language {
            None => self.0.clone(),
            Some(language) => {
                let parts = [&*self.0, &languages::identity(language)];
                digest::bytes(parts.join("\0").as_bytes())
            }
        }
    }

    pub(crate) fn look(project: &Project, toolchain: &Toolchain) -> Result<Common> {
        let mut parts = vec![
            toolchain.version.clone(),
            digest::folder(&project.root.join("wit"))?,
        ];
        for file in SHARED {
            parts.push(digest::file(&project.root.join(file))?);
        }
        // Most of these files change no guest. But `[env]`, for example, could, so none must change unnoticed.
        for file in hermetic::configuration(project) {
            parts.push(digest::file(&file)?);
        }
        parts.extend(encoder_sources::texts().map(str::to_owned));
        parts.push(encode::tools()?);
        parts.push(String::from_utf8_lossy(&Manifest::default().encode()).into_owned());
        Ok(Common(digest::bytes(parts.join("\0").as_bytes())))
    }
}

/// Read before a build, so that an edit during the build is not lost.
#[derive(Debug, Default)]
pub(crate) struct Before {
    packages: BTreeMap<PathBuf, String>,
    files: BTreeMap<PathBuf, String>,
    /// The folders of packages whose content differs from the record.
    pub(crate) changed: BTreeSet<PathBuf>,
}

/// The two outputs of a build, and the parts that are in one of them.
#[derive(Debug)]
pub(crate) struct Outputs<'a> {
    /// `None` if the guest's tools make a component at once.
    pub(crate) core: Option<&'a [u8]>,
    pub(crate) component: &'a [u8],
    pub(crate) parts: BTreeMap<String, String>,
}

impl Record {
    /// The record of the last build; `None` if it cannot be read.
    pub(crate) fn load(project: &Project, guest: &str) -> Option<Record> {
        serde_json::from_slice(&fs::read(project.record(guest)).ok()?).ok()
    }

    /// Forgets a guest, so that an interrupted build cannot look like a finished one.
    pub(crate) fn remove(project: &Project, guest: &str) -> Result<()> {
        let path = project.record(guest);
        match fs::remove_file(&path) {
            Err(error) if path.exists() => {
                Err(error).with_context(|| format!("cannot remove `{}`", path.display()))
            }
            _ => Ok(()),
        }
    }

    /// Makes the record of a build that has just ended.
    pub(crate) fn new(
        project: &Project,
        common: &str,
        before: Before,
        compiled: Option<&Compiled>,
        outputs: Outputs<'_>,
        summary: Summary,
    ) -> Result<Record> {
        let mut packages = before.packages;
        let read = Default::default();
        let (folders, sources) = match compiled {
            Some(compiled) => (&compiled.packages, &compiled.sources),
            None => (
                &of_another_language(project, &summary.name, &outputs),
                &read,
            ),
        };
        packages.retain(|folder, _| folders.contains(&project.root.join(folder)));
        for folder in folders {
            if let Entry::Vacant(entry) = packages.entry(project.relative(folder).to_owned()) {
                entry.insert(digest::package(folder)?);
            }
        }
        let mut files = BTreeMap::new();
        for file in sources {
            let mut folders = folders.iter();
            if folders.any(|folder| digest::is_in_package(folder, file)) {
                continue;
            }
            let file = project.relative(file);
            let digest = match before.files.get(file) {
                Some(digest) => digest.clone(),
                None => outside(project, file)?,
            };
            files.insert(file.to_owned(), digest);
        }
        Ok(Record {
            common: common.to_owned(),
            lock: locked(
                project,
                &Lock::read(&project.root)?,
                &summary.name,
                &outputs.parts,
            )?,
            packages,
            files,
            core: outputs
                .core
                .map_or_else(|| digest::ABSENT.to_owned(), digest::bytes),
            component: digest::bytes(outputs.component),
            parts: outputs.parts,
            summary,
        })
    }

    /// What was read: the folders of packages, and files and folders outside of them.
    pub(crate) fn read(&self) -> impl Iterator<Item = &Path> {
        let read = self.packages.keys().chain(self.files.keys());
        read.map(PathBuf::as_path)
    }

    /// Writes the record, after all other outputs.
    pub(crate) fn store(&self, project: &Project) -> Result<()> {
        let text = serde_json::to_vec_pretty(self).context("cannot encode a record")?;
        crate::files::write_atomically(&project.record(&self.summary.name), &text)
    }

    /// Whether everything is as it was recorded.
    pub(crate) fn holds(&self, project: &Project, common: &str, lock: &Lock) -> Result<bool> {
        let guest = &self.summary.name;
        Ok(self.common == common
            && self.lock == locked(project, lock, guest, &self.parts)?
            && same(&self.packages, |folder| {
                digest::package(&project.root.join(folder))
            })?
            && same(&self.files, |file| outside(project, file))?
            && self.has_parts_as_they_are(project)?
            && self.core == digest::file(&project.core_module(guest))?
            && self.component == digest::file(&project.component(guest))?)
    }
}

/// The folders that a guest in another language was built from: its own, and those of the WIT packages of its parts.
fn of_another_language(project: &Project, guest: &str, outputs: &Outputs<'_>) -> BTreeSet<PathBuf> {
    let parts = outputs.parts.keys();
    let wit = parts.map(|part| languages::wit_folder(project, part));
    wit.chain([project.guest_folder(guest)]).collect()
}

impl Record {
    fn has_parts_as_they_are(&self, project: &Project) -> Result<bool> {
        for (part, recorded) in &self.parts {
            if digest::file(&project.component(part))? != *recorded {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The guest's packages in `Cargo.lock`, and those of the composer if the guest is composed.
fn locked(
    project: &Project,
    lock: &Lock,
    guest: &str,
    parts: &BTreeMap<String, String>,
) -> Result<String> {
    let own = lock.digest(guest);
    if parts.is_empty() {
        return Ok(own);
    }
    let composer = match project.is_ours() {
        true => lock.digest(COMPOSER),
        false => Lock::read(&programs::sources(project)?)?.digest(COMPOSER),
    };
    Ok(format!("{own} {composer}"))
}

impl Before {
    /// Reads again what the last build read.
    ///
    /// Nothing is known of a guest without a record, so it counts as changed. A change to a file outside of the
    /// packages cannot be assigned to one of them, and counts for all.
    pub(crate) fn look(project: &Project, guest: &str, record: Option<&Record>) -> Result<Before> {
        let own = project.guest_folder(guest);
        let own = project.relative(&own).to_owned();
        let mut before = Before::default();
        before
            .packages
            .insert(own.clone(), digest::package(&project.root.join(&own))?);
        let Some(record) = record else {
            before.changed.insert(project.root.join(own));
            return Ok(before);
        };
        for file in record.files.keys() {
            before.files.insert(file.clone(), outside(project, file)?);
        }
        for (folder, recorded) in &record.packages {
            let now = digest::package(&project.root.join(folder))?;
            if before.files != record.files || now != *recorded {
                before.changed.insert(project.root.join(folder));
            }
            before.packages.insert(folder.clone(), now);
        }
        Ok(before)
    }
}

/// The digest of what was read outside of the packages. If the target folder is inside it, that part is left out,
/// because each build changes it.
fn outside(project: &Project, path: &Path) -> Result<String> {
    let built = [project.target.clone(), hermetic::build_folder(project)];
    digest::any(&project.root.join(path), &built)
}

fn same(
    recorded: &BTreeMap<PathBuf, String>,
    now: impl Fn(&Path) -> Result<String>,
) -> Result<bool> {
    for (path, digest) in recorded {
        if now(path)? != *digest {
            return Ok(false);
        }
    }
    Ok(true)
}
