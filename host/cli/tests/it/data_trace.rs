//! `--trace` with data: each statement with its rows and steps.

use std::fs;
use std::process::Command;

use fractalaw_testing::cache;
use rusqlite::Connection;

#[test]
fn a_trace_has_each_statement_with_its_rows_and_steps() {
    let folder = tempfile::tempdir().unwrap();
    let connection = Connection::open(folder.path().join("permits.db")).unwrap();
    connection
        .execute_batch("CREATE TABLE permit (id INTEGER PRIMARY KEY, site TEXT)")
        .unwrap();
    let long = format!("INSERT INTO permit VALUES (2, '{}')", "é".repeat(100));
    let path = folder.path().join("long.wasm");
    let statements = [
        "INSERT INTO permit VALUES (7, 'west'), (8, '\\1b[2J')",
        "UPDATE permit SET site = 'east' WHERE id > 6",
        &long,
    ];
    fs::write(&path, executes(&statements)).unwrap();
    let run = |flags: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_fractalaw"))
            .args([
                "run",
                "long.wasm",
                "--data",
                "permits.db:rw",
                "--trace",
                "--cache",
            ])
            .arg(cache())
            .args(flags)
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0));
        connection.execute_batch("DELETE FROM permit").unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let text = run(&[]);
    let facts: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("      "))
        .collect();
    // 200 bytes of it, and no half character.
    let cut = format!("INSERT INTO permit VALUES (2, '{}…", "é".repeat(84));
    assert_eq!(
        facts,
        [
            "      sql \"INSERT INTO permit VALUES (7, 'west'), (8, '\\u001b[2J')\", rows 2, steps 32",
            "      sql \"UPDATE permit SET site = 'east' WHERE id > 6\", rows 2, steps 25",
            &format!("      sql \"{cut}\", rows 1, steps 13"),
        ]
    );
    let report: serde_json::Value = serde_json::from_str(&run(&["--json"])).unwrap();
    let calls = report["trace"]["calls"].as_array().unwrap();
    assert_eq!(
        calls[2]["facts"],
        serde_json::json!([
            { "name": "sql", "value": cut },
            { "name": "rows", "value": 1 },
            { "name": "steps", "value": 13 },
        ])
    );
}

/// A component that runs these statements, one after another.
fn executes(statements: &[&str]) -> Vec<u8> {
    let (mut data, mut calls, mut at) = (String::new(), String::new(), 1024);
    for sql in statements {
        // An escape is three characters of the text and one byte of the guest.
        let bytes = sql.len() - 2 * sql.matches('\\').count();
        data += &format!("(data (i32.const {at}) \"{sql}\")\n");
        calls += &format!(
            "(call $execute (i32.const {at}) (i32.const {bytes}) (i32.const 64))
             (if (i32.load8_u (i32.const 64)) (then unreachable))\n"
        );
        at += bytes;
    }
    let text = include_str!("../components/executes.wat")
        .replace("{data}", &data)
        .replace("{calls}", &calls)
        .replace("{end}", "");
    wat::parse_str(text).unwrap()
}
