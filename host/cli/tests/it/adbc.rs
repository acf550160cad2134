//! Guests on databases behind ADBC drivers, through the program `fractalaw`.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use fractalaw_testing::{Duckdb, cache, guest, workspace};
use rusqlite::Connection;
use serde_json::Value;

/// Runs a guest with these lines of policy and flags, at 2026-03-01, with this standard input.
fn run(name: &str, lines: &str, flags: &[&str], stdin: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fractalaw"));
    command.args(["run", "--json", "--cache"]).arg(cache());
    command.args(["--deterministic", "--clock", "2026-03-01T02:00:00Z"]);
    command.args(["--grant", "interfaces.\"fractal:app/data-query\" = true"]);
    command.args(["--grant", "interfaces.\"fractal:app/data-mutate\" = true"]);
    for line in lines.lines() {
        command.args(["--grant", line]);
    }
    command
        .args(flags)
        .arg("--stdin")
        .arg(stdin)
        .arg(guest(name));
    command.env_remove("RUST_LOG").stdin(Stdio::null());
    command.output().unwrap()
}

/// The outcome, audit entries and effects of a report.
fn told(output: &Output) -> (Value, Vec<String>, Vec<String>) {
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    let report: Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}{errors}"));
    let list = |name: &str, of: &dyn Fn(&Value) -> String| {
        let list = report[name].as_array();
        list.map_or_else(Vec::new, |list| list.iter().map(of).collect())
    };
    let entry = |entry: &Value| {
        format!(
            "{} {} {}",
            entry["event_type"], entry["resource"], entry["detail"]
        )
    };
    let effect = |effect: &Value| {
        format!(
            "{} {} {}",
            effect["kind"], effect["subject"], effect["settled"]
        )
    };
    (
        report["outcome"].clone(),
        list("audit", &entry),
        list("effects", &effect),
    )
}

const PERMITS: &str =
    "SELECT number, holder, expires, fee_pence, status FROM permit ORDER BY number";
const EVENTS: &str = "SELECT permit, kind, detail FROM event ORDER BY permit, kind, detail";

/// The schema of the guest's own cases. DuckDB has no `rowid` that counts up, does not change a row that another refers to, and
/// has a keyword `at`.
fn duckdb(schema: &str) -> Vec<String> {
    let schema = schema
        .replace(
            "id INTEGER PRIMARY KEY",
            "id BIGINT DEFAULT nextval('event_id') PRIMARY KEY",
        )
        .replace(" REFERENCES permit (number)", "")
        .replace(" at TIMESTAMPTZ", " \"at\" TIMESTAMPTZ");
    let without_comments: Vec<&str> = schema
        .lines()
        .filter(|line| !line.starts_with("--"))
        .collect();
    let statements = without_comments.join("\n");
    let statements = statements
        .split(';')
        .map(str::trim)
        .filter(|sql| !sql.is_empty());
    ["CREATE SEQUENCE event_id".to_owned()]
        .into_iter()
        .chain(statements.map(str::to_owned))
        .collect()
}

fn sqlite_rows(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map((), |row| {
        let values = (0..columns).map(|at| match row.get(at)? {
            rusqlite::types::Value::Integer(number) => Ok(number.to_string()),
            rusqlite::types::Value::Text(text) if text.contains([',', '"']) => {
                Ok(format!("\"{}\"", text.replace('"', "\"\"")))
            }
            rusqlite::types::Value::Text(text) => Ok(text),
            other => panic!("{other:?}"),
        });
        Ok(values.collect::<rusqlite::Result<Vec<_>>>()?.join(","))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// One component, two databases: each command has the same outcome and the same audit trail, and leaves the same rows.
#[test]
fn a_guest_gives_the_same_on_sqlite_and_on_duckdb() {
    let folder = tempfile::tempdir().unwrap();
    let cases = workspace().join("tests/cases/permit-register");
    let schema = fs::read_to_string(cases.join("schema.sql")).unwrap();
    let seed = "INSERT INTO permit VALUES
        ('EP-0102', 'Harrow, Dale & Sons', 'storage of scrap vehicles', '2021-03-15', '2026-03-14', 96500, 'in-force'),
        ('EP-0108', 'Kestrel Ridge Landfill', 'landfill of inert waste', '2018-07-01', '2024-06-30', 540000, 'revoked')";
    let mut statements = duckdb(&schema);
    statements.push(seed.to_owned());
    let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
    let Some(duckdb) = Duckdb::seeded(&statements) else {
        return;
    };
    let file = folder.path().join("register.db");
    let sqlite = Connection::open(&file).unwrap();
    sqlite.execute_batch(&schema).unwrap();
    sqlite.execute_batch(seed).unwrap();
    let all = "data.read = true\ndata.write = true\n";
    let places = [
        format!("{all}data.file = \"{}\"", file.display()),
        format!("{all}{}", duckdb.line()),
    ];
    let nothing = Path::new("/dev/null");
    let applications = cases.join("applications.txt");
    for (args, stdin, outcome, effects) in [
        (
            &["renew", "EP-0102", "2031-03-14"][..],
            nothing,
            r#"{"kind":"completed","ok":"`EP-0102` of Harrow, Dale & Sons until 2031-03-14"}"#,
            &[
                r#""insert-rows" "event" "committed""#,
                r#""execute" "duckdb" "committed""#,
            ][..],
        ),
        (
            &["renew", "EP-0108", "2031-03-14"],
            nothing,
            r#"{"err":"permit `EP-0108` was revoked\nhint: its holder must apply for a new one","kind":"guest-error"}"#,
            &[],
        ),
        (
            &["renew", "EP-0102", "2020-01-01"],
            nothing,
            r#"{"err":"permit `EP-0102` cannot run until `2020-01-01`\nhint: give a day after it was issued, as `2027-03-31`","kind":"guest-error"}"#,
            &[r#""insert-rows" "event" "discarded""#],
        ),
        (
            &["register"],
            &applications,
            r#"{"kind":"completed","ok":"3 permits registered"}"#,
            &[
                r#""insert-rows" "permit" "committed""#,
                r#""insert-rows" "event" "committed""#,
            ],
        ),
    ] {
        let flags: Vec<&str> = args.iter().flat_map(|arg| ["--arg", arg]).collect();
        let [on_sqlite, on_duckdb] =
            [0, 1].map(|at| told(&run("permit-register", &places[at], &flags, stdin)));
        assert_eq!(on_duckdb.0.to_string(), outcome);
        assert_eq!(on_sqlite.0, on_duckdb.0);
        assert_eq!(on_sqlite.1, on_duckdb.1, "{args:?}");
        assert_eq!(on_duckdb.2, effects, "{args:?}");
    }
    for sql in [PERMITS, EVENTS] {
        assert_eq!(sqlite_rows(&sqlite, sql), duckdb.rows(sql), "{sql}");
    }
    assert_eq!(duckdb.rows("SELECT count(*) FROM permit"), ["5"]);
}

const READINGS: &str = "INSERT INTO reading VALUES
    (1, '2026-01-31 23:00:00+00', 190.0), (1, '2026-02-01 04:00:00+00', 180.5), (1, '2026-02-01 05:00:00+00', 150.0),
    (1, '2026-02-01 06:00:00+00', 151.5), (2, '2026-02-02 12:00:00+00', 39.0), (3, '2026-02-03 00:00:00+00', 5.25)";

#[test]
fn a_guest_in_duckdbs_sql_runs_there() {
    let schema =
        fs::read_to_string(workspace().join("tests/cases/emission-report/schema.sql")).unwrap();
    let mut statements: Vec<&str> = schema
        .lines()
        .filter(|line| !line.starts_with("--") && !line.is_empty())
        .collect();
    statements.push("INSERT INTO stack VALUES (1, 'harbour', 'NOx', 150), (2, 'harbour', 'SO2', 40), (3, 'mill', 'dust', 5)");
    statements.push(READINGS);
    let Some(duckdb) = Duckdb::seeded(&statements) else {
        return;
    };
    let lines = format!("data.read = true\ndata.write = true\n{}", duckdb.line());
    let flags = ["--arg", "2026-02-01T00:00:00Z"];
    let (outcome, audit, _) = told(&run(
        "emission-report",
        &lines,
        &flags,
        Path::new("/dev/null"),
    ));
    assert_eq!(
        outcome["ok"].as_str(),
        Some(
            "2 limits exceeded since 2026-02-01T00:00:00Z\n\
             harbour: NOx over 150 mg since 2026-02-01 04:00:00 UTC: 2 readings, 180.5 at worst, 166 on average\n\
             mill: dust over 5 mg since 2026-02-03 00:00:00 UTC: 1 reading, 5.25 at worst, 5.25 on average"
        ),
        "{outcome}"
    );
    assert_eq!(audit.len(), 2);
    assert_eq!(
        duckdb.rows("SELECT site, readings, evidence->>'$.hours' FROM breach ORDER BY site"),
        ["harbour,2,\"[4,6]\"", "mill,1,[0]"]
    );
}

/// `--data` with an address. The library stands beside the program that loads it, or the system has it.
#[test]
fn a_database_that_is_brought_by_its_address_is_not_taken_for_a_file() {
    let output = Command::new(env!("CARGO_BIN_EXE_fractalaw"))
        .args([
            "run",
            "--no-cache",
            "--data",
            "postgresql://me:hunter2@localhost/register:rw",
        ])
        .arg(guest("permit-register"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(
        said,
        "error: `uri` has a password in it, expected the name of an environment variable in its place\n\
         hint: write `${NAME}` for it, and set `NAME` in the host's environment\n"
    );
}
