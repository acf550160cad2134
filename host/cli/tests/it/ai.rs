//! `--replay`: the recorded answers of models that servers have.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use fractalaw_testing::{cache, guest, workspace};
use rusqlite::Connection;

const GRANTS: [&str; 2] = [
    "interfaces.\"fractal:app/ai-inference\" = true",
    "ai.generate = { model = \"scripted\", url = \"unix:/nobody\" }",
];

fn run(folder: &Path, flags: &[&str]) -> Output {
    let cases = workspace().join("tests/cases/provision-polisher");
    let database = folder.join("law.db");
    let _ = fs::remove_file(&database);
    let connection = Connection::open(&database).unwrap();
    let schema = fs::read_to_string(cases.join("schema.sql")).unwrap();
    connection.execute_batch(&schema).unwrap();
    let text = "The processor shall notify the controller.";
    connection
        .execute("INSERT INTO provision VALUES ('33(2)', ?1, NULL)", [text])
        .unwrap();
    Command::new(env!("CARGO_BIN_EXE_fractalaw"))
        .args(["run", "--cache"])
        .arg(cache())
        .args(["--data", "law.db:rw"])
        .args(GRANTS.iter().flat_map(|line| ["--grant", line]))
        .args(flags)
        .arg(guest("provision-polisher"))
        .current_dir(folder)
        .env_remove("RUST_LOG")
        .output()
        .unwrap()
}

#[test]
fn answers_are_replayed_from_the_file_of_the_flag() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("answers.jsonl");
    let said = |output: &Output| String::from_utf8(output.stderr.clone()).unwrap();
    let replay = ["--replay", "answers.jsonl"];
    let output = run(folder.path(), &replay);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert_eq!(
        said(&output),
        "error: the recording `answers.jsonl` does not exist\nhint: record a real run anew with `--record FOLDER`: \
         its answers are in `answers.jsonl` there\n"
    );
    fs::write(&file, "").unwrap();
    let output = run(folder.path(), &replay);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let key = said(&output).split_once("with the key ").unwrap().1[..64].to_owned();
    let request = "{\"kind\":\"generate\",\"max-tokens\":80,\"model\":\"scripted\",\"system-prompt\":\"Say in one plain \
        sentence what the provision requires. Keep every number.\",\"temperature\":0.0,\"user-prompt\":\"The processor \
        shall notify the controller.\"}";
    let answer = "{\"confidence\":0.9,\"text\":\"Tell the controller.\",\"tokens-used\":9}";
    let line = format!("{{\"answer\":{answer},\"key\":\"{key}\",\"request\":{request}}}\n");
    fs::write(&file, line).unwrap();
    let output = run(
        folder.path(),
        &["--deterministic", "--replay", "answers.jsonl"],
    );
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(
        report.starts_with("1 polished, 0 unclear, 0 left\n"),
        "{report}"
    );
    // Without the flag, nobody answers.
    let output = run(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let output = run(folder.path(), &["--record", "a", "--replay", "b"]);
    assert_eq!(output.status.code(), Some(2));
}
