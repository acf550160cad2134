//! Each bound has its outcome: an error that the guest gets, or the end of the run.

use std::fmt::Write;

use fractalaw_host::{Outcome, Run};

use crate::guests::Does::{self, Execute, Query};
use crate::guests::guest;
use crate::lab::{Lab, host, ran};

const MANY: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)";

/// A run with as much fuel as a bound takes to be reached.
fn long(lab: &Lab) -> Run {
    lab.run().fuel(1 << 40).memory_bytes(256 << 20)
}

fn told(lab: &Lab, run: &Run, does: &[Does<'_>]) -> String {
    let report = ran(&host(), &guest(does), run);
    assert_eq!(
        lab.rows(COUNT),
        ["0"],
        "a run that does not complete leaves nothing"
    );
    match report.outcome {
        Outcome::QuotaExceeded { quota, limit } => format!("{} {limit} {}", quota.name, quota.unit),
        other => other.to_string(),
    }
}

const COUNT: &str = "SELECT CAST(count(*) AS TEXT) FROM note";

fn listed(one: &str, times: usize, separator: &str) -> String {
    vec![one; times].join(separator)
}

/// The guest can go on after these, and this one returns the error as its own.
#[test]
fn what_is_too_large_is_an_error_of_the_call() {
    let value = |code_and_text: &str| format!("guest error: 7: {code_and_text}");
    let too_complex = "the statement is too complex: it takes more than 43008 instructions of SQLite or 67108864 bytes\n\
                       hint: make several statements of it, or use `insert` for many rows";
    for (sql, said) in [
        (
            format!("SELECT '{}'", "x".repeat(65_528)),
            "a statement of 65537 bytes, expected at most 65536\nhint: use `insert` for many rows",
        ),
        (
            format!("SELECT {}", listed("1", 501, ",")),
            "too many columns in result set",
        ),
        (
            format!("SELECT 1 WHERE 1 IN ({})", listed("1", 20_000, ",")),
            too_complex,
        ),
        (
            "SELECT zeroblob(1048577)".to_owned(),
            "a value or a row has more than 1048576 bytes",
        ),
        (
            "SELECT randomblob(1e9)".to_owned(),
            "a value or a row has more than 1048576 bytes",
        ),
        (
            format!("{MANY} SELECT zeroblob(1048576) FROM n LIMIT 64"),
            "the result has more than 67108864 bytes\nhint: ask for fewer rows or columns at a time, with `LIMIT` and `WHERE`",
        ),
    ] {
        let lab = Lab::new();
        let does = [Query(&sql)];
        assert_eq!(told(&lab, &long(&lab), &does), value(said));
    }
}

/// One less is allowed.
#[test]
fn what_fits_to_the_byte_is_no_error() {
    for sql in [
        format!("SELECT '{}'", "x".repeat(65_527)),
        format!("SELECT {}", listed("1", 500, ",")),
        "SELECT zeroblob(1048576)".to_owned(),
        format!("{MANY} SELECT zeroblob(1048576) FROM n LIMIT 63"),
    ] {
        let lab = Lab::new();
        assert_eq!(told(&lab, &long(&lab), &[Query(&sql)]), "done");
    }
}

#[test]
fn a_run_that_takes_too_much_of_the_host_ends() {
    let sorted = format!(
        "{MANY} SELECT x FROM (SELECT hex(zeroblob(5000)) || i AS x FROM n LIMIT 10000) ORDER BY x"
    );
    let rows = |rows: usize| format!("{MANY} INSERT INTO note SELECT '' FROM n LIMIT {rows}");
    let bytes = format!("{MANY} INSERT INTO note SELECT hex(zeroblob(500000)) FROM n LIMIT 68");
    for (does, said) in [
        (
            [Query(&sorted)],
            "data-call-memory 67108864 bytes of memory for one call of data",
        ),
        (
            [Execute(&rows(1_000_001))],
            "data-changed-rows 1000000 changed rows",
        ),
        (
            [Execute(&bytes)],
            "data-changed-bytes 67108864 bytes in changed rows",
        ),
    ] {
        let lab = Lab::new();
        assert_eq!(told(&lab, &long(&lab), &does), said);
    }
}

/// With the quota, the run completes. With one less, it ends.
#[test]
fn quotas_are_exact() {
    let insert = "INSERT INTO site VALUES ('a'), ('b')";
    let select = "SELECT id FROM permit";
    // The statement, and the values of three rows: an integer has eight bytes.
    let bytes = select.len() as u64 + 3 * 8;
    for (quota, most, does) in [
        (
            "data-statements",
            3,
            &[Query(select), Execute(insert), Query(select)][..],
        ),
        // Those that come out, and those that change.
        ("data-rows", 5, &[Query(select), Execute(insert)]),
        ("data-bytes", insert.len() as u64, &[Execute(insert)]),
        ("data-bytes", bytes, &[Query(select)]),
    ] {
        for (limit, expected) in [(most, None), (most - 1, Some(most - 1))] {
            let lab = Lab::new();
            let mut lines = "data.read = true\ndata.write = true\n".to_owned();
            writeln!(lines, "quotas.{quota} = {limit}").unwrap();
            let run = Run::new().grant(lab.section(&lines));
            let report = ran(&host(), &guest(does), &run);
            let exceeded = match &report.outcome {
                Outcome::QuotaExceeded {
                    quota: found,
                    limit,
                } => {
                    assert_eq!(found.name, quota);
                    assert!(lab.rows("SELECT name FROM site").is_empty());
                    Some(*limit)
                }
                other => {
                    assert_eq!(other.kind(), "completed");
                    None
                }
            };
            assert_eq!(exceeded, expected, "{quota}");
        }
    }
}
