//! Answers of served models are recorded once and replayed.

use std::fs;

use fractalaw_host::{HostError, Report, Run, Section};
use fractalaw_testing::RUNTIME;

use crate::guests::Does::{self, Batch, Classify, Generate};
use crate::guests::{builder, guest, said};
use crate::served::{TEXT, served};
use crate::server::{Server, json};

const VECTORS: &str = r#"{"data":[{"embedding":[0.1,1]},{"embedding":[0.30000001,-1e-7]}]}"#;

const DOES: [Does<'static>; 4] = [
    Batch(&["a", "b"]),
    Generate(Some("s"), "u", 9, 0.7),
    Classify("a", &["b"]),
    Generate(Some("s"), "u", 9, 0.7),
];

fn ran(does: &[Does<'_>], run: &Run) -> Result<Report, HostError> {
    let host = builder().build().unwrap();
    let app = host.load(&guest(does)).unwrap();
    RUNTIME.block_on(host.run(&app, run))
}

#[test]
fn what_was_recorded_is_replayed_to_the_bit_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("answers.jsonl");
    // The same question is not asked twice, because a replay could not tell its answers apart.
    let server = Server::tcp(vec![json(200, VECTORS), json(200, TEXT)]);
    let record = format!("ai.record = \"{}\"", file.display());
    let live = ran(&DOES, &served(&server.url, &record)).unwrap();
    assert_eq!(live.outcome.kind(), "completed");
    let recorded = fs::read_to_string(&file).unwrap();
    assert_eq!(recorded.lines().count(), 2);
    let replay = format!("ai.replay = \"{}\"", file.display());
    for run in [
        served("unix:/nobody", &replay).deterministic(),
        served("unix:/nobody", &replay),
    ] {
        let report = ran(&DOES, &run).unwrap();
        assert_eq!(said(&report), said(&live));
        // No model was asked, and the last effect says so.
        let (replayed, asked) = report.effects.split_last().unwrap();
        assert_eq!(asked, live.effects);
        assert_eq!(replayed.kind, "replay");
        assert_eq!(report.fuel.consumed(), live.fuel.consumed());
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), recorded);
}

#[test]
fn a_question_that_was_not_recorded_names_the_flag_that_records_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("answers.jsonl");
    let replay = format!("ai.replay = \"{}\"", file.display());
    let run = served("unix:/nobody", &replay).deterministic();
    let hint =
        "record a real run anew with `--record FOLDER`: its answers are in `answers.jsonl` there";
    let error = ran(&DOES, &run).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("the recording `{}` does not exist", file.display())
    );
    assert_eq!(error.hint().unwrap(), hint);
    fs::write(&file, "").unwrap();
    let error = ran(&[Generate(None, "u", 9, 0.7)], &run).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the recording `{}` has no answer of the model `m` to the request with the key \
             fde2fe055fcefaacab4261e21c49c066eccc29f346acc764430249460c9fc520",
            file.display()
        )
    );
    assert_eq!(error.hint().unwrap(), hint);
    assert!(error.is_usage());
}

#[test]
fn what_could_not_be_recorded_is_not_asked() {
    let folder = tempfile::tempdir().unwrap();
    let [damaged, nowhere] =
        ["damaged.jsonl", "missing/answers.jsonl"].map(|name| folder.path().join(name));
    fs::write(&damaged, "{").unwrap();
    for (file, expected) in [
        (
            &damaged,
            format!(
                "`{}`:1: the line is no answer with the key of its question, or is there twice",
                damaged.display()
            ),
        ),
        (
            &nowhere,
            format!(
                "the recording `{}` is to be in `{}`, which is no folder",
                nowhere.display(),
                folder.path().join("missing").display()
            ),
        ),
    ] {
        let server = Server::tcp(vec![json(200, TEXT)]);
        let record = format!("ai.record = \"{}\"", file.display());
        let error = ran(&[DOES[1]], &served(&server.url, &record)).unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert!(error.is_usage());
        assert!(server.is_idle());
        crate::server::touch(&server.url);
    }
}

#[test]
fn every_parameter_is_part_of_the_question() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("answers.jsonl");
    let server = Server::tcp(vec![json(200, TEXT)]);
    let record = format!("ai.record = \"{}\"", file.display());
    ran(&[DOES[1]], &served(&server.url, &record)).unwrap();
    let replay = format!("ai.replay = \"{}\"", file.display());
    ran(&[DOES[1]], &served("unix:/nobody", &replay)).unwrap();
    for other in [
        Generate(None, "u", 9, 0.7),
        Generate(Some("S"), "u", 9, 0.7),
        Generate(Some("s"), "v", 9, 0.7),
        Generate(Some("s"), "u", 8, 0.7),
        Generate(Some("s"), "u", 9, 0.6),
    ] {
        let error = ran(&[other], &served("unix:/nobody", &replay)).unwrap_err();
        assert!(
            error.to_string().contains("has no answer of the model `m`"),
            "{error}"
        );
    }
}

#[test]
fn a_recorded_error_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("answers.jsonl");
    let server = Server::tcp(vec![json(200, TEXT)]);
    let record = format!("ai.record = \"{}\"", file.display());
    ran(&[DOES[1]], &served(&server.url, &record)).unwrap();
    let mut line: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    line["answer"] = serde_json::json!({ "error": { "code": 3, "message": "no more today" } });
    fs::write(&file, line.to_string()).unwrap();
    let replay = format!("ai.replay = \"{}\"", file.display());
    let report = ran(&[DOES[1]], &served("unix:/nobody", &replay)).unwrap();
    assert_eq!(said(&report), "3: no more today");
}

#[test]
fn a_deterministic_run_asks_no_server() {
    let server = Server::tcp(vec![json(200, TEXT)]);
    // It does not begin, so it need not ask for anything.
    let error = ran(&[], &served(&server.url, "").deterministic()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a deterministic run is granted the model `m`, expected recorded answers or the exact model `static`"
    );
    assert_eq!(
        error.hint().unwrap(),
        "record a real run with `--record FOLDER`, and repeat its answers with `--replay FILE`"
    );
    assert!(server.is_idle());
    crate::server::touch(&server.url);
}

#[test]
fn a_key_is_sent_and_stands_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("answers.jsonl");
    let server = Server::tcp(vec![json(200, TEXT)]);
    // A variable that every test program of cargo has.
    let variable = "CARGO_PKG_DESCRIPTION";
    let lines = |variable: &str| {
        format!(
            "interfaces.\"fractal:app/ai-embeddings\" = true\ninterfaces.\"fractal:app/ai-classify\" = true\n\
             interfaces.\"fractal:app/ai-inference\" = true\nai.embed = true\nai.classify = true\nai.texts = true\n\
             ai.generate = {{ model = \"m\", url = \"{}\", key = \"{variable}\" }}\nai.record = \"{}\"",
            server.url,
            file.display()
        )
    };
    let run = |variable| Run::new().grant(Section::parse(&lines(variable)).unwrap());
    for (variable, expected) in [
        (
            "NO_SUCH_VARIABLE",
            "the variable `NO_SUCH_VARIABLE`, which is to have a model's key, is not set",
        ),
        (
            variable,
            "the variable `CARGO_PKG_DESCRIPTION`, which is to have a model's key, is no key",
        ),
    ] {
        let error = ran(&[DOES[1]], &run(variable)).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    let key = std::env::var("CARGO_PKG_NAME").unwrap();
    let report = ran(&[DOES[1]], &run("CARGO_PKG_NAME")).unwrap();
    let request = server.request();
    assert!(
        request.contains(&format!("\r\nAuthorization: Bearer {key}\r\n")),
        "{request}"
    );
    for text in [
        report.json(),
        report.text(),
        fs::read_to_string(&file).unwrap(),
    ] {
        assert!(!text.contains(&key), "{text}");
    }
}
