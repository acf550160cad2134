//! A workspace in a temporary folder, with a folder above it, and `xtask` run in it.
//!
//! What cargo compiles on the way is shared by all scratch workspaces and kept between test runs, because the
//! generator of bindings takes most of a minute. So two tests must not give different guests the same name.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;
use toml::{Table, Value};

/// A workspace for one test.
pub(crate) struct Scratch {
    _folder: TempDir,
    root: PathBuf,
    env: BTreeMap<String, Option<String>>,
}

/// The output and the exit code of a command.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Scratch {
    /// A workspace with the contract, the lock file and the profiles of this repository.
    pub(crate) fn new() -> Scratch {
        fetch();
        let folder = tempfile::Builder::new()
            .prefix("scratch-")
            .tempdir()
            .unwrap();
        let scratch = Scratch {
            root: folder.path().join("clone"),
            _folder: folder,
            env: BTreeMap::new(),
        };
        let here = repository();
        scratch.write("Cargo.toml", &root_manifest(&here));
        scratch.write(
            "Cargo.lock",
            &fs::read_to_string(here.join("Cargo.lock")).unwrap(),
        );
        for entry in fs::read_dir(here.join("wit")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            scratch.write(&format!("wit/{name}"), &fs::read_to_string(&path).unwrap());
        }
        let target = scratch.path("target");
        scratch
            .env("CARGO_TARGET_DIR", target.to_str().unwrap())
            .env("CARGO_BUILD_BUILD_DIR", shared("build").to_str().unwrap())
            .env("CARGO_NET_OFFLINE", "true")
            .without_env("CI")
    }

    /// Adds the library that guests share, which new guests use.
    pub(crate) fn add_library(&self) {
        let folder = Path::new("guests/lib-micro-app");
        self.copy(&folder.join("Cargo.toml"));
        self.copy(&folder.join("examples"));
        self.copy(&folder.join("src"));
        self.copy(&folder.join("wit"));
    }

    /// Copies a file or a folder of this repository to the same place.
    fn copy(&self, relative: &Path) {
        let from = repository().join(relative);
        if !from.is_dir() {
            let text = fs::read_to_string(&from).unwrap();
            return self.write(relative.to_str().unwrap(), &text);
        }
        for entry in fs::read_dir(&from).unwrap() {
            self.copy(&relative.join(entry.unwrap().file_name()));
        }
    }

    /// Sets a variable in the environment of the commands.
    pub(crate) fn env(mut self, name: &str, value: impl Into<String>) -> Scratch {
        self.env.insert(name.to_owned(), Some(value.into()));
        self
    }

    /// Removes a variable from the environment of the commands.
    pub(crate) fn without_env(mut self, name: &str) -> Scratch {
        self.env.insert(name.to_owned(), None);
        self
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root().join(relative)
    }

    /// Writes a file, with the folders that it needs.
    pub(crate) fn write(&self, relative: &str, text: &str) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, relative: &str) -> Vec<u8> {
        let path = self.path(relative);
        fs::read(&path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
    }

    /// The bytes of a built guest.
    pub(crate) fn component(&self, guest: &str) -> Vec<u8> {
        self.read(&format!("target/guests/{guest}.wasm"))
    }

    /// Runs `xtask` at the root.
    pub(crate) fn xtask<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Ended {
        self.xtask_in("", args)
    }

    /// Runs cargo at the root.
    pub(crate) fn cargo<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Ended {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.args(args).current_dir(&self.root);
        self.ended(&mut command)
    }

    /// Runs `xtask` in a folder below the root.
    pub(crate) fn xtask_in<S: AsRef<OsStr>>(
        &self,
        folder: &str,
        args: impl IntoIterator<Item = S>,
    ) -> Ended {
        self.ended(&mut self.command(folder, args))
    }

    /// Runs a command in the environment of this workspace.
    fn ended(&self, command: &mut Command) -> Ended {
        let output = self.in_our_environment(command).output().unwrap();
        Ended {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// `xtask` in a folder below the root, ready to start.
    pub(crate) fn command<S: AsRef<OsStr>>(
        &self,
        folder: &str,
        args: impl IntoIterator<Item = S>,
    ) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(args).current_dir(self.path(folder));
        self.in_our_environment(&mut command);
        command
    }

    fn in_our_environment<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        for (name, value) in &self.env {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }

    /// Builds guests, which must succeed, and returns the state of each.
    pub(crate) fn build(&self, guests: &[&str]) -> BTreeMap<String, String> {
        let ended = self.xtask(["build-guests", "--json"].iter().chain(guests));
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        let document: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
        let guests = document["guests"].as_array().unwrap();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        guests
            .iter()
            .map(|guest| (text(&guest["name"]), text(&guest["state"])))
            .collect()
    }
}

/// A folder that is kept between test runs.
pub(crate) fn shared(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("xtask")
        .join(name)
}

/// The root of this repository.
pub(crate) fn repository() -> PathBuf {
    let program = Path::new(env!("CARGO_MANIFEST_DIR"));
    program.ancestors().nth(2).unwrap().to_owned()
}

/// Fetches everything in the lock file, because the scratch builds are offline.
fn fetch() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let fetched = Command::new(cargo)
            .args(["fetch", "--quiet"])
            .current_dir(repository())
            .status();
        assert!(fetched.unwrap().success(), "`cargo fetch` failed");
    });
}

/// This repository's root manifest, as far as guests need it.
fn root_manifest(here: &Path) -> String {
    let text = fs::read_to_string(here.join("Cargo.toml")).unwrap();
    let mut manifest: Table = text.parse().unwrap();
    let workspace = manifest["workspace"].as_table_mut().unwrap();
    workspace.insert("members".into(), Value::Array(vec!["guests/*".into()]));
    workspace.remove("default-members");
    let dependencies = workspace["dependencies"].as_table_mut().unwrap();
    dependencies.retain(|_, dependency| dependency.get("path").is_none());
    // The other profiles name packages that do not exist here.
    manifest["profile"]
        .as_table_mut()
        .unwrap()
        .retain(|profile, _| profile == "guest");
    toml::to_string(&manifest).unwrap()
}
