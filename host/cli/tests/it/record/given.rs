//! What a run is given is recorded.

use std::fs;
use std::path::PathBuf;

use rusqlite::Connection;

use super::lab::{Lab, case_file};

#[test]
fn arguments_variables_and_input_are_recorded() {
    let lab = Lab::new();
    let (_, case) = lab.recorded("hello-world", &["--fuel", "50000000", "--memory", "8MiB"]);
    assert!(
        case.contains("\nfuel = 50000000\nmemory = \"8388608 B\"\n"),
        "{case}"
    );
    let file = case_file("incident-classifier", "reports.txt");
    let flags = [
        "--stdin",
        &file,
        "--arg",
        "a \"b\"",
        "--env",
        "NAME=a\nb",
        "--grant",
        "quotas.audit-entries = 900",
        "--grant",
        "ai.embed = \"static\"",
        "--grant",
        "ai.classify = \"static\"",
        "--grant",
        "interfaces.\"fractal:app/ai-classify\" = true",
        "--grant",
        "interfaces.\"fractal:app/ai-embeddings\" = true",
    ];
    let (report, case) = lab.recorded("incident-classifier", &flags);
    assert!(!report.effects.is_empty());
    for line in [
        "args = [\"a \\\"b\\\"\"]",
        "env.\"NAME\" = \"a\\nb\"",
        "quotas.audit-entries = 900",
    ] {
        assert!(case.contains(line), "{line}: {case}");
    }
}

#[test]
fn the_time_and_random_numbers_of_a_recorded_run_come_again() {
    let lab = Lab::new();
    let (first, case) = lab.recorded("time-and-chance", &[]);
    assert!(!case.contains("clock = \"2025-01-01T"), "{case}");
    let other = Lab::new();
    let (second, _) = other.recorded("time-and-chance", &[]);
    assert_ne!(first.outcome, second.outcome);
}

/// TOML has no number above 2^63.
#[test]
fn the_largest_seed_and_fuel_are_recorded() {
    let lab = Lab::new();
    let largest = u64::MAX.to_string();
    let fuel = "9223372036854775807";
    let flags = ["--deterministic", "--seed", &largest, "--fuel", fuel];
    let (_, case) = lab.recorded("time-and-chance", &flags);
    assert!(
        case.contains(&format!("\nseed = \"{largest}\"\n")),
        "{case}"
    );
    assert!(case.contains("\nfuel = 9223372036854775807\n"), "{case}");
    let large = (1_u64 << 63).to_string();
    let flags = ["--fuel", &large];
    let (_, case) = Lab::new().recorded("hello-world", &flags);
    assert!(case.contains(&format!("\nfuel = \"{large}\"\n")), "{case}");
}

#[test]
fn folders_are_recorded_as_they_were_before_the_run() {
    let lab = Lab::new();
    for (path, text) in [
        ("out/begin.txt", "begun"),
        ("out/deep/same.txt", "as it is"),
        ("out/gone.txt", "x"),
    ] {
        fs::create_dir_all(lab.path(path).parent().unwrap()).unwrap();
        fs::write(lab.path(path), text).unwrap();
    }
    fs::create_dir(lab.path("empty")).unwrap();
    let script = "write /out/begin.txt ended\nremove /out/gone.txt\nwrite /new/a.txt b\n";
    fs::write(lab.path("script"), script).unwrap();
    let flags = [
        "--stdin",
        "script",
        "--dir",
        "out::/out:rw",
        "--dir",
        "empty::/new:rw",
    ];
    let (_, case) = lab.recorded("folder-writer", &flags);
    assert!(
        case.contains("{ guest = \"/new\", writable = true }"),
        "{case}"
    );
    // The run itself was real.
    assert_eq!(
        fs::read_to_string(lab.path("out/begin.txt")).unwrap(),
        "ended"
    );
    assert_eq!(fs::read_to_string(lab.path("empty/a.txt")).unwrap(), "b");
}

#[test]
fn a_database_is_recorded_as_it_was_before_the_run() {
    let lab = Lab::new();
    let seeds = ["schema.sql", "permit.csv", "event.jsonl"];
    lab.database("permit-register", &seeds);
    let input = case_file("permit-register", "applications.txt");
    let flags = [
        "--data",
        "data.db:rw",
        "--arg",
        "register",
        "--stdin",
        &input,
        "--clock",
        "2026-03-01T02:00:00Z",
        "--deterministic",
    ];
    let (report, case) = lab.recorded("permit-register", &flags);
    assert!(!report.effects.is_empty(), "{}", report.text());
    assert!(case.contains("read = [\"*\"]\n"), "{case}");
    let count = |file: PathBuf| -> i64 {
        let connection = Connection::open(file).unwrap();
        let count = connection.query_row("SELECT count(*) FROM permit", [], |row| row.get(0));
        count.unwrap()
    };
    // The repetition has changed the copy since.
    assert!(count(lab.path("data.db")) > 0);
}
