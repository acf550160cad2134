//! Answers that are none: each is an error with a code, or the run ends at its deadline.

use std::time::Duration;

use fractalaw_host::Outcome;

use crate::guests::Does::{Batch, Generate};
use crate::guests::{ran, said};
use crate::served::{answers, served};
use crate::server::{Reply, Server, json, nobody};

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
