//! Guest source to core module: one cargo invocation for one guest.
//!
//! One for each and never one for all, because cargo unifies the features of all packages that are
//! selected together, and a guest's bytes may depend on that guest alone.
//!
//! Cargo decides by time stamps, this crate by content. Where the two disagree, because an edit kept
//! an old time stamp, cargo is made to forget what it compiled.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::fault::guest as fault;
use crate::hermetic::{self, PROFILE};
use crate::project::Project;
use crate::toolchain::{TARGET, Toolchain};

/// What a compilation left behind.
#[derive(Debug)]
pub(crate) struct Compiled {
    /// The core module, where cargo put it.
    pub(crate) module: PathBuf,
    /// Whether cargo found everything fresh.
    pub(crate) fresh: bool,
    /// The folders of the guest and of the path dependencies that went into it.
    pub(crate) packages: BTreeSet<PathBuf>,
    /// The source files that rustc read, as far as they are ours.
    pub(crate) sources: BTreeSet<PathBuf>,
}

/// Compiles guests, one at a time.
#[derive(Debug)]
pub(crate) struct Compiler<'a> {
    project: &'a Project,
    toolchain: &'a mut Toolchain,
    /// Packages that cargo was made to forget in this process: once is enough.
    forgotten: BTreeSet<PathBuf>,
}

impl<'a> Compiler<'a> {
    pub(crate) fn new(project: &'a Project, toolchain: &'a mut Toolchain) -> Self {
        Compiler {
            project,
            toolchain,
            forgotten: BTreeSet::new(),
        }
    }

    /// Compiles one guest. `changed` are the folders of packages whose content is not what it was
    /// when they were last compiled; cargo is not believed when it calls one of them fresh.
    pub(crate) fn compile(&mut self, guest: &str, changed: &BTreeSet<PathBuf>) -> Result<Compiled> {
        let mut artifacts = self.build(guest)?;
        let stale: Vec<(&str, &Path)> = artifacts
            .iter()
            .filter(|artifact| artifact.fresh && artifact.is_local())
            .map(|artifact| (&*artifact.package_id, artifact.folder()))
            .filter(|(_, folder)| changed.contains(*folder) && !self.forgotten.contains(*folder))
            .collect();
        if !stale.is_empty() {
            self.forget(&stale)?;
            self.forgotten
                .extend(stale.iter().map(|(_, folder)| folder.to_path_buf()));
            artifacts = self.build(guest)?;
        }
        compiled(self.project, guest, &artifacts)
    }

    fn build(&mut self, guest: &str) -> Result<Vec<Artifact>> {
        let sysroot = self.toolchain.ready(self.project)?.to_owned();
        let mut command = hermetic::cargo(self.project);
        command
            .args([
                "build",
                "--package",
                guest,
                "--lib",
                "--target",
                TARGET,
                "--profile",
                PROFILE,
            ])
            .args(hermetic::profile(self.project)?)
            .arg("--message-format=json-render-diagnostics")
            .env(
                "CARGO_ENCODED_RUSTFLAGS",
                hermetic::rustflags(self.project, self.toolchain, &sysroot),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        // The first build compiles the bindings generator for most of a minute: show that it moves.
        if self.project.target.join(TARGET).join(PROFILE).exists() {
            command.arg("--quiet");
        }
        let mut child = command.spawn().context("cannot start `cargo build`")?;
        let stdout = child.stdout.take().context("`cargo build` has no output")?;
        let mut artifacts = Vec::new();
        for line in BufReader::new(stdout).lines() {
            let line = line.context("cannot read the output of `cargo build`")?;
            if let Ok(Message::CompilerArtifact(artifact)) = serde_json::from_str(&line) {
                artifacts.push(artifact);
            }
        }
        if !child
            .wait()
            .context("cannot wait for `cargo build`")?
            .success()
        {
            return Err(fault(format!("`{guest}` does not compile"))
                .hint("the compiler's messages stand above")
                .into());
        }
        Ok(artifacts)
    }

    fn forget(&self, packages: &[(&str, &Path)]) -> Result<()> {
        let mut command = hermetic::cargo(self.project);
        command.args(["clean", "--quiet", "--target", TARGET, "--profile", PROFILE]);
        for (package, _) in packages {
            command.args(["--package", package]);
        }
        if !command
            .status()
            .context("cannot start `cargo clean`")?
            .success()
        {
            return Err(fault("`cargo clean` failed").into());
        }
        Ok(())
    }
}

/// Cargo's messages, as far as they matter here.
#[derive(Debug, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
enum Message {
    CompilerArtifact(Artifact),
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
struct Artifact {
    package_id: String,
    manifest_path: PathBuf,
    filenames: Vec<PathBuf>,
    fresh: bool,
}

impl Artifact {
    fn is_local(&self) -> bool {
        self.package_id.starts_with("path+")
    }

    fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }
}

/// Reads from cargo's messages what there is now.
fn compiled(project: &Project, guest: &str, artifacts: &[Artifact]) -> Result<Compiled> {
    let folder = project.root.join("guests").join(guest);
    let module = artifacts
        .iter()
        .filter(|artifact| artifact.is_local() && artifact.folder() == folder)
        .flat_map(|artifact| &artifact.filenames)
        .find(|file| {
            file.extension()
                .is_some_and(|extension| extension == "wasm")
        })
        .ok_or_else(|| {
            fault(format!("`{guest}` gives no WebAssembly module")).hint(format!(
                "`guests/{guest}/Cargo.toml` needs `[lib]` with `crate-type = [\"cdylib\"]`"
            ))
        })?;
    Ok(Compiled {
        module: module.clone(),
        fresh: artifacts.iter().all(|artifact| artifact.fresh),
        packages: artifacts
            .iter()
            .filter(|artifact| artifact.is_local())
            .map(|artifact| artifact.folder().to_owned())
            .collect(),
        sources: sources(&module.with_extension("d"))?,
    })
}

/// The files named in a dep-info file: `output: file file …`, blanks within a name escaped.
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
            // An included file is named by way of the folder of the source that includes it.
            files.insert(fs::canonicalize(&name).unwrap_or(name));
        }
    }
    Ok(files)
}
