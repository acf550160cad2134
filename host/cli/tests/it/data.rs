//! `--data`: a database that whoever starts the run brings.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use fractalaw_testing::cache;
use rusqlite::Connection;
use tempfile::TempDir;

fn guest(folder: &Path) -> std::path::PathBuf {
    let sql = "INSERT INTO permit VALUES (7, 'west')";
    let text = include_str!("../components/executes.wat")
        .replace("{data}", &format!("(data (i32.const 1024) \"{sql}\")"))
        .replace(
            "{calls}",
            &format!(
                "(call $execute (i32.const 1024) (i32.const {}) (i32.const 64))",
                sql.len()
            ),
        )
        .replace(
            "{end}",
            "(if (i32.load8_u (i32.const 64)) (then unreachable))",
        );
    let path = folder.join("guest.wasm");
    fs::write(&path, wat::parse_str(text).unwrap()).unwrap();
    path
}

fn run(folder: &TempDir, flags: &[&str]) -> Output {
    let guest = guest(folder.path());
    Command::new(env!("CARGO_BIN_EXE_fractalaw"))
        .args(["run", "--cache"])
        .arg(cache())
        .args(flags)
        .arg(&guest)
        .current_dir(folder.path())
        .env_remove("RUST_LOG")
        .output()
        .unwrap()
}

#[test]
fn a_database_that_is_brought_is_granted_as_the_flag_says() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("permits.db");
    let connection = Connection::open(&file).unwrap();
    connection
        .execute_batch("CREATE TABLE permit (id INTEGER PRIMARY KEY, site TEXT)")
        .unwrap();
    for flags in [&[][..], &["--data", "permits.db"]] {
        let output = run(&folder, flags);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("data.\"write\" = true"), "{text}");
        assert_eq!(output.status.code(), Some(3), "{text}");
    }
    let output = run(&folder, &["--data", "permits.db:rw"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("[data] insert permit — id 7, site \"west\" (committed)"),
        "{text}"
    );
    let ids = connection.query_row("SELECT group_concat(id) FROM permit", (), |row| row.get(0));
    assert_eq!(ids, Ok("7".to_owned()));
    // A line about tables counts before the flag.
    let line = "data.write = [\"other\"]";
    let output = run(&folder, &["--data", "permits.db:rw", "--grant", line]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("unreachable"), "{text}");
}
