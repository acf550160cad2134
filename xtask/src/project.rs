//! The workspace that a command works on: its root, its target folder, its guests.
//!
//! It is found from the current directory, and not from where `xtask` was compiled. So the tests can use the same
//! program on a scratch workspace.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::fault::{Fault, USAGE, list, nearest};
use crate::language::{self, Language};
use crate::settings::Settings;

pub(crate) use fractalaw_workspace::is_library;

/// The folder of guests.
const GUESTS: &str = fractalaw_workspace::FOLDER;

/// A workspace on disk.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
    /// `None` for the repository of these commands.
    pub(crate) settings: Option<Settings>,
    /// The guests in Rust that are not in `guests/`. Commands that make guests make them there.
    elsewhere: OnceCell<BTreeMap<String, PathBuf>>,
}

impl Project {
    /// Goes up from the current directory to the `Cargo.toml` that has a `[workspace]`.
    pub(crate) fn find() -> Result<Project> {
        let here = env::current_dir().context("cannot tell the current directory")?;
        for folder in here.ancestors() {
            let manifest = folder.join("Cargo.toml");
            if !manifest.is_file() {
                continue;
            }
            let cargo = read_toml(&manifest)?;
            if cargo.contains_key("workspace") {
                let target = match env::var_os("CARGO_TARGET_DIR").filter(|dir| !dir.is_empty()) {
                    Some(dir) => here.join(dir),
                    None => folder.join("target"),
                };
                return Project::new(folder.to_owned(), target, &cargo);
            }
        }
        Err(Fault::new(
            USAGE,
            format!("no workspace at or above `{}`", here.display()),
        )
        .hint("run `cargo xtask` inside a clone of the repository")
        .into())
    }

    /// The workspace in a folder, with another target folder.
    pub(crate) fn at(root: PathBuf, target: PathBuf) -> Result<Project> {
        let cargo = read_toml(&root.join("Cargo.toml"))?;
        Project::new(root, target, &cargo)
    }

    fn new(root: PathBuf, target: PathBuf, cargo: &toml::Table) -> Result<Project> {
        Ok(Project {
            root,
            target,
            settings: Settings::of(cargo)?,
            elsewhere: OnceCell::new(),
        })
    }

    /// Whether it is the repository of these commands.
    pub(crate) fn is_ours(&self) -> bool {
        self.settings.is_none()
    }

    /// Whether the host's package has a test target `it`.
    pub(crate) fn has_integration_tests(&self) -> bool {
        let Some(own) = &self.settings else {
            return true;
        };
        let mut packages = [&own.host].into_iter().chain(&own.also);
        packages.any(|package| {
            let folder = fractalaw_workspace::member(&self.root, package);
            let has = |file: &str| {
                folder
                    .as_ref()
                    .is_some_and(|folder| folder.join(file).is_file())
            };
            has("tests/it.rs") || has("tests/it/main.rs")
        })
    }

    /// The names of all guests, sorted.
    pub(crate) fn guests(&self) -> Result<Vec<String>> {
        let mut names = self.rust_guests()?;
        for language in Language::ALL {
            names.extend(self.folders_with(&self.language_folder(language), language::MANIFEST)?);
        }
        names.sort();
        Ok(names)
    }

    /// The guests in Rust: see [`fractalaw_workspace`].
    pub(crate) fn rust_guests(&self) -> Result<Vec<String>> {
        let mut names = self.packages()?;
        names.retain(|name| !is_library(name));
        names.extend(self.elsewhere().keys().cloned());
        names.sort();
        names.dedup();
        Ok(names)
    }

    fn elsewhere(&self) -> &BTreeMap<String, PathBuf> {
        self.elsewhere
            .get_or_init(|| fractalaw_workspace::elsewhere(&self.root))
    }

    /// The folder of a guest in Rust, or of a library.
    pub(crate) fn rust_folder(&self, name: &str) -> PathBuf {
        let inside = self.root.join(GUESTS).join(name);
        match self.elsewhere().get(name) {
            Some(folder) if !inside.join("Cargo.toml").is_file() => folder.clone(),
            _ => inside,
        }
    }

    /// The language of a guest; `None` for Rust.
    pub(crate) fn language(&self, guest: &str) -> Option<Language> {
        let has = |language: &Language| {
            let folder = self.language_folder(*language).join(guest);
            folder.join(language::MANIFEST).is_file()
        };
        match self.rust_folder(guest).join("Cargo.toml").is_file() {
            true => None,
            false => Language::ALL.into_iter().find(has),
        }
    }

    /// The folder of a guest's source.
    pub(crate) fn guest_folder(&self, guest: &str) -> PathBuf {
        match self.language(guest) {
            None => self.rust_folder(guest),
            Some(language) => self.language_folder(language).join(guest),
        }
    }

    fn language_folder(&self, language: Language) -> PathBuf {
        self.root.join(GUESTS).join(language.folder())
    }

    /// The libraries in `guests/` that guests share. They are compiled with each guest that uses them.
    pub(crate) fn libraries(&self) -> Result<Vec<String>> {
        let mut names = self.packages()?;
        names.retain(|name| is_library(name));
        Ok(names)
    }

    fn packages(&self) -> Result<Vec<String>> {
        let found = fractalaw_workspace::in_guests(&self.root);
        let found =
            found.with_context(|| format!("cannot list `{}`", self.root.join(GUESTS).display()))?;
        Ok(found.into_keys().collect())
    }

    /// The names of the folders in a folder that contain this file.
    fn folders_with(&self, folder: &Path, file: &str) -> Result<Vec<String>> {
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let mut names = Vec::new();
        for entry in
            fs::read_dir(folder).with_context(|| format!("cannot list `{}`", folder.display()))?
        {
            let entry = entry?;
            if entry.path().join(file).is_file() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    /// The guests that were asked for, sorted and each once. All guests if none was named.
    pub(crate) fn select(&self, asked: &[String]) -> Result<Vec<String>> {
        let known = self.guests()?;
        for name in asked {
            if self.libraries()?.contains(name) {
                return Err(Fault::new(
                    USAGE,
                    format!("`{name}` is a library that guests share, expected a guest"),
                )
                .hint(format!(
                    "it is built with the guests that depend on it; guests: {}",
                    list(&known)
                ))
                .into());
            }
            if !known.contains(name) {
                let near = nearest(name, known.iter().map(String::as_str));
                return Err(Fault::new(USAGE, format!("no guest is called `{name}`"))
                    .hint(match near {
                        Some(near) => format!("did you mean `{near}`? guests: {}", list(&known)),
                        None => format!("guests: {}", list(&known)),
                    })
                    .into());
            }
        }
        Ok(known
            .into_iter()
            .filter(|name| asked.is_empty() || asked.contains(name))
            .collect())
    }

    /// The folder of built guests.
    pub(crate) fn outputs(&self) -> PathBuf {
        self.target.join("guests")
    }

    /// The workspace's own ledger, which records a run if no other ledger is named.
    pub(crate) fn ledger(&self) -> PathBuf {
        self.target.join("ledger").join("audit.ledger")
    }

    /// A guest's component.
    pub(crate) fn component(&self, guest: &str) -> PathBuf {
        self.outputs().join(format!("{guest}.wasm"))
    }

    /// A guest's core module, as the compiler made it.
    pub(crate) fn core_module(&self, guest: &str) -> PathBuf {
        self.outputs().join("core").join(format!("{guest}.wasm"))
    }

    /// The record of a guest's last build.
    pub(crate) fn record(&self, guest: &str) -> PathBuf {
        self.outputs().join("fresh").join(format!("{guest}.json"))
    }

    /// The target folder that cargo uses for a guest.
    pub(crate) fn cargo_outputs(&self, guest: &str) -> PathBuf {
        self.outputs().join("cargo").join(guest)
    }

    /// The folder in which guests in other languages are built.
    pub(crate) fn workshop(&self) -> PathBuf {
        self.outputs().join("workshop")
    }

    /// The target folder that cargo uses for a guest whose code has the lines of its sources.
    pub(crate) fn lines_outputs(&self, guest: &str) -> PathBuf {
        self.target.join("coverage/cargo").join(guest)
    }

    /// `path` for messages and records: relative to the root if it is below the root.
    pub(crate) fn relative<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(&self.root).unwrap_or(path)
    }
}

/// The cargo that started us, or the one on the path.
pub(crate) fn cargo_program() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Reads a TOML file into a table.
pub(crate) fn read_toml(path: &Path) -> Result<toml::Table> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    text.parse()
        .with_context(|| format!("`{}` is not valid TOML", path.display()))
}
