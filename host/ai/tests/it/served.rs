//! A server of models: what it is sent, and what a guest is told of every answer.

use std::time::Duration;

use fractalaw_host::{Outcome, Report, Run, Section};
use fractalaw_testing::RUNTIME;

use crate::guests::Does::{self, Batch, Classify, Embed, Generate};
use crate::guests::{builder, guest, ran, run, said};
use crate::server::{Reply, Server, chunked, json, nobody};

/// A run whose model is on this server, for everything.
pub(crate) fn served(url: &str, lines: &str) -> Run {
    let model = format!("{{ model = \"m\", url = \"{url}\" }}");
    let lines = format!(
        "interfaces.\"fractal:app/ai-embeddings\" = true\ninterfaces.\"fractal:app/ai-classify\" = true\n\
         interfaces.\"fractal:app/ai-inference\" = true\nai.embed = {model}\nai.classify = {model}\n\
         ai.generate = {model}\n{lines}"
    );
    Run::new().grant(Section::parse(&lines).unwrap())
}

pub(crate) const TEXT: &str = r#"{"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":"Yes.\nÄ"},
    "logprobs":{"content":[{"token":"Y","logprob":-0.5},{"token":"es","logprob":-1.5}]}}],
    "usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}"#;

fn answers(does: &[Does<'_>], replies: Vec<Reply>) -> (Report, Server) {
    let server = Server::tcp(replies);
    let report = ran(does, &served(&server.url, ""));
    (report, server)
}

fn body(request: &str) -> serde_json::Value {
    let (_, body) = request.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

#[test]
fn a_prompt_and_its_answer() {
    let does = [
        Generate(Some("Be short."), "Is it \"so\"?", 16, 0.7),
        Generate(None, "And now?", 5_000, 0.0),
    ];
    let (report, server) = answers(&does, vec![json(200, TEXT), chunked(TEXT)]);
    // The mean of the log-probabilities is -1, and exp(-1) is 0.36787945.
    let bits = 0.367_879_45_f32.to_bits();
    let line = format!("Yes.\nÄ 00000007 {bits:08x}\n");
    assert_eq!(said(&report), line.repeat(2));
    let request = server.request();
    assert!(
        request.starts_with("POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:"),
        "{request}"
    );
    assert_eq!(
        body(&request),
        serde_json::json!({
            "model": "m",
            "messages": [
                { "role": "system", "content": "Be short." },
                { "role": "user", "content": "Is it \"so\"?" },
            ],
            "max_tokens": 16, "temperature": 0.7, "logprobs": true, "stream": false,
        })
    );
    let second = body(&server.request());
    assert_eq!(second["max_tokens"], 4_096);
    assert_eq!(second["messages"].as_array().unwrap().len(), 1);
    let effects: Vec<_> = report.effects.iter().map(ToString::to_string).collect();
    assert!(
        effects[0].starts_with("[ai] generate m — tokens 7, request \""),
        "{effects:?}"
    );
    assert_eq!(effects.len(), 2);
}

#[test]
fn what_a_server_leaves_out_is_unknown_and_tokens_are_counted_here() {
    let text = r#"{"choices":[{"message":{"content":"fire, smoke"}}]}"#;
    let (report, _server) = answers(&[Generate(None, "one two", 9, 2.0)], vec![json(200, text)]);
    assert_eq!(said(&report), "fire, smoke 00000005 00000000\n");
}

#[test]
fn vectors_come_in_the_order_of_the_texts() {
    let vectors = r#"{"data":[{"index":1,"embedding":[0.5,-2]},{"index":0,"embedding":[1e-3,0.1]}],
        "usage":{"prompt_tokens":9}}"#;
    let (report, server) = answers(&[Batch(&["a", "b"])], vec![json(200, vectors)]);
    let bits =
        |numbers: [f32; 2]| format!("{:08x}{:08x}\n", numbers[0].to_bits(), numbers[1].to_bits());
    assert_eq!(said(&report), bits([1e-3, 0.1]) + &bits([0.5, -2.0]));
    let request = server.request();
    assert!(
        request.starts_with("POST /v1/embeddings HTTP/1.1\r\n"),
        "{request}"
    );
    let expected =
        serde_json::json!({ "model": "m", "input": ["a", "b"], "encoding_format": "float" });
    assert_eq!(body(&request), expected);
}

#[test]
fn a_text_is_classified_by_the_vectors_of_a_server() {
    let vectors = r#"{"data":[{"embedding":[1,0]},{"embedding":[0,1]},{"embedding":[3,4]},{"embedding":[-1,0]}]}"#;
    let does = [Classify("text", &["across", "near", "away"])];
    let (report, _server) = answers(&does, vec![json(200, vectors)]);
    let near = 0.6_f32.to_bits();
    assert_eq!(
        said(&report),
        format!("near {near:08x}\nacross 00000000\naway 00000000\n")
    );
}

#[test]
fn a_server_on_a_socket_of_the_file_system() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::unix(&folder.path().join("m.sock"), vec![json(200, TEXT)]);
    let report = ran(&[Generate(None, "?", 1, 0.0)], &served(&server.url, ""));
    assert_eq!(report.outcome.kind(), "completed");
    assert!(
        server
            .request()
            .starts_with("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n")
    );
}

/// Whatever comes, the guest is told with a code, and the host goes on.
#[test]
fn what_is_wrong_with_an_answer_has_a_code() {
    let raw = |text: &str| Reply::Bytes(text.as_bytes().to_vec());
    let one = [Batch(&["a", "b"])];
    let of_vectors = |body: &str| (&one[..], json(200, body));
    let prompt = [Generate(None, "?", 1, 0.0)];
    let of_text = |reply: Reply| (&prompt[..], reply);
    let huge = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 9 << 20);
    let long = r#"{"error":{"code":"context_length_exceeded","message":"secret"}}"#;
    let long_too = r#"{"error":{"code":400,"type":"exceed_context_size_error"}}"#;
    for ((does, reply), expected) in [
        (
            of_text(json(404, "")),
            "1: the server of the model `m` does not have it (status 404)",
        ),
        (
            of_text(json(400, long)),
            "2: the server of the model `m` finds the text too long (status 400)",
        ),
        (
            of_text(json(400, long_too)),
            "2: the server of the model `m` finds the text too long (status 400)",
        ),
        (
            of_text(json(413, "")),
            "2: the server of the model `m` finds the text too long (status 413)",
        ),
        (
            of_text(json(429, "{")),
            "3: the server of the model `m` allows no further call now (status 429)",
        ),
        (
            of_text(json(504, "")),
            "4: the server of the model `m` gave no answer in time (status 504)",
        ),
        (
            of_text(json(401, "")),
            "5: the server of the model `m` did not accept the key (status 401)",
        ),
        (
            of_text(json(500, "{\"error\":7}")),
            "5: the server of the model `m` failed (status 500)",
        ),
        (
            of_text(json(302, "")),
            "5: the server of the model `m` failed (status 302)",
        ),
        // Nobody follows it: it would lead a key to another server.
        (
            of_text(raw(
                "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/v1\r\nContent-Length: 0\r\n\r\n",
            )),
            "5: the server of the model `m` failed (status 307)",
        ),
        // The host does not say that it takes this.
        (
            of_text(Reply::Bytes(
                b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\n\
                \x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"
                    .to_vec(),
            )),
            "5: the server of the model `m` answered no text",
        ),
        (
            of_text(json(200, "<html>It works!</html>")),
            "5: the server of the model `m` answered no text",
        ),
        (
            of_text(raw(
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: {\"choices\":[]}\n\ndata: [DONE]\n\n",
            )),
            "5: the server of the model `m` answered no text",
        ),
        (
            of_vectors(r#"{"data":[{"embedding":[NaN]},{"embedding":[1]}]}"#),
            "5: the server of the model `m` answered no vectors",
        ),
        (
            of_vectors(r#"{"data":[{"embedding":"AACAPwAAAEA="},{"embedding":"AACAPwAAAEA="}]}"#),
            "5: the server of the model `m` answered no vectors",
        ),
        (
            of_text(json(200, "")),
            "5: the server of the model `m` answered no text",
        ),
        (
            of_text(json(200, "{\"choices\":[]}")),
            "5: the server of the model `m` answered no text",
        ),
        (
            of_text(json(200, &"[".repeat(100_000))),
            "5: the server of the model `m` answered no text",
        ),
        (
            of_text(json(
                200,
                "{\"choices\":[{\"message\":{\"content\":null}}]}",
            )),
            "5: the server of the model `m` answered no text",
        ),
        (
            of_text(raw("")),
            "5: the server of the model `m` gave no answer: the answer ends too early",
        ),
        (
            of_text(raw("SSH-2.0-OpenSSH\r\n")),
            "5: the server of the model `m` gave no answer: it does not begin as HTTP/1.1",
        ),
        (
            of_text(raw(
                "HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n{\"choices\":[{\"mess",
            )),
            "5: the server of the model `m` gave no answer: the answer ends too early",
        ),
        (
            of_text(raw("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n")),
            "5: the server of the model `m` gave no answer: its length is no number",
        ),
        (
            of_text(raw("HTTP/1.1 200 OK\r\nnot a header\r\n\r\n")),
            "5: the server of the model `m` gave no answer: a header has no colon",
        ),
        (
            of_text(raw(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            )),
            "5: the server of the model `m` gave no answer: a chunk's size is no number",
        ),
        (
            of_text(raw(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
            )),
            "5: the server of the model `m` gave no answer: a chunk is longer than its size",
        ),
        (
            of_text(raw(&huge)),
            "5: the server of the model `m` answered more than the host reads",
        ),
        (
            of_text(Reply::Endless(
                b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
                vec![b' '; 65_536],
            )),
            "5: the server of the model `m` answered more than the host reads",
        ),
        (
            of_text(Reply::Endless(
                b"HTTP/1.1 200 OK\r\n".to_vec(),
                b"a: b\r\n".repeat(10_000),
            )),
            "5: the server of the model `m` answered more than the host reads",
        ),
        (
            of_vectors("{}"),
            "5: the server of the model `m` answered no vectors",
        ),
        (
            of_vectors(r#"{"data":[{"embedding":[1]}]}"#),
            "5: the server of the model `m` answered 1 vectors, expected 2",
        ),
        (
            of_vectors(r#"{"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]}"#),
            "5: the server of the model `m` answered vectors that do not belong to the texts",
        ),
        (
            of_vectors(r#"{"data":[{"index":0,"embedding":[1]},{"index":7,"embedding":[1]}]}"#),
            "5: the server of the model `m` answered vectors that do not belong to the texts",
        ),
        (
            of_vectors(r#"{"data":[{"embedding":[1]},{"embedding":[1,2]}]}"#),
            "5: the server of the model `m` answered vectors of several lengths",
        ),
        (
            of_vectors(r#"{"data":[{"embedding":[1]},{"embedding":[]}]}"#),
            "5: the server of the model `m` answered an empty vector",
        ),
        (
            of_vectors(r#"{"data":[{"embedding":[1]},{"embedding":[1e39]}]}"#),
            "5: the server of the model `m` answered a number that is too large",
        ),
        (
            of_vectors(r#"{"data":[{"embedding":["NaN"]},{"embedding":[1]}]}"#),
            "5: the server of the model `m` answered no vectors",
        ),
    ] {
        let (report, _server) = answers(does, vec![reply]);
        assert_eq!(said(&report), expected);
        assert!(matches!(report.outcome, Outcome::GuestError(_)));
        assert!(report.effects.is_empty());
    }
    let report = ran(&prompt, &served(&nobody(), ""));
    assert_eq!(
        said(&report),
        "1: the server of the model `m` is not reachable: connection refused"
    );
}

#[test]
fn vectors_of_one_run_have_one_length() {
    let of = |numbers: &str| json(200, &format!(r#"{{"data":[{{"embedding":{numbers}}}]}}"#));
    let does = [Embed("a"), Embed("b")];
    let (report, _server) = answers(&does, vec![of("[1,2]"), of("[1,2,3]")]);
    assert_eq!(
        said(&report),
        "5: the model `m` answered vectors of another length than before in this run"
    );
    let server = Server::tcp(vec![of("[1,2]")]);
    let model = format!(
        "ai.embed = {{ model = \"m\", url = \"{}\", dimensions = 3 }}",
        server.url
    );
    let report = ran(&does, &run("").grant(Section::parse(&format!(
        "interfaces.\"fractal:app/ai-embeddings\" = true\ninterfaces.\"fractal:app/ai-classify\" = true\n\
         ai.classify = true\n{model}"
    )).unwrap()));
    assert_eq!(
        said(&report),
        "5: the server of the model `m` answered a vector of 2 numbers, expected 3"
    );
}

#[test]
fn a_server_that_never_answers_is_left_at_the_deadline() {
    let chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n";
    let hangs = |begin: &str| Reply::Hangs(begin.as_bytes().to_vec());
    let drips = |begin: &str| Reply::Drips(begin.as_bytes().to_vec());
    for reply in [
        hangs(""),
        hangs("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{"),
        hangs("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"),
        hangs("HTTP/1.1 100 Continue\r\n\r\n"),
        hangs(chunk),
        // Each byte comes long before anybody would give up waiting for it.
        drips("HTTP/1.1 200 OK\r\nContent-Length: 8000000\r\n\r\n"),
        drips("HTTP/1.1 200 OK\r\nX: "),
        drips("HTTP/1.1 200 OK\r\n\r\n"),
        drips(chunk),
    ] {
        let server = Server::tcp(vec![reply]);
        let run = served(&server.url, "").deadline(Duration::from_millis(300));
        let report = ran(&[Generate(None, "?", 1, 0.0)], &run);
        assert_eq!(report.outcome, Outcome::DeadlineExceeded);
        // The connection was closed, or the server would still wait.
        server.request();
    }
}

#[test]
fn what_a_model_wrote_counts_for_the_quota() {
    let server = Server::tcp(vec![json(200, TEXT), json(200, TEXT)]);
    let does = [Generate(None, "?", 1, 0.0), Generate(None, "!", 1, 0.0)];
    let report = ran(&does, &served(&server.url, "quotas.ai-tokens = 13"));
    let Outcome::QuotaExceeded { quota, limit } = &report.outcome else {
        panic!("{}", report.outcome);
    };
    assert_eq!((&*quota.name, *limit), ("ai-tokens", 13));
    assert_eq!(report.effects.len(), 2);
}

#[test]
fn numbers_out_of_range_are_told_before_anybody_is_asked() {
    let server = Server::tcp(vec![json(200, TEXT)]);
    for (tokens, temperature, expected) in [
        (0, 1.0, "6: at most 0 tokens, expected at least 1"),
        (1, 2.5, "6: a temperature of 2.5, expected 0 to 2"),
        (1, -0.5, "6: a temperature of -0.5, expected 0 to 2"),
    ] {
        let report = ran(
            &[Generate(None, "?", tokens, temperature)],
            &served(&server.url, ""),
        );
        assert_eq!(said(&report), expected);
    }
    assert!(server.is_idle());
    crate::server::touch(&server.url);
}

#[test]
fn inference_without_a_named_model_does_not_begin() {
    let lines = "interfaces.\"fractal:app/ai-embeddings\" = true\ninterfaces.\"fractal:app/ai-classify\" = true\n\
        interfaces.\"fractal:app/ai-inference\" = true\nai.embed = true\nai.classify = true\nai.generate = true";
    let host = builder().build().unwrap();
    let app = host.load(&guest(&[Generate(None, "?", 1, 0.0)])).unwrap();
    let run = Run::new().grant(Section::parse(lines).unwrap());
    let error = RUNTIME.block_on(host.run(&app, &run)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "inference is granted, and no model is named"
    );
    assert!(
        error
            .hint()
            .unwrap()
            .starts_with("name one in the policy, such as `ai.generate = {")
    );
}
