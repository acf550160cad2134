//! The environment and the flags that guests are compiled with.
//!
//! The bytes of a guest, and so its fuel, may depend on its sources and on the compiler. They must not depend on
//! the machine: the folder of the clone, `CARGO_HOME`, or anybody's `RUSTFLAGS` or cargo configuration. So the
//! child's environment is cleared except for the variables listed here. Every path of the machine is mapped to a
//! fixed one. The profile is given on the command line, which overrides all configuration files. Other settings
//! in these files are not excluded, but they are noticed: see [`configuration`].
//!
//! A build runs the build scripts and macros of a guest and of its dependencies. They get no credentials. Only
//! [`fetching`] gets what cargo needs for the network, and it runs no code of a package.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use toml::Value;

use super::toolchain::Toolchain;
use crate::programs;
use crate::project::{Project, cargo_program, read_toml};

/// The folder of the workspace, as guests are told.
pub(crate) const WORKSPACE: &str = "/workspace";

/// Variables that cargo and rustc need to find each other, the machine's folders and the terminal.
const BUILD: [&str; 19] = [
    "APPDATA",
    "CARGO_BUILD_JOBS",
    "CARGO_HOME",
    "HOME",
    "HOMEDRIVE",
    "HOMEPATH",
    "LOCALAPPDATA",
    "PATH",
    "PATHEXT",
    "RUST_BACKTRACE",
    "RUSTUP_AUTO_INSTALL",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "SYSTEMROOT",
    "TEMP",
    "TERM",
    "TMP",
    "TMPDIR",
    "USERPROFILE",
];

/// Families of such variables. The second says where a registry is, but not who asks.
const BUILD_FAMILIES: [(&str, &str); 2] = [("CARGO_TERM_", ""), ("CARGO_REGISTRIES_", "_INDEX")];

/// Further variables that cargo needs to fetch dependencies. Some of them are credentials.
const FETCH: [&str; 10] = [
    "ALL_PROXY",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "SSH_AUTH_SOCK",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "all_proxy",
    "http_proxy",
    "https_proxy",
];

/// Families of such variables.
const FETCH_FAMILIES: [(&str, &str); 5] = [
    ("CARGO_HTTP_", ""),
    ("CARGO_NET_", ""),
    ("CARGO_REGISTRIES_", ""),
    ("CARGO_REGISTRY_", ""),
    ("RUSTUP_", ""),
];

/// A cargo that runs code of guests. Its environment has nothing that could change a guest, and no credentials.
pub(crate) fn cargo(project: &Project) -> Command {
    let mut command = with(project, is_for_builds);
    // Dependencies were fetched before.
    command.env("CARGO_NET_OFFLINE", "true");
    // Dependencies are compiled once for all guests, but each guest has an output folder: see `compile`.
    command.env("CARGO_BUILD_BUILD_DIR", build_folder(project));
    command
}

/// Only the environment of such a cargo, for one that is started in another way.
pub(crate) fn environment() -> impl Iterator<Item = (OsString, OsString)> {
    kept(is_for_builds)
}

fn kept(keep: impl Fn(&str) -> bool) -> impl Iterator<Item = (OsString, OsString)> {
    env::vars_os().filter(move |(name, _)| name.to_str().is_some_and(&keep))
}

/// A cargo that may use the network and runs nothing that it fetches.
pub(crate) fn fetching(project: &Project) -> Command {
    with(project, |name| {
        is_for_builds(name) || is_of(name, &FETCH, &FETCH_FAMILIES)
    })
}

fn with(project: &Project, keep: impl Fn(&str) -> bool) -> Command {
    let mut command = Command::new(cargo_program());
    command
        .current_dir(&project.root)
        .env_clear()
        .envs(kept(keep));
    // Set to empty, because that also switches off a wrapper from somebody's cargo configuration.
    command
        .env("RUSTC_WRAPPER", "")
        .env("RUSTC_WORKSPACE_WRAPPER", "");
    command
}

fn is_for_builds(name: &str) -> bool {
    is_of(name, &BUILD, &BUILD_FAMILIES)
}

fn is_of(name: &str, names: &[&str], families: &[(&str, &str)]) -> bool {
    names.contains(&name)
        || families
            .iter()
            .any(|(begin, end)| name.starts_with(begin) && name.ends_with(end))
}

/// The variables of our own environment that a build does not get and whose names are in `text` as whole words.
pub(crate) fn withheld(text: &str) -> Vec<String> {
    let words: BTreeSet<&str> = text
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .collect();
    let mut names: Vec<String> = env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| words.contains(&**name) && !is_for_builds(name) && !is_set_by_cargo(name))
        .collect();
    names.sort();
    names
}

/// Variables that cargo gives to every build itself, and has given to us as well.
fn is_set_by_cargo(name: &str) -> bool {
    name == "CARGO" || name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
}

/// The folder for cargo's intermediate files.
pub(crate) fn build_folder(project: &Project) -> PathBuf {
    match env::var_os("CARGO_BUILD_BUILD_DIR").filter(|folder| !folder.is_empty()) {
        Some(folder) => project.root.join(folder),
        None => project.target.clone(),
    }
}

/// The existing configuration files outside of the workspace that cargo reads.
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

/// Adds a file, and the files that its key `include` names.
fn with_included(file: PathBuf, found: &mut Vec<PathBuf>) {
    if !file.is_file() || found.contains(&file) {
        return;
    }
    found.push(file.clone());
    // If cargo cannot read the file, it reports that itself.
    let table = read_toml(&file).unwrap_or_default();
    let included = table.get("include").and_then(Value::as_array);
    for entry in included.into_iter().flatten() {
        let path = entry.get("path").unwrap_or(entry).as_str();
        with_included(file.with_file_name(path.unwrap_or_default()), found);
    }
}

/// The compiler's flags, as the value of `CARGO_ENCODED_RUSTFLAGS`, which overrides every other source of flags.
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
    map(project.root.clone(), WORKSPACE);
    map(project.target.clone(), "/target");
    let compiled = build_folder(project);
    if compiled != project.target {
        map(compiled, "/target");
    }
    // What guests of another repository have from ours by path.
    if !project.is_ours()
        && let Ok(sources) = programs::sources(project)
    {
        map(sources, "/fractalaw");
    }
    if let Some(home) = cargo_home() {
        // Each registry has a folder whose name depends on where it is served from, so a mirror's differs.
        for registry in folders(&home.join("registry/src")) {
            map(registry, "/cargo/registry");
        }
        map(home, "/cargo");
    }
    // The paths of the standard library if its source is not installed.
    if let Some(commit) = toolchain.line("commit-hash") {
        map(
            sysroot.join("lib/rustlib/src/rust"),
            &format!("/rustc/{commit}"),
        );
    }
    // The compiler takes the last match, so a folder inside another must come after it.
    paths.sort_by_key(|(path, _)| path.components().count());

    // The result must be a core module, because `xtask` does the encoding.
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
