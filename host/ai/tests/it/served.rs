//! A server of models: what it is sent, and what a guest is told of every answer.

use fractalaw_host::{Outcome, Report, Run, Section};
use fractalaw_testing::RUNTIME;

use crate::guests::Does::{self, Batch, Classify, Embed, Generate};
use crate::guests::{builder, guest, ran, run, said};
use crate::server::{Reply, Server, chunked, json};

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

pub(crate) fn answers(does: &[Does<'_>], replies: Vec<Reply>) -> (Report, Server) {
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
fn a_token_of_which_the_server_knows_no_probability_leaves_the_answer_as_it_is() {
    let text = TEXT.replace("-0.5", "null");
    let (report, _server) = answers(&[Generate(None, "?", 9, 2.0)], vec![json(200, &text)]);
    assert_eq!(said(&report), "Yes.\nÄ 00000007 00000000\n");
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

#[test]
fn a_centroid_is_the_sum_of_the_vectors_of_a_server() {
    let vectors = r#"{"data":[{"embedding":[1,0]},{"embedding":[1,0]},{"embedding":[0,1]},{"embedding":[0,-1]},
        {"embedding":[3,4]}]}"#;
    let server = Server::tcp(vec![json(200, vectors)]);
    let run = served(
        &server.url,
        "ai.examples = { A = [\"a\", \"b\"], B = [\"c\"] }",
    );
    let report = ran(&[Classify("text", &["A", "B", "C"])], &run);
    let [of_a, of_c] = [0.707_106_77_f32, 0.6].map(f32::to_bits);
    assert_eq!(
        said(&report),
        format!("A {of_a:08x}\nC {of_c:08x}\nB 00000000\n")
    );
    let request = body(&server.request());
    assert_eq!(
        request["input"],
        serde_json::json!(["text", "a", "b", "c", "C"])
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
fn as_many_categories_as_a_guest_may_name_are_asked_for_in_two_requests() {
    let names: Vec<_> = (0..256).map(|number| format!("c{number}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let vectors = |count: usize| {
        let vectors = vec![r#"{"embedding":[1,2]}"#; count].join(",");
        json(200, &format!(r#"{{"data":[{vectors}]}}"#))
    };
    let (report, server) = answers(&[Classify("a", &names)], vec![vectors(256), vectors(1)]);
    let one = 1_f32.to_bits();
    assert_eq!(
        said(&report),
        names.iter().fold(String::new(), |all, name| all
            + &format!("{name} {one:08x}\n"))
    );
    let inputs =
        [server.request(), server.request()].map(|request| body(&request)["input"].clone());
    assert_eq!(inputs[0].as_array().unwrap().len(), 256);
    assert_eq!(inputs[1], serde_json::json!(["c255"]));
}

#[test]
fn a_server_that_refuses_before_it_has_read_everything_is_heard() {
    // More than a connection holds before somebody reads.
    let long = "\u{1}".repeat(120_000);
    let server = Server::tcp(vec![Reply::Early(
        b"HTTP/1.1 413 Large\r\nContent-Length: 0\r\n\r\n".to_vec(),
    )]);
    let report = ran(&[Generate(None, &long, 1, 0.0)], &served(&server.url, ""));
    assert_eq!(
        said(&report),
        "2: the server of the model `m` finds the text too long (status 413)"
    );
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
    let long = "a ".repeat(8_193);
    for (system, user) in [(None, &*long), (Some(&*long), "?")] {
        let report = ran(&[Generate(system, user, 1, 0.0)], &served(&server.url, ""));
        assert_eq!(
            said(&report),
            "2: a text has 8193 tokens, expected at most 8192"
        );
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
