//! Requests, good and malformed, and what is answered.

use serde_json::{Value, json};

use crate::client::{Answer, embed, get, question, send};
use crate::folders::tiny;
use crate::program::Program;

const TINY: &str = "794ceef8999ddb11234042d144c4ec31684011f5087feafe7b4552dc4a342407";

fn refused(answer: &Answer) -> (u16, &str, &Value) {
    let error = &answer.1["error"];
    (answer.0, error["code"].as_str().unwrap(), &error["param"])
}

#[test]
fn vectors_models_and_health_are_answered() {
    let program = Program::at_a_port(&tiny());
    assert_eq!(
        program.ready,
        format!("serving tiny at {}", program.address)
    );
    let address = &program.address;
    let asked = json!({ "model": "tiny", "input": ["a", "ab", ""], "user": "u", "dimensions": 4 });
    let vector = |index, vector: Value| json!({ "object": "embedding", "index": index, "embedding": vector });
    assert_eq!(
        embed(address, &asked),
        (
            200,
            json!({
                "object": "list",
                "model": "tiny",
                "data": [
                    vector(0, json!([0.666_666_7, 0.666_666_7, 0.0, 0.333_333_34])),
                    vector(1, json!([0.554_700_2, 0.554_700_2, -0.554_700_2, 0.277_350_1])),
                    vector(2, json!([0.0, 0.0, 0.0, 1.0])),
                ],
                "usage": { "prompt_tokens": 9, "total_tokens": 9 },
            })
        )
    );
    let asked = json!({ "model": "tiny", "input": "a", "encoding_format": "base64" });
    let (status, answer) = embed(address, &asked);
    assert_eq!(
        (status, &answer["data"][0]["embedding"]),
        (200, &json!("q6oqP6uqKj8AAAAAq6qqPg=="))
    );
    assert_eq!(
        get(address, "/healthz"),
        (200, json!({ "status": "ok", "requests": 0 }))
    );
    let (status, models) = get(address, "/v1/models");
    assert_eq!((status, &models["data"][0]["id"]), (200, &json!("tiny")));
    assert_eq!(models["data"][0]["digest"], json!(TINY));
}

#[test]
fn a_batch_gives_the_bits_of_its_texts_alone() {
    let program = Program::at_a_port(&tiny());
    let texts: Vec<&str> = (0..256).map(|n| ["a", "b", "ab", "b a b"][n % 4]).collect();
    let (_, batch) = embed(
        &program.address,
        &json!({ "model": "tiny", "input": texts }),
    );
    for (index, text) in texts.iter().enumerate().take(4) {
        let (_, alone) = embed(&program.address, &json!({ "model": "tiny", "input": text }));
        assert_eq!(
            batch["data"][index + 252]["embedding"],
            alone["data"][0]["embedding"],
            "{text}"
        );
    }
}

#[test]
fn malformed_bodies_are_refused_with_a_code() {
    let program = Program::at_a_port(&tiny());
    let many = json!({ "model": "tiny", "input": vec!["a"; 257] }).to_string();
    let long = json!({ "model": "tiny", "input": ["a", "a a a a a a a"] }).to_string();
    let deep = "[".repeat(100_000);
    let large = format!(
        r#"{{"model":"tiny","input":"{}"}}"#,
        "a".repeat(3 * 1024 * 1024)
    );
    let input = json!("input");
    for (body, expected) in [
        (&b""[..], (400, "invalid_json", &Value::Null)),
        (b"{", (400, "invalid_json", &Value::Null)),
        (b"\xff", (400, "invalid_json", &Value::Null)),
        (deep.as_bytes(), (400, "invalid_value", &Value::Null)),
        (b"[]", (400, "invalid_value", &Value::Null)),
        (br#"{"input":"a"}"#, (400, "invalid_value", &Value::Null)),
        (br#"{"model":"tiny"}"#, (400, "invalid_value", &Value::Null)),
        (
            br#"{"model":"tiny","input":[1,2]}"#,
            (400, "invalid_value", &Value::Null),
        ),
        (
            br#"{"model":"tiny","input":[["a"]]}"#,
            (400, "invalid_value", &Value::Null),
        ),
        (
            br#"{"model":"tiny","input":null}"#,
            (400, "invalid_value", &Value::Null),
        ),
        (
            br#"{"model":"tiny","input":"\ud800"}"#,
            (400, "invalid_json", &Value::Null),
        ),
        (
            br#"{"model":"tiny","input":"a","encoding_format":"hex"}"#,
            (400, "invalid_value", &Value::Null),
        ),
        (
            br#"{"model":"tiny","input":"a","further":1}"#,
            (400, "invalid_value", &Value::Null),
        ),
        (
            br#"{"model":"tiny","input":[]}"#,
            (400, "invalid_value", &input),
        ),
        (
            br#"{"model":"tiny","input":"a","dimensions":3}"#,
            (400, "invalid_value", &json!("dimensions")),
        ),
        (
            br#"{"model":"small","input":"a"}"#,
            (404, "model_not_found", &json!("model")),
        ),
        (many.as_bytes(), (413, "too_many_texts", &input)),
        (large.as_bytes(), (413, "request_too_large", &Value::Null)),
        (long.as_bytes(), (400, "context_length_exceeded", &input)),
    ] {
        let answer = send(&program.address, &question(body)).unwrap();
        let start = String::from_utf8_lossy(&body[..body.len().min(80)]);
        assert_eq!(refused(&answer), expected, "{start}");
    }
    // It goes on, and says which text is too long.
    let answer = send(&program.address, &question(long.as_bytes())).unwrap();
    assert_eq!(
        answer.1["error"]["message"],
        "text 1 has 9 tokens, at most 8 fit"
    );
    assert_eq!(answer.1["error"]["type"], "invalid_request_error");
}

#[test]
fn malformed_heads_are_refused() {
    let program = Program::at_a_port(&tiny());
    let head =
        |line: &str, fields: &str| format!("{line} HTTP/1.1\r\nConnection: close\r\n{fields}\r\n");
    let json = "Content-Type: application/json\r\nContent-Length: 0\r\n";
    for (head, status, code) in [
        (head("GET /", ""), 404, "unknown_url"),
        (head("GET /v1/embeddings", ""), 405, "method_not_allowed"),
        (head("POST /v1/models", json), 405, "method_not_allowed"),
        (
            head("POST /v1/embeddings", "Content-Length: 0\r\n"),
            415,
            "unsupported_media_type",
        ),
        (
            head(
                "POST /v1/embeddings",
                "Content-Type: text/plain\r\nContent-Length: 0\r\n",
            ),
            415,
            "unsupported_media_type",
        ),
        // A page in a browser that comes under a name of its own.
        (
            head(
                "POST /v1/embeddings",
                &format!("Host: example.org:80\r\n{json}"),
            ),
            421,
            "unknown_host",
        ),
        (
            head("GET /v1/models", "Host: 10.0.0.1\r\n"),
            421,
            "unknown_host",
        ),
        (
            head(
                "POST /v1/embeddings",
                "Content-Type: application/json\r\nContent-Length: 99999999999\r\n",
            ),
            413,
            "request_too_large",
        ),
        (
            format!(
                "{}zz\r\n",
                head(
                    "POST /v1/embeddings",
                    "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
                )
            ),
            400,
            "invalid_body",
        ),
    ] {
        let answer = send(&program.address, head.as_bytes()).unwrap();
        assert_eq!(refused(&answer), (status, code, &Value::Null), "{head}");
    }
    for host in ["127.0.0.2:80", "[::1]", "localhost"] {
        let head = head("GET /healthz", &format!("Host: {host}\r\n"));
        let (status, _) = send(&program.address, head.as_bytes()).unwrap();
        assert_eq!(status, 200, "{host}");
    }
    // What is not HTTP has no body in its answer.
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(100_000));
    let many = head("GET /healthz", &"A: b\r\n".repeat(200));
    for (bytes, status) in [
        (&b"no http\r\n\r\n"[..], 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (
            b"GET /healthz HTTP/1.1\r\nConnection: close\r\n: b\r\n\r\n",
            400,
        ),
        (many.as_bytes(), 431),
        (long.as_bytes(), 431),
    ] {
        let answer = send(&program.address, bytes);
        // A server that closes while bytes are still on their way can take its answer with it.
        if let Some((found, body)) = answer {
            assert_eq!((found, body), (status, Value::Null));
        }
    }
    assert_eq!(get(&program.address, "/healthz").0, 200);
}
