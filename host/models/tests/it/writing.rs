//! `POST /v1/chat/completions`, asked of networks for which each next token is known.

use serde_json::{Value, json};

use crate::client::{Answer, chat, embed, get};
use crate::folders::{tiny, tiny_writer};
use crate::program::Program;

const ALPHABET: &str = "abcdefghijklmnopqrstuvwxyz.";

fn asked(model: &str, more: &Value) -> Value {
    let mut body = json!({
        "model": model, "messages": [{ "role": "user", "content": "go" }], "temperature": 0
    });
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

#[test]
fn an_answer_has_text_tokens_and_usage() {
    let program = Program::at_a_port(&tiny_writer());
    let address = &program.address;
    assert_eq!(
        program.ready,
        format!("serving alphabet, endless at {address}")
    );
    let (_, models) = get(address, "/v1/models");
    let digest = &models["data"][0]["digest"];
    assert_eq!(digest.as_str().unwrap().len(), 64);
    assert_eq!(models["data"][0].get("dimensions"), None);
    let (status, answer) = chat(
        address,
        &asked("alphabet", &json!({ "user": "u", "n": 1, "stream": false })),
    );
    assert_eq!(
        (status, answer),
        (
            200,
            json!({
                "id": "chatcmpl-0",
                "object": "chat.completion",
                "created": 0,
                "model": "alphabet",
                "system_fingerprint": digest,
                "choices": [{
                    "index": 0,
                    "message": { "role": "assistant", "content": ALPHABET },
                    "logprobs": null,
                    "finish_reason": "stop",
                }],
                "usage": { "prompt_tokens": 39, "completion_tokens": 28, "total_tokens": 67 },
            })
        )
    );
}

/// The text, why it ended, and the tokens that were made.
fn written(answer: &Answer) -> (&str, &str, u64) {
    let (status, body) = answer;
    assert_eq!(*status, 200, "{body}");
    let choice = &body["choices"][0];
    (
        choice["message"]["content"].as_str().unwrap(),
        choice["finish_reason"].as_str().unwrap(),
        body["usage"]["completion_tokens"].as_u64().unwrap(),
    )
}

#[test]
fn an_answer_is_as_long_as_it_may_be() {
    let program = Program::at_a_port(&tiny_writer());
    let address = &program.address;
    for (model, more, expected) in [
        (
            "endless",
            json!({ "max_tokens": 12 }),
            ("012345678901", "length", 12),
        ),
        (
            "endless",
            json!({ "max_completion_tokens": 2, "max_tokens": 9 }),
            ("01", "length", 2),
        ),
        ("endless", json!({ "stop": "23" }), ("01", "stop", 4)),
        (
            "endless",
            json!({ "stop": ["x", "5"] }),
            ("01234", "stop", 6),
        ),
        ("alphabet", json!({ "stop": ["a"] }), ("", "stop", 1)),
        (
            "alphabet",
            json!({ "max_tokens": 27 }),
            (ALPHABET, "length", 27),
        ),
        (
            "alphabet",
            json!({ "max_tokens": 28 }),
            (ALPHABET, "stop", 28),
        ),
        (
            "alphabet",
            json!({ "max_tokens": u64::MAX }),
            (ALPHABET, "stop", 28),
        ),
        // A temperature so low is as none at all.
        (
            "alphabet",
            json!({ "temperature": 0.01, "seed": -7, "top_p": 0.9 }),
            (ALPHABET, "stop", 28),
        ),
    ] {
        let answer = chat(address, &asked(model, &more));
        assert_eq!(written(&answer), expected, "{more}");
    }
    // Without a word the answer is as long as any may be.
    let (text, ended, count) = {
        let answer = chat(address, &asked("endless", &json!({})));
        let (text, ended, count) = written(&answer);
        (text.to_owned(), ended.to_owned(), count)
    };
    assert_eq!(
        (text, &*ended, count),
        (
            ("0123456789".repeat(103))[..1024].to_owned(),
            "length",
            1024
        )
    );
}

#[test]
fn a_seed_draws_the_same_tokens_again() {
    let program = Program::at_a_port(&tiny_writer());
    let text = |seed| {
        let more = json!({ "temperature": 2, "seed": seed, "max_tokens": 40 });
        let answer = chat(&program.address, &asked("endless", &more));
        written(&answer).0.to_owned()
    };
    assert_eq!(text(1), text(1));
    assert_ne!(text(1), text(2));
}

#[test]
fn each_token_has_its_probability() {
    let program = Program::at_a_port(&tiny_writer());
    let more = json!({ "logprobs": true, "max_tokens": 3, "top_logprobs": 0 });
    let (_, answer) = chat(&program.address, &asked("endless", &more));
    let tokens = answer["choices"][0]["logprobs"]["content"]
        .as_array()
        .unwrap();
    assert_eq!(tokens.len(), 3);
    for (token, expected) in tokens.iter().zip(["0", "1", "2"]) {
        let bytes = json!(expected.as_bytes());
        assert_eq!(
            (&token["token"], &token["bytes"]),
            (&json!(expected), &bytes)
        );
        assert_eq!(token["top_logprobs"], json!([]));
        let probability = token["logprob"].as_f64().unwrap().exp();
        assert!((0.9..1.0).contains(&probability), "{probability}");
    }
}

#[test]
fn messages_have_several_forms() {
    let program = Program::at_a_port(&tiny_writer());
    let tokens = |messages: Value| {
        let body =
            json!({ "model": "alphabet", "messages": messages, "temperature": 0, "max_tokens": 1 });
        let (status, answer) = chat(&program.address, &body);
        assert_eq!(status, 200, "{answer}");
        answer["usage"]["prompt_tokens"].as_u64().unwrap()
    };
    let text = |role: &str| tokens(json!([{ "role": role, "content": "four" }]));
    // Without a message of the system, the model's own stands first.
    assert_eq!(text("user"), 41);
    assert_eq!(text("system"), 25);
    assert_eq!(text("developer"), text("system"));
    let part = |text| json!({ "type": "text", "text": text });
    let parts = json!([{ "role": "user", "name": "n", "content": [part("fo"), part("ur")] }]);
    assert_eq!(tokens(parts), text("user"));
}

#[test]
fn what_cannot_be_asked_is_refused_with_a_code() {
    let program = Program::at_a_port(&tiny_writer());
    let address = &program.address;
    let said =
        |role: &str, content: Value| json!({ "messages": [{ "role": role, "content": content }] });
    let many = json!({ "messages": vec![json!({ "role": "user", "content": "" }); 257] });
    let wrong = "invalid_value";
    for (more, param, code) in [
        (json!({ "messages": [] }), json!("messages"), wrong),
        (many, json!("messages"), wrong),
        (
            said("user", json!("a".repeat(200))),
            json!("messages"),
            "context_length_exceeded",
        ),
        (
            said("user", json!("a".repeat(2_000_000))),
            json!("messages"),
            "context_length_exceeded",
        ),
        (said("tool", json!("a")), Value::Null, wrong),
        (said("user", json!(null)), Value::Null, wrong),
        (
            said("user", json!([{ "type": "image_url", "text": "a" }])),
            Value::Null,
            wrong,
        ),
        (json!({ "max_tokens": 0 }), json!("max_tokens"), wrong),
        (json!({ "max_tokens": -1 }), Value::Null, wrong),
        (
            json!({ "max_completion_tokens": 0 }),
            json!("max_completion_tokens"),
            wrong,
        ),
        (json!({ "temperature": 2.1 }), json!("temperature"), wrong),
        (json!({ "temperature": -0.1 }), json!("temperature"), wrong),
        (json!({ "top_p": 1.1 }), json!("top_p"), wrong),
        (json!({ "stop": "" }), json!("stop"), wrong),
        (
            json!({ "stop": ["a", "b", "c", "d", "e"] }),
            json!("stop"),
            wrong,
        ),
        (json!({ "stop": "a".repeat(257) }), json!("stop"), wrong),
        (json!({ "n": 2 }), json!("n"), wrong),
        (json!({ "top_logprobs": 5 }), json!("top_logprobs"), wrong),
        (json!({ "stream": true }), json!("stream"), wrong),
        (json!({ "tools": [] }), Value::Null, wrong),
    ] {
        let (status, answer) = chat(address, &asked("alphabet", &more));
        let error = &answer["error"];
        assert_eq!(
            (status, &error["param"], &error["code"]),
            (400, &param, &json!(code)),
            "{answer}"
        );
    }
    let (status, answer) = chat(address, &asked("zebra", &json!({})));
    assert_eq!(
        (status, &answer["error"]["code"]),
        (404, &json!("model_not_found"))
    );
    let (_, answer) = embed(address, &json!({ "model": "alphabet", "input": "a" }));
    assert_eq!(
        answer["error"]["message"],
        "this model writes: ask it at `/v1/chat/completions`"
    );
    let other = Program::at_a_port(&tiny());
    let (_, answer) = chat(&other.address, &asked("tiny", &json!({})));
    assert_eq!(
        answer["error"]["message"],
        "this model makes embeddings: ask it at `/v1/embeddings`"
    );
}
