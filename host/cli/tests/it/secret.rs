//! The password with which a run connects is in nothing that the run says or leaves behind.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use fractalaw_testing::{PASSWORD, Postgresql, adbc_driver_is_beside, workspace, xtask_program};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::data::executes;

/// Words of the passwords. They are nowhere else, so none of them may be found, however the rest of a password was written.
const WORDS: [&str; 4] = ["horse", "battery", "staple", "walrus"];

/// It is not the server's.
const WRONG: &str = "correct walrus/battery:staple";

const WORKS: &str = "(if (i32.load8_u (i32.const 64)) (then unreachable))";

/// Statements that change, fail and trap, each with what it ends with and the exit code. The last one fails on the server, which then quotes
/// the statement.
const RUNS: [(&str, &str, i32); 3] = [
    ("INSERT INTO permit VALUES (7, 'quarry')", WORKS, 0),
    ("INSERT INTO permit VALUES (8, 'quarry')", "unreachable", 8),
    ("INSERT INTO permit VALUES ('quarry', 8)", WORKS, 8),
];

/// A folder with a ledger, a cache of compiled code, and records of runs.
struct Site {
    folder: TempDir,
    address: String,
}

impl Site {
    /// Starts `fractalaw` with these arguments and this password, in a folder of its own, and says all that it can.
    fn fractalaw(&self, args: &[&str], password: &str) -> Output {
        Command::new(env!("CARGO_BIN_EXE_fractalaw"))
            .args(args)
            .args([
                "--data",
                &self.address,
                "--json",
                "--cache",
                "cache",
                "guest.wasm",
            ])
            .current_dir(self.folder.path())
            .env("REGISTER_PASSWORD", password)
            .env("RUST_LOG", "trace")
            .output()
            .unwrap()
    }

    /// Runs the guest and records the run in the ledger. Keeps what the program prints.
    fn run(&self, name: &str, password: &str) -> Output {
        let ledger = ["--ledger", "ledger/audit.ledger", "--create-ledger"];
        let output = self.fractalaw(&[&["run", "--trace"], &ledger[..]].concat(), password);
        self.keep(&format!("printed/{name}"), &output.stdout);
        self.keep(&format!("printed/{name}.log"), &output.stderr);
        output
    }

    fn keep(&self, name: &str, bytes: &[u8]) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// The record of a case, as `cargo xtask report` reads it.
    fn record(&self, name: &str, report: &[u8]) {
        let record = json!({
            "case": format!("guest/{name}"),
            "subject": "guest",
            "is_fixture": false,
            "report": serde_json::from_slice::<Value>(report).unwrap(),
            "no_profile": "it was not asked for",
        });
        self.keep(
            &format!("records/guest/{name}.json"),
            record.to_string().as_bytes(),
        );
    }
}

#[test]
fn a_password_is_in_nothing_that_a_run_leaves() {
    let Some(server) =
        Postgresql::seeded(&["CREATE TABLE permit (id BIGINT PRIMARY KEY, site TEXT NOT NULL)"])
    else {
        return;
    };
    if !adbc_driver_is_beside("postgresql") {
        return;
    }
    let Some(xtask) = xtask_program() else {
        return;
    };
    let site = Site {
        folder: tempfile::tempdir().unwrap(),
        address: server.address("owner") + ":rw",
    };
    let folder = site.folder.path();
    fs::create_dir(folder.join("ledger")).unwrap();
    for (at, (sql, end, code)) in RUNS.into_iter().enumerate() {
        executes(folder, sql, end);
        let name = format!("run-{at}");
        let output = site.run(&name, PASSWORD);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{sql}: {said}");
        site.record(&name, &output.stdout);
        let profile = site.fractalaw(&["profile"], PASSWORD);
        site.keep(&format!("printed/{name}-profile"), &profile.stdout);
        site.keep(&format!("printed/{name}-profile.log"), &profile.stderr);
    }
    assert_eq!(server.rows("SELECT * FROM permit"), ["7,quarry"]);
    // The server refuses it, and says why.
    let refused = site.run("refused", WRONG);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(10), "{said}");
    assert!(said.contains("password authentication failed"), "{said}");
    // The page of all reports.
    let page = Command::new(xtask)
        .args(["report", "--records"])
        .arg(folder.join("records"))
        .arg("--out")
        .arg(folder.join("page/index.html"))
        .current_dir(workspace())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&page.stderr);
    assert!(page.status.success(), "{said}");

    let mut files = Vec::new();
    read_all(folder, &mut files);
    for (path, bytes) in &files {
        for word in WORDS {
            let path = path.strip_prefix(folder).unwrap().display();
            assert!(!has(bytes, word), "`{path}` has `{word}`");
        }
    }
    // What is looked for in the same way and must be there is found, in each place.
    for (place, what) in [
        ("ledger", "run-opened"),
        ("ledger", "completed"),
        ("cache", "ELF"),
        ("printed", "quarry"),
        ("records", "quarry"),
        ("page", "quarry"),
    ] {
        let mut inside = files
            .iter()
            .filter(|(path, _)| path.starts_with(folder.join(place)));
        assert!(inside.any(|(_, bytes)| has(bytes, what)), "{place}: {what}");
    }
}

fn has(bytes: &[u8], word: &str) -> bool {
    bytes
        .windows(word.len())
        .any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
}

/// All files in a folder and its folders.
fn read_all(folder: &Path, files: &mut Vec<(std::path::PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => read_all(&path, files),
            false => files.push((path.clone(), fs::read(&path).unwrap())),
        }
    }
}
