//! The key of a server is sent, and stands nowhere else: also if the server sends it back.

use std::fs;

use fractalaw_host::{Run, Section};
use fractalaw_testing::{DURABILITIES, Lab, RUNTIME};

use crate::guests::Does::{self, Batch, Generate};
use crate::guests::{builder, guest};
use crate::server::{Reply, Server, json};

/// A variable that every test program of cargo has. Its value is in no report for another reason.
const VARIABLE: &str = "CARGO_MANIFEST_DIR";

fn run(url: &str, lab: &Lab) -> Run {
    let model = format!("{{ model = \"m\", url = \"{url}\", key = \"{VARIABLE}\" }}");
    let names = ["embeddings", "classify", "inference"];
    let granted = names.map(|name| format!("interfaces.\"fractal:app/ai-{name}\" = true\n"));
    let lines = format!(
        "{}ai.embed = {model}\nai.classify = true\nai.generate = {model}\nai.texts = true\nai.record = '{}'",
        granted.concat(),
        lab.folder.path().join("answers.jsonl").display()
    );
    Run::new().trace().grant(Section::parse(&lines).unwrap())
}

/// Everything that a run left anywhere.
fn left(does: &[Does<'_>], reply: Reply) -> Vec<(String, Vec<u8>)> {
    let (lab, server) = (Lab::new(), Server::tcp(vec![reply]));
    let (durability, _) = DURABILITIES[0];
    let host = builder().ledger(&lab.path, durability).build().unwrap();
    let app = host.load(&guest(does)).unwrap();
    let report = RUNTIME
        .block_on(host.run(&app, &run(&server.url, &lab)))
        .unwrap();
    let key = std::env::var(VARIABLE).unwrap();
    let sent = format!("\r\nAuthorization: Bearer {key}\r\n");
    assert!(server.request().contains(&sent));
    drop(host);
    let mut left = vec![
        ("the text".to_owned(), report.text().into_bytes()),
        ("the JSON".to_owned(), report.json().into_bytes()),
        ("the report".to_owned(), format!("{report:?}").into_bytes()),
    ];
    for entry in fs::read_dir(lab.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        left.push((path.display().to_string(), fs::read(&path).unwrap()));
    }
    left
}

#[test]
fn a_key_that_a_server_sends_back_goes_no_further() {
    let key = std::env::var(VARIABLE).unwrap();
    let escaped: String = key
        .bytes()
        .map(|byte| format!("\\u{:04x}", u32::from(byte)))
        .collect();
    let text = |content: &str| {
        format!(
            r#"{{"choices":[{{"message":{{"content":"{content}"}}}}],"usage":{{"total_tokens":7}}}}"#
        )
    };
    let header = format!(
        "HTTP/1.1 200 OK\r\nSet-Cookie: {key}\r\nContent-Length: {}\r\n\r\n{}",
        text("Yes.").len(),
        text("Yes.")
    );
    let refused = format!(r#"{{"error":{{"message":"{key}","type":"{key}","code":"{key}"}}}}"#);
    let vectors = format!(
        r#"{{"model":"{key}","data":[{{"embedding":[1,2]}},{{"embedding":[3,4],"object":"{key}"}}]}}"#
    );
    let prompt = [Generate(Some("s"), "u", 9, 0.0)];
    let texts = [Batch(&["a", "b"])];
    let broken = format!("{key}\r\n\r\n").into_bytes();
    for (does, reply) in [
        (&prompt[..], json(200, &text(&format!("The key is {key}.")))),
        (&prompt, json(200, &text(&escaped))),
        (&prompt, Reply::Bytes(header.into_bytes())),
        (&prompt, json(401, &refused)),
        (&prompt, json(400, &refused)),
        (&prompt, json(500, &key)),
        (&prompt, json(200, &key)),
        (&prompt, Reply::Bytes(broken)),
        (&texts, json(200, &vectors)),
        (&texts, json(429, &refused)),
    ] {
        for (place, bytes) in left(does, reply) {
            let found = bytes
                .windows(key.len())
                .any(|window| window == key.as_bytes());
            assert!(!found, "{place}");
        }
    }
}

#[test]
fn an_answer_with_the_key_in_it_is_an_error() {
    let key = std::env::var(VARIABLE).unwrap();
    let body = format!(r#"{{"choices":[{{"message":{{"content":"<{key}>"}}}}]}}"#);
    let left = left(&[Generate(None, "u", 9, 0.0)], json(200, &body));
    let text = String::from_utf8_lossy(&left[0].1).into_owned();
    assert!(
        text.starts_with(
            "guest error: 5: the server of the model `m` answered with the key that it was sent\n"
        ),
        "{text}"
    );
    let recorded = left
        .iter()
        .any(|(place, _)| place.ends_with("answers.jsonl"));
    assert!(
        !recorded,
        "an answer that the guest did not get is recorded"
    );
}
