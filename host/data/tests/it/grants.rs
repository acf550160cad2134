//! What is granted, and what a run is told if it is granted less than it asks for.

use std::path::Path;

use fractalaw_host::{Host, HostError, Outcome, Policy, Refusal, Run, Section};
use fractalaw_testing::RUNTIME;

use crate::guests::Does::{Execute, Query};
use crate::guests::{guest, named};
use crate::lab::{Lab, builder, host, ran};

#[test]
fn what_is_not_granted_does_not_exist() {
    let lab = Lab::new();
    let lines = "data.read = [\"permit.id\", \"permit.site\"]\ndata.write = [\"note\"]";
    let run = Run::new().grant(lab.section(lines));
    let host = host();
    for (does, said) in [
        (Query("SELECT * FROM secret"), "3: no such table: `secret`"),
        (
            Query("SELECT holder FROM permit"),
            "3: no such column: `holder`",
        ),
        (Execute("DELETE FROM secret"), "3: no such table: `secret`"),
    ] {
        let report = ran(&host, &guest(&[does]), &run);
        let Outcome::GuestError(message) = &report.outcome else {
            panic!("{}", report.outcome);
        };
        assert!(message.starts_with(said), "{message}");
    }
    let does = [
        Query("SELECT id, site FROM permit"),
        Execute("INSERT INTO note VALUES ('here')"),
    ];
    let report = ran(&host, &guest(&does), &run);
    assert_eq!(report.outcome, Outcome::Completed("done".to_owned()));
    assert_eq!(lab.rows("SELECT text FROM note"), ["here"]);
}

#[test]
fn without_a_grant_it_is_refused_before_it_runs_with_the_lines_to_paste() {
    let report = ran(&host(), &named("register", &[]), &Run::new());
    let Outcome::Refused(Refusal::NotGranted(refused)) = &report.outcome else {
        panic!("{}", report.outcome);
    };
    let lines: Vec<_> = refused
        .missing
        .iter()
        .filter_map(|missing| missing.line())
        .collect();
    assert_eq!(
        lines,
        [
            "interfaces.\"fractal:app/data-mutate\" = true",
            "interfaces.\"fractal:app/data-query\" = true",
            "data.\"file\" = true",
            "data.\"read\" = true",
            "data.\"write\" = true",
        ]
    );
    // The lines are valid in a policy. The run then still needs a database.
    let granted = Run::new().grant(Section::parse(&lines.join("\n")).unwrap());
    let error = failed(&host(), &granted);
    assert_eq!(
        error.to_string(),
        "data is granted, and no database is named"
    );
    assert_eq!(
        error.hint().unwrap(),
        "name one with `--data FILE`, or in the policy as `data.file = \"FILE\"`"
    );
    assert!(error.is_usage());
}

fn failed(host: &Host, run: &Run) -> HostError {
    let app = host.load(&guest(&[Query("SELECT 1")])).unwrap();
    RUNTIME.block_on(host.run(&app, run)).unwrap_err()
}

#[test]
fn a_policy_names_the_database_from_where_it_stands() {
    let lab = Lab::new();
    let text = "
        [all]
        data.read = true
        [apps.register]
        interfaces.\"fractal:app/data-query\" = true
        interfaces.\"fractal:app/data-mutate\" = true
        data.file = \"register.db\"
        data.write = [\"site\"]
    ";
    let policy = Policy::parse(&lab.folder.path().join("policy.toml"), text).unwrap();
    let host = builder().policy(policy).build().unwrap();
    let does = [Execute("INSERT INTO site SELECT word FROM secret")];
    let report = ran(&host, &named("register", &does), &Run::new());
    assert_eq!(report.outcome.kind(), "completed");
    assert_eq!(lab.rows("SELECT name FROM site"), ["hush"]);
}

#[test]
fn what_no_policy_may_say_is_an_error_with_its_line() {
    for (line, said) in [
        (
            "data = \"register.db\"",
            "`data` is string, expected a table",
        ),
        (
            "data.reads = true",
            "unknown key `data.reads`, expected `data.file`, `data.read`, `data.write`, `data.transaction`, `data.adbc`",
        ),
        (
            "data.transaction = true",
            "`transaction` is boolean, expected `\"call\"`",
        ),
        (
            "data.read = [\"a.b.c\"]",
            "`read` is array, expected a list of tables and columns, such as `[\"permit\", \"holder.name\"]`, or `true` \
             for all",
        ),
    ] {
        let policy = Policy::parse(Path::new("p.toml"), &format!("[all]\n{line}")).unwrap();
        let error = builder().policy(policy).build().map(drop).unwrap_err();
        assert_eq!(error.to_string(), format!("`p.toml`:2: {said}"));
    }
}

#[test]
fn a_database_that_is_not_there_fails_the_request() {
    let lab = Lab::new();
    let run = lab.run();
    std::fs::remove_file(&lab.file).unwrap();
    let error = failed(&host(), &run);
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.starts_with("cannot open `"), "{source}");
}
