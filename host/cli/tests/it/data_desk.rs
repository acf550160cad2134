//! What the tests of `fractalaw data` share: a folder with databases, and the program.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use rusqlite::Connection;
use tempfile::TempDir;

pub(crate) const SCHEMA: &str = "
    CREATE TABLE holder (name TEXT PRIMARY KEY, score REAL, logo BLOB);
    CREATE TABLE permit (
        id INTEGER PRIMARY KEY,
        site TEXT NOT NULL,
        holder TEXT REFERENCES holder(name),
        note TEXT
    );
";

pub(crate) fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fractalaw"));
    command
        .arg("data")
        .args(args)
        .current_dir(folder)
        .env_remove("RUST_LOG");
    command
}

/// A folder with a database `register.db`.
pub(crate) struct Desk {
    pub(crate) folder: TempDir,
}

impl Desk {
    pub(crate) fn new() -> Desk {
        let desk = Desk::empty();
        desk.sql("register.db", SCHEMA);
        desk.sql(
            "register.db",
            "INSERT INTO holder VALUES ('Harrow, Dale & Sons', 0.5, x'00ff'), ('Ünal', NULL, NULL);
             INSERT INTO permit VALUES
                 (1, 'north', 'Harrow, Dale & Sons', NULL),
                 (2, 'east', 'Ünal', ''),
                 (30, 'west', NULL, 'NULL')",
        );
        desk
    }

    pub(crate) fn empty() -> Desk {
        Desk {
            folder: TempDir::new().unwrap(),
        }
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    pub(crate) fn connection(&self, name: &str) -> Connection {
        Connection::open(self.folder.path().join(name)).unwrap()
    }

    pub(crate) fn sql(&self, name: &str, sql: &str) {
        self.connection(name).execute_batch(sql).unwrap();
    }

    pub(crate) fn copy(&self, from: &str, to: &str) {
        let at = |name| self.folder.path().join(name);
        fs::copy(at(from), at(to)).unwrap();
    }

    /// The names of all files.
    pub(crate) fn files(&self) -> Vec<String> {
        let files = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        command(self.folder.path(), args).output().unwrap()
    }

    /// Runs a command and compares everything that it says.
    pub(crate) fn check(&self, args: &[&str], code: i32, stdout: &str, stderr: &str) {
        let output = self.run(args);
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        assert_eq!(text(&output.stdout), stdout, "{args:?}");
        assert_eq!(text(&output.stderr), stderr, "{args:?}");
        assert_eq!(output.status.code(), Some(code), "{args:?}");
    }
}
