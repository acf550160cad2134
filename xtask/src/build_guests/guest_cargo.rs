//! Starts cargo for a guest. Its messages for programs are read, and its text for people is passed on and kept.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::children;

/// The bytes of cargo's text that are kept. An error is about its last words.
const SAID_BYTES: usize = 1 << 20;

/// How a cargo process ended, and what it said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) success: bool,
    pub(crate) artifacts: Vec<Artifact>,
    /// The folders that build scripts were given to write into: `OUT_DIR`.
    pub(crate) out_folders: BTreeSet<PathBuf>,
    /// The end of its standard error.
    pub(crate) said: String,
}

/// Something that was compiled.
#[derive(Debug, Deserialize)]
pub(crate) struct Artifact {
    pub(crate) package_id: String,
    pub(crate) filenames: Vec<PathBuf>,
    pub(crate) fresh: bool,
    manifest_path: PathBuf,
    target: Target,
}

#[derive(Debug, Deserialize)]
struct Target {
    crate_types: Vec<String>,
}

/// Cargo's messages, as far as they matter here.
#[derive(Debug, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
enum Message {
    CompilerArtifact(Artifact),
    BuildScriptExecuted {
        out_dir: PathBuf,
    },
    #[serde(other)]
    Other,
}

impl Artifact {
    /// Whether its package is a folder of ours, and not from a registry.
    pub(crate) fn is_local(&self) -> bool {
        self.package_id.starts_with("path+")
    }

    /// The folder of its package.
    pub(crate) fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }

    /// Whether the file has only the name of the library. Then a library with the same name, or one compiled with
    /// other flags, is written to the same place, and cargo calls the file there fresh.
    pub(crate) fn has_a_shared_name(&self) -> bool {
        let kinds = &self.target.crate_types;
        kinds.iter().any(|kind| kind == "cdylib" || kind == "dylib")
    }

    /// The WebAssembly module among its files.
    pub(crate) fn module(&self) -> Option<&Path> {
        let is_module = |file: &&PathBuf| file.extension().is_some_and(|end| end == "wasm");
        self.filenames.iter().find(is_module).map(PathBuf::as_path)
    }
}

/// Starts cargo and waits for it. Its colours are kept if people watch. `progress` keeps its progress bar.
pub(crate) fn run(command: &mut Command, shown: &str, progress: bool) -> Result<Ended> {
    if io::stderr().is_terminal() {
        if env::var_os("CARGO_TERM_COLOR").is_none() && env::var_os("NO_COLOR").is_none() {
            command.env("CARGO_TERM_COLOR", "always");
        }
        if progress && env::var_os("CARGO_TERM_PROGRESS_WHEN").is_none() {
            command.env("CARGO_TERM_PROGRESS_WHEN", "always");
            command.env("CARGO_TERM_PROGRESS_WIDTH", "80");
        }
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut running =
        children::spawn(command).with_context(|| format!("cannot start `{shown}`"))?;
    let stdout = running.child.stdout.take();
    let stdout = stdout.with_context(|| format!("`{shown}` has no output"))?;
    let stderr = running.child.stderr.take();
    let stderr = stderr.with_context(|| format!("`{shown}` has no standard error"))?;
    let mut ended = Ended {
        success: false,
        artifacts: Vec::new(),
        out_folders: BTreeSet::new(),
        said: String::new(),
    };
    thread::scope(|scope| {
        let said = scope.spawn(|| pass_on(stderr));
        for line in BufReader::new(stdout).split(b'\n') {
            match serde_json::from_slice(&line?) {
                Ok(Message::CompilerArtifact(artifact)) => ended.artifacts.push(artifact),
                Ok(Message::BuildScriptExecuted { out_dir }) => {
                    ended
                        .out_folders
                        .insert(fs::canonicalize(&out_dir).unwrap_or(out_dir));
                }
                _ => {}
            }
        }
        let said = said.join().unwrap_or_default();
        ended.said = String::from_utf8_lossy(&said).into_owned();
        io::Result::Ok(())
    })
    .with_context(|| format!("cannot read the output of `{shown}`"))?;
    let status = running.wait();
    ended.success = status
        .with_context(|| format!("cannot wait for `{shown}`"))?
        .success();
    Ok(ended)
}

/// Copies to our own standard error, and returns the end of the text.
fn pass_on(mut from: impl Read) -> Vec<u8> {
    let mut said = Vec::new();
    let mut part = [0; 8192];
    while let Ok(length @ 1..) = from.read(&mut part) {
        let part = &part[..length];
        // If nobody reads it, the build goes on.
        let _ = io::stderr().write_all(part);
        said.extend_from_slice(part);
        if said.len() > 2 * SAID_BYTES {
            said.drain(..said.len() - SAID_BYTES);
        }
    }
    said
}
