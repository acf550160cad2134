//! The same guests ask two servers: `fractalaw-models`, and a script that answers in OpenAI's protocol. What they do is the
//! same to the byte. A replay asks neither, and does it again.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::thread;

use fractalaw_testing::{ModelServer, cache, guest, models_program, tiny_writers, workspace};
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

/// What a guest is started with.
struct Asks {
    guest: &'static str,
    flags: &'static [&'static str],
    /// The name of the grant, and the model.
    work: &'static str,
    model: &'static str,
    interfaces: &'static [&'static str],
    /// Its database, and what is looked at afterwards.
    tables: &'static str,
    looks: &'static str,
}

/// What came of it: the report, and what the database has.
#[derive(Debug, PartialEq)]
struct Did {
    report: String,
    rows: Vec<String>,
}

const POLISHER: Asks = Asks {
    guest: "provision-polisher",
    flags: &[],
    work: "generate",
    model: "alphabet",
    interfaces: &["ai-inference", "data-query", "data-mutate"],
    tables: "CREATE TABLE provision (id TEXT PRIMARY KEY, text TEXT NOT NULL, plain TEXT);
        INSERT INTO provision VALUES ('1', 'Tell.', NULL), ('2', 'Not later than 72 hours.', NULL)",
    looks: "SELECT id || ' ' || coalesce(plain, '-') FROM provision ORDER BY id",
};

/// The third note is longer than the model reads.
const RESEARCH: Asks = Asks {
    guest: "field-research",
    flags: &["--arg", "index"],
    work: "embed",
    model: "tiny",
    interfaces: &["ai-embeddings", "data-query", "data-mutate"],
    tables: "CREATE TABLE note (id INTEGER PRIMARY KEY, place TEXT NOT NULL, text TEXT NOT NULL, embedding FLOAT[4]);
        INSERT INTO note VALUES (1, 'here', 'a b', NULL), (2, 'there', 'café b', NULL),
            (3, 'here', 'a a a a a a a a a a', NULL)",
    looks: "SELECT id || ' ' || hex(embedding) FROM note ORDER BY id",
};

impl Asks {
    /// Runs the guest in this folder. The lines of policy say where the model is.
    fn run(&self, folder: &Path, model: &str, flags: &[&str]) -> Did {
        let database = folder.join("own.db");
        let _ = fs::remove_file(&database);
        let connection = Connection::open(&database).unwrap();
        connection.execute_batch(self.tables).unwrap();
        let granted = self.interfaces.iter();
        let mut lines: Vec<_> = granted
            .map(|name| format!("interfaces.\"fractal:app/{name}\" = true"))
            .collect();
        lines.push(format!("ai.{} = {model}", self.work));
        let output = Command::new(env!("CARGO_BIN_EXE_fractalaw"))
            .args(["run", "--timeout", "120s", "--cache"])
            .arg(cache())
            .args(["--data", "own.db:rw"])
            .args(self.flags)
            .args(flags)
            .args(lines.iter().flat_map(|line| ["--grant", line]))
            .arg(guest(self.guest))
            .current_dir(folder)
            .env_remove("RUST_LOG")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{said}");
        let mut statement = connection.prepare(self.looks).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        Did {
            report: String::from_utf8(output.stdout).unwrap(),
            rows: rows.collect::<Result<_, _>>().unwrap(),
        }
    }

    fn at(&self, url: &str) -> String {
        format!("{{ model = \"{}\", url = \"{url}\" }}", self.model)
    }
}

/// Answers each question as the recording has it. A question that is not recorded is too long.
fn script(recording: &str) -> String {
    let lines = recording
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let answers: BTreeMap<String, Value> = lines
        .map(|line: Value| (question(&line["request"]), openai(&line["answer"])))
        .collect();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let asked = question(&body(&mut stream));
            let (status, answer) = match answers.get(&asked) {
                Some(answer) => (200, answer.clone()),
                None => (
                    400,
                    json!({ "error": { "code": "context_length_exceeded" } }),
                ),
            };
            let answer = answer.to_string();
            let length = answer.len();
            let head = format!("HTTP/1.1 {status} Said\r\nContent-Length: {length}\r\n\r\n");
            stream.write_all((head + &answer).as_bytes()).unwrap();
        }
    });
    url
}

/// What is asked, in a request of the protocol or in a recorded one.
fn question(request: &Value) -> String {
    let messages = request["messages"].as_array();
    let user = messages.and_then(|messages| Some(&messages.last()?["content"]));
    let asked = [
        user,
        request.get("input"),
        request.get("user-prompt"),
        request.get("texts"),
    ];
    asked.into_iter().flatten().next().unwrap().to_string()
}

/// A recorded answer as a server gives it.
fn openai(answer: &Value) -> Value {
    if let Some(vectors) = answer["embeddings"].as_array() {
        let data = vectors.iter().map(|vector| json!({ "embedding": vector }));
        return json!({ "data": data.collect::<Vec<_>>() });
    }
    let logprob = answer["confidence"].as_f64().unwrap().ln();
    json!({
        "choices": [{
            "message": { "role": "assistant", "content": answer["text"] },
            "logprobs": { "content": [{ "token": "", "logprob": logprob }] },
        }],
        "usage": { "total_tokens": answer["tokens-used"] },
    })
}

/// The body of a request.
fn body(stream: &mut impl Read) -> Value {
    let mut read = Vec::new();
    loop {
        let mut bytes = [0; 4096];
        let count = stream.read(&mut bytes).unwrap();
        assert!(count > 0, "half a request");
        read.extend_from_slice(&bytes[..count]);
        let text = String::from_utf8_lossy(&read);
        let body = text.split_once("\r\n\r\n").map(|(_, body)| body);
        if let Some(Ok(body)) = body.map(serde_json::from_str) {
            return body;
        }
    }
}

/// Runs the guest with both servers. Returns what it did, and the folder with the recording `one.jsonl`.
fn same(asks: &Asks, models: &Path) -> Option<(Did, TempDir)> {
    let program = models_program()?;
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("models.sock");
    let server = ModelServer::start(&program, models, &socket);
    let model = asks.at(&format!("unix:{}", socket.display()));
    let record = |file: &str| format!("ai.record = \"{file}\"");
    let one = asks.run(folder.path(), &model, &["--grant", &record("one.jsonl")]);
    drop(server);
    let recorded = |file: &str| fs::read_to_string(folder.path().join(file)).unwrap();
    let scripted = asks.at(&script(&recorded("one.jsonl")));
    let other = asks.run(
        folder.path(),
        &scripted,
        &["--grant", &record("other.jsonl")],
    );
    assert_eq!(other, one);
    assert_eq!(recorded("other.jsonl"), recorded("one.jsonl"));
    Some((one, folder))
}

#[test]
fn a_guest_that_has_texts_written_does_the_same_with_either_server() {
    let Some((did, folder)) = same(&POLISHER, &tiny_writers()) else {
        return;
    };
    // The prompts and the answer have 128 tokens together.
    let text = "abcdefghijklmnopqrstu";
    assert_eq!(did.rows, [format!("1 {text}"), "2 -".to_owned()]);
    let said = did.report.lines().next();
    assert_eq!(said, Some("1 polished, 1 unclear, 0 left"));
    assert!(
        did.report.contains("without the number 72"),
        "{}",
        did.report
    );
    let flags = ["--deterministic", "--replay", "one.jsonl"];
    let replayed = POLISHER.run(folder.path(), &POLISHER.at("unix:/nobody"), &flags);
    assert_eq!(replayed.rows, did.rows);
    let fuel = |did: &Did| {
        did.report
            .lines()
            .find(|line| line.starts_with("Fuel: "))
            .map(str::to_owned)
    };
    assert_eq!(fuel(&replayed), fuel(&did));
    assert!(fuel(&did).is_some());
}

#[test]
fn a_guest_that_searches_by_meaning_does_the_same_with_either_server() {
    let models = workspace().join("host/models/tests/tiny");
    let Some((did, _)) = same(&RESEARCH, &models) else {
        return;
    };
    let said = did.report.lines().next();
    assert_eq!(said, Some("2 notes indexed, 1 too long, 0 left"));
    // Four numbers of 32 bits each.
    let lengths: Vec<_> = did.rows.iter().map(String::len).collect();
    assert_eq!(lengths, [2 + 32, 2 + 32, 2]);
    assert!(
        did.report.contains("finds the text too long (status 400)"),
        "{}",
        did.report
    );
}
