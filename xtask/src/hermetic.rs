//! The environment and the flags that guests are compiled with.
//!
//! The bytes of a guest, and so its fuel, may depend on its sources and on the compiler, and on
//! nothing of the machine: not on the folder of the clone, not on `CARGO_HOME`, not on anybody's
//! `RUSTFLAGS` or cargo configuration. So the child's environment is cleared but for what is named
//! here, every path of the machine is mapped to a fixed one, and the profile is given on the command
//! line, which outranks every file of configuration. What else such a file says is not ruled out, but
//! noticed: see [`configuration`].

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use toml::{Table, Value};

use crate::fault::{FAILED, Fault, list};
use crate::project::{Project, cargo_program, read_toml};
use crate::toolchain::Toolchain;

/// The profile that guests are built with.
pub(crate) const PROFILE: &str = "guest";

/// Every key of a profile; one that is left out is the machine's to set.
const PROFILE_KEYS: [&str; 12] = [
    "codegen-units",
    "debug",
    "debug-assertions",
    "incremental",
    "inherits",
    "lto",
    "opt-level",
    "overflow-checks",
    "panic",
    "rpath",
    "split-debuginfo",
    "strip",
];

/// Variables that cargo and rustc need to find each other, the network and the terminal.
const KEPT: [&str; 26] = [
    "ALL_PROXY",
    "APPDATA",
    "CARGO_BUILD_BUILD_DIR",
    "CARGO_BUILD_JOBS",
    "CARGO_HOME",
    "HOME",
    "HOMEDRIVE",
    "HOMEPATH",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LOCALAPPDATA",
    "NO_PROXY",
    "PATH",
    "PATHEXT",
    "SSH_AUTH_SOCK",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "SYSTEMROOT",
    "TEMP",
    "TERM",
    "TMP",
    "TMPDIR",
    "USERPROFILE",
    "all_proxy",
    "http_proxy",
    "https_proxy",
];

/// Families of variables of the same kind. None of them reaches the code that is generated.
const KEPT_PREFIXES: [&str; 6] = [
    "CARGO_HTTP_",
    "CARGO_NET_",
    "CARGO_REGISTRIES_",
    "CARGO_REGISTRY_",
    "CARGO_TERM_",
    "RUSTUP_",
];

/// A cargo whose environment holds nothing that could change a guest.
pub(crate) fn cargo(project: &Project) -> Command {
    let mut command = Command::new(cargo_program());
    command
        .current_dir(&project.root)
        .env_clear()
        .envs(env::vars_os().filter(|(name, _)| keep(name)));
    // Empty, because that also switches off a wrapper set in somebody's cargo configuration.
    command
        .env("RUSTC_WRAPPER", "")
        .env("RUSTC_WORKSPACE_WRAPPER", "");
    // An absolute folder, so that our idea of it and cargo's are the same.
    command.env("CARGO_TARGET_DIR", &project.target);
    command
}

fn keep(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| {
        KEPT.contains(&name) || KEPT_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    })
}

/// The profile of the root manifest as arguments for cargo: `--config profile.guest.KEY=VALUE`.
pub(crate) fn profile(project: &Project) -> Result<Vec<String>> {
    let manifest = read_toml(&project.root.join("Cargo.toml"))?;
    let none = Table::new();
    let table = manifest
        .get("profile")
        .and_then(|profiles| profiles.get(PROFILE))
        .and_then(Value::as_table)
        .unwrap_or(&none);
    let missing: Vec<_> = PROFILE_KEYS
        .iter()
        .filter(|key| !table.contains_key(**key))
        .collect();
    if !missing.is_empty() {
        return Err(Fault::new(
            FAILED,
            format!(
                "`[profile.{PROFILE}]` in `Cargo.toml` does not say {}",
                list(missing)
            ),
        )
        .hint("write every key, so that no cargo configuration of a machine decides it")
        .into());
    }
    Ok(table
        .iter()
        .flat_map(|(key, value)| {
            [
                "--config".to_owned(),
                format!("profile.{PROFILE}.{key}={value}"),
            ]
        })
        .collect())
}

/// The files of configuration outside of the workspace that cargo reads, as far as they are there.
pub(crate) fn configuration(project: &Project) -> Vec<PathBuf> {
    let above = project.root.ancestors().skip(1);
    let mut folders: Vec<PathBuf> = above.map(|folder| folder.join(".cargo")).collect();
    folders.extend(cargo_home());
    let mut found = Vec::new();
    for folder in folders {
        for name in ["config", "config.toml"] {
            with_included(folder.join(name), &mut found);
        }
    }
    found
}

/// Adds a file and those that its key `include` names.
fn with_included(file: PathBuf, found: &mut Vec<PathBuf>) {
    if !file.is_file() || found.contains(&file) {
        return;
    }
    found.push(file.clone());
    // What cargo cannot read it will say itself.
    let table = read_toml(&file).unwrap_or_default();
    let included = table.get("include").and_then(Value::as_array);
    for entry in included.into_iter().flatten() {
        let path = entry.get("path").unwrap_or(entry).as_str();
        with_included(file.with_file_name(path.unwrap_or_default()), found);
    }
}

/// The compiler's flags, as the value of `CARGO_ENCODED_RUSTFLAGS`, which overrides every other
/// source of flags.
pub(crate) fn rustflags(project: &Project, toolchain: &Toolchain, sysroot: &Path) -> OsString {
    let mut paths: Vec<(PathBuf, String)> = Vec::new();
    let mut map = |path: PathBuf, to: &str| {
        if let Ok(real) = fs::canonicalize(&path)
            && real != path
        {
            paths.push((real, to.to_owned()));
        }
        paths.push((path, to.to_owned()));
    };
    map(project.root.clone(), "/workspace");
    map(project.target.clone(), "/target");
    if let Some(folder) = env::var_os("CARGO_BUILD_BUILD_DIR") {
        map(project.root.join(folder), "/target");
    }
    if let Some(home) = cargo_home() {
        // Each registry has a folder whose name tells where it is served from: a mirror's differs.
        for registry in folders(&home.join("registry/src")) {
            map(registry, "/cargo/registry");
        }
        map(home, "/cargo");
    }
    // The name that the standard library's paths have where its source is not installed.
    if let Some(commit) = toolchain.line("commit-hash") {
        map(
            sysroot.join("lib/rustlib/src/rust"),
            &format!("/rustc/{commit}"),
        );
    }
    // The compiler takes the last that matches, so a folder inside another must come after it.
    paths.sort_by_key(|(path, _)| path.components().count());

    // A core module is what is wanted: `xtask` does the encoding.
    let mut flags = OsString::from("-Clink-arg=--skip-wit-component");
    for (path, to) in paths {
        flags.push("\u{1f}--remap-path-prefix=");
        flags.push(path);
        flags.push("=");
        flags.push(to);
    }
    flags
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().into_iter().flatten().flatten();
    let mut folders: Vec<_> = entries.map(|entry| entry.path()).collect();
    folders.sort();
    folders
}

fn cargo_home() -> Option<PathBuf> {
    match env::var_os("CARGO_HOME").filter(|home| !home.is_empty()) {
        Some(home) => Some(env::current_dir().ok()?.join(home)),
        None => Some(env::home_dir()?.join(".cargo")),
    }
}
