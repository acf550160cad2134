//! A machine for a test: a folder that is the home and the current folder of the program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use fractalaw_provenance::{Lock, SecretKey, sha256};
use tempfile::TempDir;

/// A machine.
pub(crate) struct Machine {
    folder: TempDir,
    variables: Vec<(String, String)>,
}

/// How the program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The component of the fixtures.
pub(crate) fn component() -> Vec<u8> {
    fs::read(fixture("component.wasm")).unwrap()
}

/// Another one, that names itself alike.
pub(crate) fn changed() -> Vec<u8> {
    let mut bytes = component();
    // A custom section of one byte: its number, its size, its name.
    bytes.extend([0, 2, 1, b'x']);
    bytes
}

/// What `wkg` pushed. The files end with a newline, as all of this repository do.
pub(crate) fn pushed_by_wkg(name: &str) -> Vec<u8> {
    let mut bytes = fs::read(fixture(name)).unwrap();
    assert_eq!(bytes.pop(), Some(b'\n'));
    bytes
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/wkg")
        .join(name)
}

impl Machine {
    pub(crate) fn new() -> Machine {
        Machine {
            folder: tempfile::tempdir().unwrap(),
            variables: Vec::new(),
        }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.file(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.file(name)).unwrap()
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn lock(&self) -> Option<Lock> {
        Lock::read(self.folder.path()).unwrap()
    }

    /// A key in a file, and the text of its public part.
    pub(crate) fn key(&self, name: &str) -> String {
        SecretKey::create(&self.file(name))
            .unwrap()
            .public()
            .to_string()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fractalaw-registry"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("PATH", self.folder.path());
        for (name, value) in &self.variables {
            command.env(name, value);
        }
        Ended::of(&command.output().unwrap())
    }

    /// Runs it, and it does what it is told.
    pub(crate) fn done(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!((ended.code, &*ended.err), (0, ""), "{arguments:?}");
        ended.out
    }

    /// Runs it, and it is refused. Returns the first line.
    pub(crate) fn refused(&self, arguments: &[&str]) -> String {
        self.ends(3, "refused: ", arguments)
    }

    /// Runs it, and it ends with this code. Returns the first line without this beginning. A hint follows it.
    pub(crate) fn ends(&self, code: i32, begin: &str, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(
            (ended.code, &*ended.out),
            (code, ""),
            "{arguments:?}: {ended:?}"
        );
        let (first, rest) = ended.err.split_once('\n').unwrap();
        assert!(rest.starts_with("hint: "), "{ended:?}");
        first
            .strip_prefix(begin)
            .unwrap_or_else(|| panic!("{ended:?}"))
            .to_owned()
    }

    /// Whether nothing was pulled.
    pub(crate) fn is_empty(&self) -> bool {
        ["apps.lock", "hello.wasm", "hello.wasm.sig"]
            .iter()
            .all(|name| !self.file(name).exists())
    }
}

impl Ended {
    fn of(output: &Output) -> Ended {
        Ended {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout.clone()).unwrap(),
            err: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }
}

/// The digest of bytes as text.
pub(crate) fn digest(bytes: &[u8]) -> String {
    sha256(bytes).to_string()
}
