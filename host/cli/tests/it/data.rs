//! `--data`: a database that whoever starts the run brings.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use fractalaw_testing::cache;
use rusqlite::Connection;
use tempfile::TempDir;

fn guest(folder: &Path) -> std::path::PathBuf {
    executes(
        folder,
        "INSERT INTO permit VALUES (7, 'west')",
        "(if (i32.load8_u (i32.const 64)) (then unreachable))",
    )
}

/// A component in a file that runs this statement and then does `end`.
pub(crate) fn executes(folder: &Path, sql: &str, end: &str) -> std::path::PathBuf {
    let path = folder.join("guest.wasm");
    let text = text(&[sql.to_owned()], "", end);
    fs::write(&path, wat::parse_str(text).unwrap()).unwrap();
    path
}

/// A component that runs these statements, each of which must work, and then does `end`.
pub(crate) fn component(statements: &[String], end: &str) -> Vec<u8> {
    let works = "(if (i32.load8_u (i32.const 64)) (then unreachable))";
    wat::parse_str(text(statements, works, end)).unwrap()
}

/// The text of a component that runs these statements, does `after` after each, and `end` at the end.
pub(crate) fn text(statements: &[String], after: &str, end: &str) -> String {
    let (mut data, mut calls, mut at) = (String::new(), String::new(), 1024);
    for sql in statements {
        let bytes = sql.len();
        data += &format!("(data (i32.const {at}) \"{sql}\")\n");
        calls += &format!(
            "(call $execute (i32.const {at}) (i32.const {bytes}) (i32.const 64)) {after}\n"
        );
        at += bytes;
    }
    include_str!("../components/executes.wat")
        .replace("{data}", &data)
        .replace("{calls}", &calls)
        .replace("{end}", end)
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

/// SQLite's log is not left beside the file, where a copy of the file would miss what is in it.
#[test]
fn a_copy_of_the_file_has_what_a_run_changed() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    Connection::open(at("permits.db"))
        .unwrap()
        .execute_batch("CREATE TABLE permit (id INTEGER PRIMARY KEY, site TEXT)")
        .unwrap();
    let output = run(&folder, &["--data", "permits.db:rw"]);
    assert_eq!(output.status.code(), Some(0));
    fs::copy(at("permits.db"), at("copy.db")).unwrap();
    let ids = Connection::open(at("copy.db")).unwrap().query_row(
        "SELECT group_concat(id) FROM permit",
        (),
        |row| row.get(0),
    );
    assert_eq!(ids, Ok("7".to_owned()));
    assert!(!at("permits.db-wal").exists());
}

/// What a refused run says, from its first line of policy to its last.
fn lines_to_paste(output: &Output) -> Vec<String> {
    assert_eq!(output.status.code(), Some(3));
    let text = std::str::from_utf8(&output.stdout).unwrap();
    let lines = text
        .lines()
        .skip(1)
        .take_while(|line| !line.starts_with("hint: "));
    lines.map(|line| line.trim_start().to_owned()).collect()
}

#[test]
fn the_lines_of_a_refusal_work_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let connection = Connection::open(folder.path().join("permits.db")).unwrap();
    connection
        .execute_batch("CREATE TABLE permit (id INTEGER PRIMARY KEY, site TEXT)")
        .unwrap();
    let lines = lines_to_paste(&run(&folder, &[]));
    let digest = format!("[apps.\"@{}\"]", digest(&folder));
    assert_eq!(
        lines,
        [
            &*digest,
            "interfaces.\"fractal:app/data-mutate\" = true  # the interface `fractal:app/data-mutate`",
            "data.\"file\" = true  # the database, by name or from `--data FILE`: `file`",
            "data.\"write\" = true  # data: `write`",
        ]
    );
    // All of them in a policy, or each after `--grant`.
    fs::write(folder.path().join("policy.toml"), lines.join("\n")).unwrap();
    let pasted = ["--policy", "policy.toml"].map(str::to_owned);
    let each = lines[1..]
        .iter()
        .flat_map(|line| ["--grant".to_owned(), line.clone()]);
    for mut flags in [pasted.to_vec(), each.collect()] {
        connection.execute_batch("DELETE FROM permit").unwrap();
        flags.extend(["--data", "permits.db"].map(str::to_owned));
        let flags: Vec<_> = flags.iter().map(String::as_str).collect();
        let output = run(&folder, &flags);
        assert_eq!(output.status.code(), Some(0), "{flags:?}");
    }
    // Whoever grants a database without naming it is told how to name one.
    let output = run(&folder, &["--policy", "policy.toml"]);
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "error: data is granted, and no database is named\nhint: name one with `--data FILE`, or in the policy as \
         `data.file = \"FILE\"`\n"
    );
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_database_that_cannot_be_opened_fails_with_its_own_hint() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("text.db"), "text").unwrap();
    for (name, stderr) in [
        (
            "none.db:rw",
            "error: `data` failed: cannot open `none.db`: unable to open database file: none.db\nhint: name an SQLite \
             database that exists and may be read\n",
        ),
        (
            ":memory::rw",
            "error: `data` failed: cannot open `:memory:`: unable to open database file: ./:memory:\nhint: name an SQLite \
             database that exists and may be read\n",
        ),
        (
            "text.db:rw",
            "error: `data` failed: cannot open `FOLDER/text.db`: file is not a database\nhint: name an SQLite database, or \
             an empty file for a new one\n",
        ),
    ] {
        let output = run(&folder, &["--data", name]);
        let place = folder.path().canonicalize().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said.replace(place.to_str().unwrap(), "FOLDER"), stderr);
        assert_eq!(output.status.code(), Some(10));
    }
}

fn digest(folder: &TempDir) -> String {
    use sha2::{Digest, Sha256};
    let bytes = fs::read(guest(folder.path())).unwrap();
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The record of the run or SQLite's log does not fit on the disk. The run fails, and the data is as before.
#[test]
fn a_full_disk_fails_the_run_and_changes_nothing() {
    let lab = fractalaw_testing::Lab::new();
    let file = lab.folder.path().join("permits.db");
    let connection = Connection::open(&file).unwrap();
    connection
        .execute_batch("CREATE TABLE permit (id INTEGER PRIMARY KEY, site BLOB)")
        .unwrap();
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
                INSERT INTO permit SELECT i, zeroblob(500000) FROM n LIMIT ";
    let ids = || -> u32 {
        let count = "SELECT count(*) FROM permit";
        connection.query_row(count, (), |row| row.get(0)).unwrap()
    };
    let run = |rows: u32, ledger: bool| {
        let guest = executes(
            lab.folder.path(),
            &format!("{many}{rows}"),
            "(if (i32.load8_u (i32.const 64)) (then unreachable))",
        );
        // A megabyte for each file, as on a disk with this much space.
        let mut command = Command::new("sh");
        command
            .args(["-c", "ulimit -f 2048; exec \"$0\" \"$@\""])
            .arg(env!("CARGO_BIN_EXE_fractalaw"))
            .args(["run", "--no-cache", "--data"])
            .arg(format!("{}:rw", file.display()));
        if ledger {
            command.arg("--ledger").arg(&lab.path);
        }
        let output = command.arg(&guest).env_remove("RUST_LOG").output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    // Nine rows do not fit while the statement goes on, and three do not when the run has ended.
    for (rows, ledger, expected) in [(9, false, 8), (9, true, 8), (3, false, 10), (3, true, 10)] {
        let (code, said) = run(rows, ledger);
        assert_eq!(
            (code, ids()),
            (Some(expected), 0),
            "{rows}, {ledger}: {said}"
        );
        let record = file.with_file_name("permits.db-pending");
        assert_eq!(record.metadata().map_or(0, |found| found.len()), 0);
    }
    let (code, said) = run(1, true);
    assert_eq!((code, ids()), (Some(0), 1), "{said}");
}

/// The run goes on with what works of its grants. The operator is told of the rest, once.
#[test]
fn grants_that_name_nothing_or_reach_too_far_are_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    Connection::open(folder.path().join("permits.db"))
        .unwrap()
        .execute_batch(
            "CREATE TABLE permit (id INTEGER PRIMARY KEY, site TEXT);
             CREATE TABLE secret (word TEXT);
             CREATE VIEW told AS SELECT word FROM secret;",
        )
        .unwrap();
    let file = folder.path().join("permits.db");
    let cases = [
        (r#"data.read = ["permit"]"#, String::new()),
        (
            r#"data.read = ["permit", "permits"]"#,
            "warning: data in `permits.db`: `permits` is granted, but there is no such table\n\
             hint: correct the name in the policy, or make the table\n"
                .to_owned(),
        ),
        (
            r#"data.read = ["permit", "told"]"#,
            "warning: data in `permits.db`: the view `told` reads `secret.word`, which is not granted\n\
             hint: add `secret.word` to `data.read`, or take the other out of the grants\n"
                .to_owned(),
        ),
    ];
    for (read, warnings) in cases {
        let flags = [
            "--data",
            "permits.db:rw",
            "--grant",
            read,
            "--grant",
            r#"data.write = ["permit"]"#,
            "--grant",
            r#"interfaces."fractal:app/data-mutate" = true"#,
            "--grant",
            r#"interfaces."fractal:app/data-query" = true"#,
        ];
        let output = run(&folder, &flags);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{told}");
        let told: String = told
            .split_inclusive('\n')
            .filter(|line| line.starts_with("warning:") || line.starts_with("hint:"))
            .collect();
        assert_eq!(told, warnings, "{read}");
        Connection::open(&file)
            .unwrap()
            .execute("DELETE FROM permit", ())
            .unwrap();
    }
}
