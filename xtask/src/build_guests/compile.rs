//! From guest source to core module: one cargo invocation for each guest.
//!
//! Guests are never built in one invocation, because cargo unifies the features of all packages that are selected
//! together, and a guest's bytes may depend on that guest alone.
//!
//! Dependencies are compiled once for all guests. The output of each guest has a target folder of its own, and
//! its path comes from cargo's message for exactly this package. Cargo decides by time stamps and names, while
//! this crate decides by content. They can disagree, because an edit kept an old time stamp or because two
//! libraries have the same name. Then cargo is made to forget what it compiled.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::guest_cargo::{self, Artifact, Ended};
use super::guest_profile::{self, PROFILE};
use super::hermetic;
use super::toolchain::{TARGET, Toolchain};
use crate::fault::{guest as fault, list};
use crate::lock::Lock;
use crate::project::Project;

/// The result of a compilation.
#[derive(Debug)]
pub(crate) struct Compiled {
    /// The core module.
    pub(crate) module: Vec<u8>,
    /// The folders of the guest and of the path dependencies that went into it.
    pub(crate) packages: BTreeSet<PathBuf>,
    /// The files that the compiler and our build scripts read, except for files that these made.
    pub(crate) sources: BTreeSet<PathBuf>,
}

/// Compiles guests, one at a time.
#[derive(Debug)]
pub(crate) struct Compiler<'a> {
    project: &'a Project,
    toolchain: &'a mut Toolchain,
    /// The packages that cargo was made to forget in this process. Once is enough.
    forgotten: BTreeSet<PathBuf>,
    /// Modules have the lines of their sources too.
    has_lines: bool,
}

impl<'a> Compiler<'a> {
    pub(crate) fn new(project: &'a Project, toolchain: &'a mut Toolchain) -> Self {
        Compiler {
            project,
            toolchain,
            forgotten: BTreeSet::new(),
            has_lines: false,
        }
    }

    /// A compiler whose modules say from which lines their code comes. What is written in the workspace is not optimised,
    /// because optimised code has lost most of its lines, and has some in the wrong place.
    pub(crate) fn with_lines(project: &'a Project, toolchain: &'a mut Toolchain) -> Self {
        Compiler {
            has_lines: true,
            ..Compiler::new(project, toolchain)
        }
    }

    /// Compiles one guest. `changed` are the folders of packages whose content changed since they were last
    /// compiled. For these, cargo is not trusted when it says that they are fresh.
    pub(crate) fn compile(&mut self, guest: &str, changed: &BTreeSet<PathBuf>) -> Result<Compiled> {
        let mut ended = self.build(guest)?;
        let is_stale = |artifact: &&Artifact| {
            let folder = artifact.folder();
            artifact.is_local()
                && artifact.fresh
                && (artifact.has_a_shared_name()
                    || changed.contains(folder) && !self.forgotten.contains(folder))
        };
        let stale: Vec<&Artifact> = ended.artifacts.iter().filter(is_stale).collect();
        if !stale.is_empty() {
            self.forget(guest, &stale)?;
            let folders: Vec<PathBuf> = stale.iter().map(|one| one.folder().to_owned()).collect();
            self.forgotten.extend(folders);
            ended = self.build(guest)?;
        }
        compiled(self.project, guest, &ended)
    }

    fn build(&mut self, guest: &str) -> Result<Ended> {
        let sysroot = self.toolchain.ready(self.project)?.to_owned();
        let mut command = self.cargo(guest, "build");
        command
            .args(["--package", guest, "--lib"])
            .args(guest_profile::arguments(self.project)?)
            .args(self.lines(guest)?)
            .arg("--message-format=json-render-diagnostics")
            .env(
                "CARGO_ENCODED_RUSTFLAGS",
                hermetic::rustflags(self.project, self.toolchain, &sysroot),
            );
        // The first build compiles the bindings generator for most of a minute, so it shows progress.
        let compiled = hermetic::build_folder(self.project)
            .join(TARGET)
            .join(PROFILE);
        let first = !compiled.exists();
        if !first {
            command.arg("--quiet");
        }
        let ended = guest_cargo::run(&mut command, "cargo build", first)?;
        if !ended.success {
            let withheld = hermetic::withheld(&ended.said);
            let fault = fault(format!("`{guest}` does not compile"));
            return Err(match &withheld[..] {
                [] => fault.hint("the compiler's messages stand above"),
                names => fault.hint(format!(
                    "a guest's build does not get {} of the environment: what it needs belongs into `[env]` of \
                     `.cargo/config.toml`",
                    list(names)
                )),
            }
            .into());
        }
        Ok(ended)
    }

    /// What the profile has otherwise if lines are wanted, as arguments.
    fn lines(&self, guest: &str) -> Result<Vec<String>> {
        if !self.has_lines {
            return Ok(Vec::new());
        }
        let mut keys = vec![
            "debug=\"line-tables-only\"".to_owned(),
            "strip=\"none\"".to_owned(),
            "lto=\"off\"".to_owned(),
        ];
        for package in Lock::read(&self.project.root)?.written_here(guest) {
            keys.push(format!("package.{package}.opt-level=0"));
        }
        let arguments = keys.into_iter();
        let arguments =
            arguments.flat_map(|key| ["--config".to_owned(), format!("profile.{PROFILE}.{key}")]);
        Ok(arguments.collect())
    }

    fn forget(&self, guest: &str, artifacts: &[&Artifact]) -> Result<()> {
        let mut command = self.cargo(guest, "clean");
        command.arg("--quiet");
        for artifact in artifacts {
            command.args(["--package", &artifact.package_id]);
        }
        if !guest_cargo::run(&mut command, "cargo clean", false)?.success {
            return Err(fault("`cargo clean` failed").into());
        }
        Ok(())
    }

    /// A cargo that works in the guest's own target folder, so that no other guest writes to it.
    fn cargo(&self, guest: &str, subcommand: &str) -> Command {
        let mut command = hermetic::cargo(self.project);
        command
            .args([
                subcommand,
                "--target",
                TARGET,
                "--profile",
                PROFILE,
                "--target-dir",
            ])
            .arg(match self.has_lines {
                true => self.project.lines_outputs(guest),
                false => self.project.cargo_outputs(guest),
            });
        command
    }
}

/// Reads the output from where cargo says it is.
fn compiled(project: &Project, guest: &str, ended: &Ended) -> Result<Compiled> {
    let folder = project.rust_folder(guest);
    let local = || {
        ended
            .artifacts
            .iter()
            .filter(|artifact| artifact.is_local())
    };
    let module = local()
        .filter(|artifact| artifact.folder() == folder)
        .find_map(Artifact::module)
        .ok_or_else(|| fault(format!("cargo has made no WebAssembly module of `{guest}`")))?;
    let mut sources = sources(&module.with_extension("d"))?;
    sources.retain(|file| !ended.out_folders.iter().any(|out| file.starts_with(out)));
    Ok(Compiled {
        module: fs::read(module).with_context(|| format!("cannot read `{}`", module.display()))?,
        packages: local()
            .map(|artifact| artifact.folder().to_owned())
            .collect(),
        sources,
    })
}

/// Returns the files in a dep-info file: `output: file file …`, with blanks in names escaped.
fn sources(dep_info: &Path) -> Result<BTreeSet<PathBuf>> {
    let text = fs::read_to_string(dep_info)
        .with_context(|| format!("cannot read `{}`", dep_info.display()))?;
    let mut files = BTreeSet::new();
    for line in text.lines() {
        let Some((_, names)) = line.split_once(": ") else {
            continue;
        };
        let names = names.replace("\\ ", "\0");
        for name in names.split_whitespace() {
            let name = PathBuf::from(name.replace('\0', " "));
            // The name of an included file starts at the folder of the source that includes it.
            files.insert(fs::canonicalize(&name).unwrap_or(name));
        }
    }
    Ok(files)
}
