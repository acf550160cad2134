//! A repository that `cargo xtask new --repository` made, and `cargo xtask` in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;
use toml::Table;

use crate::scratch::repository;

/// A new repository in a folder of its own.
pub(crate) struct Made {
    pub(crate) folder: TempDir,
    pub(crate) root: PathBuf,
}

impl Made {
    /// Makes it with these flags.
    pub(crate) fn new(flags: &[&str]) -> Made {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("desk");
        let output = new(&root, flags);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        Made { folder, root }
    }

    pub(crate) fn read(&self, path: &str) -> String {
        let path = self.root.join(path);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Replaces a text that a file has.
    pub(crate) fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{path}: {text}");
        self.write(path, &text.replace(from, to));
    }

    pub(crate) fn table(&self, path: &str) -> Table {
        self.read(path).parse().unwrap()
    }

    /// `cargo xtask` there. Its outputs are its own. What cargo compiles on the way is shared with this repository, so that
    /// Wasmtime is compiled once. It has no network.
    pub(crate) fn xtask(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let output = self.command(arguments).output().unwrap();
        let code = output.status.code();
        (code, text(&output.stdout), text(&output.stderr))
    }

    /// The same, ready to start.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        for (name, _) in std::env::vars_os() {
            // What the cargo that started this test tells its tests.
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") || text == "CI"
            {
                command.env_remove(name);
            }
        }
        command
            .arg("xtask")
            .args(arguments)
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", self.folder.path().join("target"))
            .env("CARGO_BUILD_BUILD_DIR", target())
            .env("CARGO_NET_OFFLINE", "true");
        command
    }

    /// A program that was built there.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.path().join("target/debug").join(name)
    }

    /// The same, with the exit code that it must have. Returns what it printed to standard output.
    pub(crate) fn ends(&self, code: i32, arguments: &[&str]) -> String {
        let (ended, stdout, stderr) = self.xtask(arguments);
        assert_eq!(ended, Some(code), "{arguments:?}\n{stdout}\n{stderr}");
        stdout
    }
}

/// The folder that cargo compiles this test in.
fn target() -> PathBuf {
    let here = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    here.unwrap().to_owned()
}

pub(crate) fn new(path: &Path, flags: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["new", "--repository"])
        .arg(path)
        .args(flags)
        .current_dir(repository())
        .output()
        .unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
