//! Data behind an ADBC driver, through the real host and the real program. The client's own tests are in `host/adbc`.

use std::time::Duration;

use fractalaw_data::Data;
use fractalaw_host::{Host, HostError, Outcome, Run, Section};
use fractalaw_testing::{DURABILITIES, Duckdb, RUNTIME};

use crate::guests::Does::{Execute, Query, Wat};
use crate::guests::{guest, text as wat_of};
use crate::lab::{effects, ran};

const SET_UP: [&str; 2] = [
    "CREATE TABLE permit (id BIGINT PRIMARY KEY, site VARCHAR NOT NULL, holder VARCHAR)",
    "INSERT INTO permit VALUES (1, 'north', 'Ada'), (2, 'east', 'Bo'), (3, 'south', NULL)",
];

const CHANGES: [crate::guests::Does<'static>; 4] = [
    Execute("INSERT INTO permit VALUES (4, 'west', 'Cy')"),
    Execute("UPDATE permit SET holder = 'Di' WHERE id = 2"),
    Execute("DELETE FROM permit WHERE id = 3"),
    Query("SELECT * FROM permit"),
];

const PERMITS: &str = "SELECT concat_ws(' ', id, site, holder) FROM permit ORDER BY id";
const AFTER: [&str; 3] = ["1 north Ada", "2 east Di", "4 west Cy"];
const BEFORE: [&str; 3] = ["1 north Ada", "2 east Bo", "3 south"];

const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1::BIGINT UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

fn changed(settled: &str) -> Vec<String> {
    [
        r#"execute duckdb — statement "INSERT INTO permit VALUES (4, 'west', 'Cy')", rows 1"#,
        r#"execute duckdb — statement "UPDATE permit SET holder = 'Di' WHERE id = 2", rows 1"#,
        r#"execute duckdb — statement "DELETE FROM permit WHERE id = 3", rows 1"#,
    ]
    .map(|line| format!("[data] {line} ({settled})"))
    .to_vec()
}

fn host() -> Host {
    let program = fractalaw_testing::adbc_program().unwrap();
    let data = Data::new().adbc_program(program);
    Host::builder().slots(4).offer(data).build().unwrap()
}

fn granted(lines: &str) -> Run {
    let lines = format!(
        "interfaces.\"fractal:app/data-query\" = true\ninterfaces.\"fractal:app/data-mutate\" = true\n{lines}"
    );
    Run::new().grant(Section::parse(&lines).unwrap())
}

fn all(database: &Duckdb) -> Run {
    granted(&format!(
        "{}\ndata.read = true\ndata.write = true",
        database.line()
    ))
}

#[test]
fn what_a_run_did_takes_effect_only_if_it_completes() {
    for (end, kind, settled, left) in [
        ("", "completed", "committed", AFTER),
        ("unreachable", "trap", "discarded", BEFORE),
        ("(loop (br 0))", "out-of-fuel", "discarded", BEFORE),
        (
            "(i32.store8 (i32.const 16) (i32.const 1))",
            "guest-error",
            "discarded",
            BEFORE,
        ),
    ] {
        let Some(database) = Duckdb::seeded(&SET_UP) else {
            return;
        };
        let mut does = Vec::from(CHANGES);
        does.push(Wat(end));
        let report = ran(&host(), &guest(&does), &all(&database).fuel(20_000_000));
        assert_eq!(report.outcome.kind(), kind);
        assert_eq!(effects(&report), changed(settled), "{kind}");
        assert_eq!(database.rows(PERMITS), left, "{kind}");
        let unmetered =
            "Not metered: the time that the database takes, behind the driver `duckdb` (data)";
        assert!(
            report.text().lines().any(|line| line == unmetered),
            "{}",
            report.text()
        );
        assert!(
            report.json().contains(
                "\"what\": \"the time that the database takes, behind the driver `duckdb`\""
            ),
            "{}",
            report.json()
        );
    }
}

/// A call that fails undoes the whole run on DuckDB. A guest that goes on as if nothing had happened does not complete.
#[test]
fn a_run_that_the_database_does_not_commit_has_not_completed() {
    let Some(database) = Duckdb::seeded(&SET_UP) else {
        return;
    };
    let statement = "INSERT INTO permit VALUES (1, 'north', 'again')";
    // It calls, sees that the call fails, and returns `ok`.
    let ignores = statement.len().to_string();
    let ignores = format!(
        "(call $execute (i32.const 900) (i32.const {ignores}) (i32.const 64))
         (if (i32.eqz (i32.load8_u (i32.const 64))) (then unreachable))"
    );
    let text = wat_of(&[Wat(&ignores)]).replace(
        "(data (i32.const 512)",
        &format!("(data (i32.const 900) \"{statement}\") (data (i32.const 512)"),
    );
    let text = wat::parse_str(text).unwrap();
    let report = ran(&host(), &text, &all(&database));
    let Outcome::Trap(trap) = &report.outcome else {
        panic!("{}", report.outcome);
    };
    assert_eq!(
        trap.message,
        "the database did not commit the run: a call before this one failed, and with it all that this run did to \
         data\nhint: end the run: this database undoes a transaction whole or not at all"
    );
    assert_eq!(database.rows(PERMITS), BEFORE);
}

#[test]
fn the_deadline_ends_a_statement_and_the_next_run_works() {
    let Some(database) = Duckdb::seeded(&SET_UP) else {
        return;
    };
    let host = host();
    let does = [CHANGES[0], Query(ENDLESS)];
    let run = all(&database).deadline(Duration::from_millis(1_500));
    let report = ran(&host, &guest(&does), &run);
    assert_eq!(report.outcome, Outcome::DeadlineExceeded);
    assert_eq!(effects(&report), [&*changed("discarded")[0]]);
    let report = ran(&host, &guest(&CHANGES), &all(&database));
    assert_eq!(report.outcome.kind(), "completed");
    drop(host);
    assert_eq!(database.rows(PERMITS), AFTER);
}

#[test]
fn quotas_and_fuel_are_those_of_any_engine() {
    let Some(database) = Duckdb::seeded(&SET_UP) else {
        return;
    };
    let host = host();
    for (quota, does) in [
        ("data-statements", [Query("SELECT 1"), Query("SELECT 1")]),
        ("data-rows", [Query("SELECT * FROM permit"), Wat("")]),
        ("data-bytes", [Query("SELECT 1"), Wat("")]),
    ] {
        let lines = format!(
            "{}\ndata.read = true\ndata.write = true\nquotas.{quota} = 1",
            database.line()
        );
        let report = ran(&host, &guest(&does), &granted(&lines));
        let Outcome::QuotaExceeded {
            quota: found,
            limit,
        } = &report.outcome
        else {
            panic!("{quota}: {}", report.outcome);
        };
        assert_eq!((&*found.name, *limit), (quota, 1));
    }
    let report = ran(&host, &guest(&CHANGES), &all(&database).fuel(700_000));
    assert_eq!(report.outcome, Outcome::OutOfFuel);
    assert_eq!(report.fuel.consumed(), 700_000);
    // The same calls cost the same, however long the database takes.
    let read = guest(&[CHANGES[3]]);
    let [first, again] = [(), ()].map(|()| ran(&host, &read, &all(&database)).fuel);
    assert_eq!(first, again);
}

/// Each is an error before the guest runs.
#[test]
fn what_a_driver_cannot_hold_a_guest_to_is_refused() {
    let host = Host::builder().slots(1).offer(Data::new()).build().unwrap();
    let duckdb = "data.adbc = \"duckdb:/nowhere.duckdb\"";
    for (lines, said, hint) in [
        (
            format!("{duckdb}\ndata.read = [\"permit\"]\ndata.write = true"),
            "`data.read` grants tables, and behind an ADBC driver the host cannot hold a statement to them",
            "leave `data.read` out, and let the database do it: connect as a role that may use `permit` only",
        ),
        (
            format!("{duckdb}\ndata.read = true\ndata.write = [\"permit.site\"]"),
            "`data.write` grants tables, and behind an ADBC driver the host cannot hold a statement to them",
            "leave `data.write` out, and let the database do it: connect as a role that may use `permit.site` only",
        ),
        (
            format!("{duckdb}\ndata.read = []\ndata.write = true"),
            "`data.write` is granted without `data.read`, and behind an ADBC driver the host cannot keep a statement that \
             changes data from reading",
            "grant `data.read = true` too",
        ),
        (
            format!("{duckdb}\ndata.file = \"x.db\"\ndata.read = true\ndata.write = true"),
            "`data.file` and `data.adbc` are both granted, expected one database",
            "leave one of them out",
        ),
        (
            "data.adbc = \"postgresql://me:${NO_SUCH_VARIABLE}@h/db\"\ndata.read = true\ndata.write = true".to_owned(),
            "`uri` takes its secret from the environment variable `NO_SUCH_VARIABLE`, which is not set",
            "set `NO_SUCH_VARIABLE` where the host is started",
        ),
    ] {
        let app = host.load(&guest(&CHANGES)).unwrap();
        let error: HostError = RUNTIME.block_on(host.run(&app, &granted(&lines))).unwrap_err();
        assert_eq!(error.to_string(), said);
        assert_eq!(error.hint().as_deref(), Some(hint));
        assert!(error.is_usage());
    }
}

#[test]
fn with_a_ledger_it_is_the_same_whatever_the_durability() {
    for (durability, name) in DURABILITIES {
        let Some(database) = Duckdb::seeded(&SET_UP) else {
            return;
        };
        let ledger = fractalaw_testing::Lab::new();
        let program = fractalaw_testing::adbc_program().unwrap();
        let builder = Host::builder()
            .slots(4)
            .offer(Data::new().adbc_program(program));
        let host = builder.ledger(&ledger.path, durability).build().unwrap();
        let report = ran(&host, &guest(&CHANGES), &all(&database));
        assert_eq!(effects(&report), changed("committed"), "{name}");
        drop(host);
        assert_eq!(database.rows(PERMITS), AFTER, "{name}");
        assert_eq!(ledger.outcomes(), [Some("completed".to_owned())]);
    }
}

/// A measurement runs the guest twice and commits neither.
#[test]
fn a_profile_changes_nothing() {
    let Some(database) = Duckdb::seeded(&SET_UP) else {
        return;
    };
    let host = host();
    let app = host.load_profiled(&guest(&CHANGES)).unwrap();
    let run = all(&database).deterministic();
    let profile = RUNTIME.block_on(host.profile(&app, &run)).unwrap();
    assert_eq!(profile.report.outcome.kind(), "completed");
    drop((app, host));
    assert_eq!(database.rows(PERMITS), BEFORE);
}
