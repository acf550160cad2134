//! PostgreSQL behind its ADBC driver, through the program `fractalaw` and a server of the test's own.

use std::path::Path;
use std::process::{Command, Output};

use fractalaw_testing::{PASSWORD, Postgresql, cache};
use tempfile::TempDir;

use crate::data::executes;

const SET_UP: [&str; 5] = [
    "CREATE TABLE permit (id BIGINT PRIMARY KEY, site TEXT NOT NULL)",
    "INSERT INTO permit VALUES (1, 'north')",
    "CREATE TABLE secret (word TEXT)",
    "CREATE ROLE reader LOGIN PASSWORD 'correct horse/battery:staple'",
    "GRANT SELECT ON permit TO reader",
];

/// A guest that runs this statement and then does `end`, as this role.
fn run(
    server: &Postgresql,
    role: &str,
    password: &str,
    sql: &str,
    end: &str,
    flags: &[&str],
) -> Output {
    let folder: TempDir = tempfile::tempdir().unwrap();
    let guest = executes(folder.path(), sql, end);
    Command::new(env!("CARGO_BIN_EXE_fractalaw"))
        .args(["run", "--cache"])
        .arg(cache())
        .args(["--grant", &server.line(role), "--grant", "data.read = true"])
        .args(["--grant", "data.write = true"])
        .args(["--grant", "interfaces.\"fractal:app/data-mutate\" = true"])
        .args(flags)
        .arg::<&Path>(&guest)
        .env("REGISTER_PASSWORD", password)
        .env_remove("RUST_LOG")
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8(text).unwrap()
}

/// The call failed with this code, or the guest traps.
fn fails_with(code: u32) -> String {
    format!(
        "(if (i32.eqz (i32.load8_u (i32.const 64))) (then unreachable))
         (if (i32.ne (i32.load (i32.const 72)) (i32.const {code})) (then unreachable))"
    )
}

const WORKS: &str = "(if (i32.load8_u (i32.const 64)) (then unreachable))";

#[test]
fn a_role_bounds_what_a_guest_may_do() {
    let Some(server) = Postgresql::seeded(&SET_UP) else {
        return;
    };
    for (role, sql, end) in [
        (
            "reader",
            "INSERT INTO permit VALUES (2, 'south')",
            fails_with(2),
        ),
        ("reader", "DELETE FROM secret", fails_with(2)),
        ("reader", "DELETE FROM nothing", fails_with(3)),
        (
            "owner",
            "INSERT INTO permit VALUES (1, 'again')",
            fails_with(5),
        ),
        (
            "owner",
            "INSERT INTO permit VALUES ('x', 'y')",
            fails_with(4),
        ),
        (
            "owner",
            "INSERT INTO permit VALUES (2, 'south')",
            WORKS.to_owned(),
        ),
        (
            "owner",
            "INSERT INTO permit VALUES (3, 'west')",
            "unreachable".to_owned(),
        ),
    ] {
        let output = run(&server, role, PASSWORD, sql, &end, &[]);
        let text = said(&output);
        let code = if end == "unreachable" { 8 } else { 0 };
        assert_eq!(output.status.code(), Some(code), "{sql}: {text}");
        assert!(!text.contains(PASSWORD), "{text}");
    }
    // A call that failed did not undo what worked, and a run that failed left nothing.
    assert_eq!(
        server.rows("SELECT * FROM permit ORDER BY id"),
        ["1,north", "2,south"]
    );
}

#[test]
fn a_deadline_cancels_the_statement_on_the_server() {
    let Some(server) = Postgresql::seeded(&SET_UP) else {
        return;
    };
    let slow = "UPDATE permit SET site = 'slow' WHERE pg_sleep(3600) IS NOT NULL";
    let output = run(&server, "owner", PASSWORD, slow, "", &["--timeout", "2s"]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(5), "{text}");
    let working = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'UPDATE permit%'";
    assert_eq!(server.rows(working), ["0"]);
    assert_eq!(server.rows("SELECT site FROM permit"), ["north"]);
}

#[test]
fn a_wrong_password_is_told_and_not_shown() {
    let Some(server) = Postgresql::seeded(&SET_UP) else {
        return;
    };
    let output = run(
        &server,
        "owner",
        "wrong horse",
        "DELETE FROM permit",
        WORKS,
        &[],
    );
    let text = said(&output);
    assert_eq!(output.status.code(), Some(10), "{text}");
    assert!(text.contains("cannot open the database: "), "{text}");
    assert!(
        text.contains("password authentication failed for user \"owner\""),
        "{text}"
    );
    assert!(
        !text.contains("wrong horse") && !text.contains("wrong%20horse"),
        "{text}"
    );
    assert_eq!(server.rows("SELECT count(*) FROM permit"), ["1"]);
}
