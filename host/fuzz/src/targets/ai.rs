//! What servers of models answer, what stands in a recording, and the texts of guests.
//!
//! The first byte of an input says what the others are:
//!
//! | remainder by 5 | the others are |
//! |---|---|
//! | 0, 1 | all that a server sends: to a prompt, or to two texts |
//! | 2 | a recording |
//! | 3 | the recorded answer to a prompt, as JSON |
//! | 4 | texts, with a zero byte between them |

mod guests;
mod server;

use std::fs;
use std::sync::LazyLock;
use std::time::Duration;

use fractalaw_ai::{Ai, fuzzing};
use fractalaw_host::{Host, HostError, MicroApp, Outcome, Report, Run, Section};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::{check, outcomes};
use server::Server;

/// The bytes of a call that a guest may hand over.
const TEXT_BYTES: usize = 128 * 1024;

/// What all inputs share: if one leaves something behind, later ones meet it.
struct Place {
    runtime: Runtime,
    host: Host,
    prompt: MicroApp,
    texts: MicroApp,
    server: Server,
    folder: TempDir,
}

static PLACE: LazyLock<Place> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build();
    let host = Host::builder().slots(1).offer(Ai::new()).build();
    let host = host.expect("a host starts");
    let load = |bytes: Vec<u8>| host.load(&bytes).expect("the guest is accepted");
    let folder = tempfile::tempdir().expect("a folder can be made");
    Place {
        runtime: runtime.expect("a runtime starts"),
        prompt: load(guests::prompt()),
        texts: load(guests::texts()),
        server: Server::start(&folder.path().join("models.sock")),
        folder,
        host,
    }
});

/// The run, with a model at the server or in the recording.
fn request(lines: &str) -> Run {
    let url = PLACE.folder.path().join("models.sock");
    let model = format!("{{ model = \"m\", url = \"unix:{}\" }}", url.display());
    let names = ["embeddings", "classify", "inference"];
    let granted = names.map(|name| format!("interfaces.\"fractal:app/ai-{name}\" = true\n"));
    let lines = format!(
        "{}ai.embed = {model}\nai.classify = {model}\nai.generate = {model}\nai.texts = true\n{lines}",
        granted.concat()
    );
    let section = Section::parse(&lines).expect("the lines are those of policy");
    Run::new().deadline(Duration::from_secs(20)).grant(section)
}

fn ran(app: &MicroApp, run: &Run) -> Result<Report, HostError> {
    let report = PLACE.runtime.block_on(PLACE.host.run(app, run))?;
    check::report(&report);
    Ok(report)
}

pub(crate) fn run(input: &[u8]) {
    let Some((first, bytes)) = input.split_first() else {
        return;
    };
    match first % 5 {
        0 => answered(&PLACE.prompt, bytes),
        1 => answered(&PLACE.texts, bytes),
        2 => recorded(bytes),
        3 => recorded_answer(bytes),
        _ => texts(bytes),
    }
}

/// A server sends this.
fn answered(app: &MicroApp, bytes: &[u8]) {
    PLACE.server.answers(bytes);
    let report = ran(app, &request("")).expect("no server makes the host fail");
    ended(&report);
}

/// The guest has an answer, or an error with a code of the contract. A quota can end the run: a server says how many
/// tokens it used.
fn ended(report: &Report) {
    match &report.outcome {
        Outcome::Completed(_) => {
            outcomes::count("answer");
            assert_eq!(report.effects.len(), 1);
        }
        Outcome::GuestError(text) => {
            let code = text.split(':').next().unwrap_or_default();
            assert!(("1"..="6").contains(&code) && code.len() == 1, "{text}");
            outcomes::count(format!("code {code}"));
            assert!(report.effects.is_empty());
        }
        Outcome::QuotaExceeded { .. } => outcomes::count("quota"),
        other => panic!("{other}"),
    }
}

/// A recording is read, or the error says which line is wrong.
fn recorded(bytes: &[u8]) {
    let path = PLACE.folder.path().join("answers.jsonl");
    fs::write(&path, bytes).expect("a file can be written");
    let replay = format!("ai.replay = '{}'", path.display());
    match ran(&PLACE.prompt, &request(&replay).deterministic()) {
        Ok(report) => replayed(&report),
        Err(error) => {
            outcomes::count("no recording");
            assert!(
                matches!(error, HostError::Policy(_) | HostError::Read { .. }),
                "{error:?}"
            );
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        fuzzing::recording(text);
    }
}

/// A replayed error has whatever code is recorded.
fn replayed(report: &Report) {
    match &report.outcome {
        Outcome::Completed(_) | Outcome::GuestError(_) => outcomes::count("replayed"),
        Outcome::QuotaExceeded { .. } => outcomes::count("quota"),
        other => panic!("{other}"),
    }
}

fn recorded_answer(bytes: &[u8]) {
    let Ok(answer) = serde_json::from_slice::<Value>(bytes) else {
        return outcomes::count("no JSON");
    };
    fuzzing::canonical(&answer);
    let question = json!({
        "kind": "generate", "max-tokens": 9, "model": "m", "system-prompt": null, "temperature": 0.0, "user-prompt": "?",
    });
    recorded(fuzzing::line(&question, &answer).as_bytes());
}

fn texts(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let texts: Vec<&str> = text.split('\0').collect();
    if text.len() > TEXT_BYTES {
        return;
    }
    let likenesses = fuzzing::likenesses(&texts);
    assert!(
        likenesses
            .iter()
            .all(|likeness| (-1.0..=1.0).contains(likeness))
    );
    assert_eq!(likenesses, fuzzing::likenesses(&texts));
    outcomes::count("texts");
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let http = |body: &str| {
        format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let text = r#"{"choices":[{"message":{"content":"Yes."},"logprobs":{"content":[{"logprob":-1}]}}],"usage":{"total_tokens":7}}"#;
    let vectors =
        r#"{"data":[{"index":1,"embedding":[0.5,-2]},{"index":0,"embedding":[1e-3,0.1]}]}"#;
    let chunked = format!(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{text}\r\n0\r\n\r\n",
        text.len()
    );
    let refused = r#"{"error":{"code":"context_length_exceeded","message":"too large to process"},"type":"x"}"#;
    let refused = format!(
        "HTTP/1.1 400 Bad\r\nContent-Length: {}\r\n\r\n{refused}",
        refused.len()
    );
    let question = json!({
        "kind": "generate", "max-tokens": 9, "model": "m", "system-prompt": null, "temperature": 0.0, "user-prompt": "?",
    });
    let answer = json!({ "confidence": 0.5, "text": "Yes.", "tokens-used": 7 });
    let of = |kind: u8, text: &str| [&[kind], text.as_bytes()].concat();
    vec![
        of(0, &http(text)),
        of(0, &chunked),
        of(0, &refused),
        of(0, &format!("HTTP/1.0 200 OK\n\n{text}")),
        of(1, &http(vectors)),
        of(1, &format!("HTTP/1.1 200 OK\r\n\r\n{vectors}")),
        of(2, &fuzzing::line(&question, &answer)),
        of(
            2,
            &fuzzing::line(
                &question,
                &json!({ "error": { "code": 3, "message": "no" } }),
            ),
        ),
        of(3, &answer.to_string()),
        of(3, r#"{"error":{"code":7,"message":"\u001b[2J"}}"#),
        of(
            4,
            "Smoke filled the corridor\0Straße, CAFÉ und 東京\u{200b}!\0\u{1f9ff}\0",
        ),
        of(4, "a\u{300}\u{ad}\u{ac00}\u{fdfa}\0[CLS] ##ing"),
    ]
}
