//! Which database a run has, and what may stand beside it.

use std::fs;
use std::process::{Command, Output};

use fractalaw_testing::cache;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::data::executes;

/// A folder with a database and a policy.
fn folder(policy: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    Connection::open(folder.path().join("permits.db"))
        .unwrap()
        .execute_batch("CREATE TABLE permit (id INTEGER PRIMARY KEY, site TEXT)")
        .unwrap();
    fs::write(folder.path().join("policy.toml"), policy).unwrap();
    folder
}

/// Adds a permit to this database.
fn run(folder: &TempDir, database: &str) -> (Option<i32>, String) {
    let guest = executes(
        folder.path(),
        "INSERT INTO permit VALUES (7, 'west')",
        "(if (i32.load8_u (i32.const 64)) (then unreachable))",
    );
    let Output { status, stderr, .. } = Command::new(env!("CARGO_BIN_EXE_fractalaw"))
        .args(["run", "--policy", "policy.toml", "--cache"])
        .arg(cache())
        .args(["--data", database])
        .arg(&guest)
        .current_dir(folder.path())
        .env_remove("RUST_LOG")
        .output()
        .unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

/// A file and a database with a driver are one thing with two names. The flag counts before the policy, whichever they name.
#[test]
fn the_flags_database_counts_before_the_policys() {
    let both = "`data.file` and `data.adbc` are both granted, expected one database";
    let driver = folder("[all]\ndata.adbc = \"duckdb:nowhere.duckdb\"");
    let (code, said) = run(&driver, "permits.db:rw");
    assert_eq!(code, Some(0), "{said}");
    let permits = Connection::open(driver.path().join("permits.db")).unwrap();
    let count = permits.query_row("SELECT count(*) FROM permit", (), |row| row.get(0));
    assert_eq!(count, Ok(1));
    let file = folder("[all]\ndata.file = \"permits.db\"");
    let (_, said) = run(&file, "duckdb:nowhere.duckdb:rw");
    assert!(!said.contains(both), "{said}");
    let permits = Connection::open(file.path().join("permits.db")).unwrap();
    let count = permits.query_row("SELECT count(*) FROM permit", (), |row| row.get(0));
    assert_eq!(count, Ok(0));
    // One section has one database.
    let two = folder("[all]\ndata.adbc = \"duckdb:nowhere.duckdb\"\ndata.file = \"permits.db\"");
    let flagless = Command::new(env!("CARGO_BIN_EXE_fractalaw"))
        .args(["run", "--policy", "policy.toml", "--cache"])
        .arg(cache())
        .args([
            "--grant",
            "data.read = true",
            "--grant",
            "data.write = true",
        ])
        .args(["--grant", "interfaces.\"fractal:app/data-mutate\" = true"])
        .arg(executes(two.path(), "DELETE FROM permit", ""))
        .current_dir(two.path())
        .env_remove("RUST_LOG")
        .output()
        .unwrap();
    let said = String::from_utf8(flagless.stderr).unwrap();
    assert_eq!(
        said,
        format!("error: {both}\nhint: leave one of them out\n")
    );
}

/// The record of a run is beside the database. Something else that has its name is told once.
#[test]
fn a_pipe_in_the_place_of_a_record_is_an_error_that_is_told_once() {
    let folder = folder("");
    let record = folder.path().join("permits.db-pending");
    let made = Command::new("mkfifo").arg(&record).status().unwrap();
    assert!(made.success());
    let (code, said) = run(&folder, "permits.db:rw");
    let record = record.canonicalize().unwrap();
    assert_eq!(
        said,
        format!(
            "error: `data` failed: `{}`: expected a regular file\n",
            record.display()
        )
    );
    assert_eq!(code, Some(10));
}
