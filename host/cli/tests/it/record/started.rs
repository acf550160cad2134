//! What started a run is recorded.

use std::fs;

use fractalaw_report::Report;
use fractalaw_testing::workspace;

use super::lab::{Lab, said};

/// A run that a trigger starts, of a guest of the scenarios.
fn triggered(
    lab: &Lab,
    guest: &str,
    seeds: &[&str],
    trigger: &str,
    more: &[&str],
) -> (Report, String) {
    lab.database(guest, seeds);
    let policy = workspace().join("tests/policy.toml");
    let policy = policy.display().to_string();
    let flags = [
        "--data",
        "data.db:rw",
        "--policy",
        &policy,
        "--trigger",
        trigger,
    ];
    lab.recorded(guest, &[&flags, more].concat())
}

#[test]
fn an_event_that_started_a_run_is_recorded() {
    let lab = Lab::new();
    let (report, case) = triggered(
        &lab,
        "change-monitor",
        &["schema.sql", "regulation.csv"],
        "event = { type = \"data-ingested\", source = \"import\", payload = \"batch 7\", attempt = 2 }",
        &[],
    );
    let outcome = report.outcome.to_string();
    assert!(
        outcome.ends_with("changes in what import ingested"),
        "{outcome}"
    );
    assert!(report.effects.iter().any(|effect| effect.kind == "emit"));
    let lines = "\n[event]\ntype = \"data-ingested\"\nsource = \"import\"\nid = 65537\nattempt = 2\n\
                 payload-file = \"change-monitor-1/stdin\"\n";
    assert!(case.contains(lines), "{case}");
    assert!(!case.contains("stdin-file"), "{case}");
    let payload = fs::read(lab.path("change-monitor-1/change-monitor-1/stdin")).unwrap();
    assert_eq!(payload, b"batch 7");
    // The ids of a ledger would be others when the case runs.
    let flags = [
        "--data",
        "data.db:rw",
        "--ledger",
        "l.db",
        "--create-ledger",
        "--record",
        "new",
    ];
    let emits = ["--grant", "interfaces.\"fractal:app/events-emit\" = true"];
    let flags: Vec<_> = flags.into_iter().chain(emits).map(str::to_owned).collect();
    let output = lab.run("change-monitor", &flags);
    assert_eq!(
        said(&output),
        "error: a run that emits or schedules cannot be recorded with a ledger: the ids would be those of its ledger\n\
         hint: record it without `--ledger`\n"
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(!lab.path("new").exists());
}

#[test]
fn a_tick_that_started_a_run_is_recorded_with_its_time() {
    let lab = Lab::new();
    fs::write(lab.path("summary"), "weekly summary").unwrap();
    let (report, case) = triggered(
        &lab,
        "deadline-keeper",
        &["schema.sql", "deadline.csv"],
        "tick = { name = \"weekly summary\", task = 131074, missed = 3 }",
        &["--stdin", "summary"],
    );
    assert_eq!(report.outcome.kind(), "completed");
    let lines = "\n[tick]\nname = \"weekly summary\"\ntask = 131074\nmissed = 3\nattempt = 1\n\
                 payload-file = \"deadline-keeper-1/stdin\"\n";
    assert!(case.contains(lines), "{case}");
    // A payload comes from one place, and a deterministic tick has a time.
    for (flags, expected) in [
        (
            &[
                "--trigger",
                "tick = { name = \"a\", payload = \"b\" }",
                "--stdin",
                "summary",
            ][..],
            "error: the run has several payloads, expected one\n\
             hint: give one of `payload`, `payload-file` and `--stdin`\n",
        ),
        (
            &["--trigger", "tick = { name = \"a\" }", "--deterministic"],
            "error: a tick starts a deterministic run, expected its time\nhint: give it with `--clock`\n",
        ),
    ] {
        let flags: Vec<_> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let output = lab.run("deadline-keeper", &flags);
        assert_eq!(
            (said(&output).as_str(), output.status.code()),
            (expected, Some(2))
        );
    }
}
