//! A Flight SQL server behind its ADBC driver, through the program `fractalaw`. The server is a small one in Python, which
//! needs the package `pyarrow`. `FRACTALAW_TEST_PYTHON` names a Python that has it.

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use fractalaw_testing::{adbc_driver, adbc_program, cache, guest, workspace};
use rusqlite::Connection;

use crate::data::executes;

const SET_UP: &str = "
    CREATE TABLE permit (number TEXT PRIMARY KEY, holder TEXT, expires TEXT, status TEXT);
    INSERT INTO permit VALUES ('EP-0102', 'Harrow, Dale & Sons', '2026-03-14', 'revoked');
";

/// A server that ends when its input closes.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_flight_sql_server_answers_guests_in_transactions() {
    let python = env::var("FRACTALAW_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has_flight = Command::new(&python)
        .args(["-c", "import pyarrow.flight"])
        .stderr(Stdio::null())
        .status();
    if !has_flight.is_ok_and(|status| status.success()) {
        eprintln!(
            "SKIPPED: `{python}` has no `pyarrow`, which the Flight SQL server of this test needs"
        );
        return;
    }
    let (Some(driver), Some(_)) = (adbc_driver("flightsql"), adbc_program()) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("register.db");
    let database = Connection::open(&file).unwrap();
    database.execute_batch(SET_UP).unwrap();
    let script = workspace().join("host/cli/tests/flight_sql_server.py");
    let mut server = Command::new(&python);
    server.arg(script).arg(&file);
    server.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut server = Server(server.spawn().unwrap());
    let mut port = String::new();
    let mut output = BufReader::new(server.0.stdout.take().unwrap());
    output.read_line(&mut port).unwrap();
    let line = format!(
        "data.adbc = {{ driver = \"flightsql\", uri = \"grpc://127.0.0.1:{}\", library = \"{}\" }}",
        port.trim(),
        driver.display()
    );
    let works = "(if (i32.load8_u (i32.const 64)) (then unreachable))";
    let put = |number: &str| format!("INSERT INTO permit VALUES ('{number}', 'a', 'b', 'c')");
    let traps = format!("{works} unreachable");
    let renews = guest("permit-register");
    let rooms = [(); 2].map(|()| tempfile::tempdir().unwrap());
    for (component, args, code, said) in [
        (
            executes(rooms[0].path(), &put("EP-1"), works),
            &[][..],
            0,
            "[data] execute flightsql — statement \"INSERT INTO permit VALUES ('EP-1', 'a', 'b', 'c')\", rows 1 (committed)",
        ),
        (
            executes(rooms[1].path(), &put("EP-2"), &traps),
            &[],
            8,
            "rows 1 (discarded)",
        ),
        (
            renews,
            &["--arg", "renew", "--arg", "EP-0102", "--arg", "2031-03-14"],
            1,
            "permit `EP-0102` was revoked",
        ),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_fractalaw"))
            .args(["run", "--cache"])
            .arg(cache())
            .args(["--grant", &line, "--grant", "data.read = true"])
            .args(["--grant", "data.write = true"])
            .args(["--grant", "interfaces.\"fractal:app/data-query\" = true"])
            .args(["--grant", "interfaces.\"fractal:app/data-mutate\" = true"])
            .args(args)
            .arg(&component)
            .env_remove("RUST_LOG")
            .output()
            .unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert!(text.contains(said), "{text}");
    }
    let numbers = database.query_row(
        "SELECT group_concat(number, ' ' ORDER BY number) FROM permit",
        (),
        |row| row.get(0),
    );
    assert_eq!(numbers, Ok("EP-0102 EP-1".to_owned()));
}
