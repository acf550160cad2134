//! HTTP: who may ask what, and requests that are malformed or too large.

use std::io::{Read, Write};
use std::net::TcpStream;

use fractalaw_serve::clock::SystemClock;
use fractalaw_serve::config::Config;
use fractalaw_serve::{Http, Setup, Supervisor};

use crate::lab::*;
use crate::process::Process;

const APPS: &str = "[apps.good]\nsource = \"good.wasm\"\n";

fn site() -> Site {
    let site = Site::new("");
    site.configure("listen = \"127.0.0.1:0\"\nemit.go = \"INGEST_TOKEN\"", APPS);
    site.write("good.wasm", &app(1, ""));
    site
}

/// Sends bytes, and returns the whole answer.
fn raw(address: &str, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // The server may have answered and closed before it has everything.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn request(address: &str, method: &str, path: &str, headers: &str, body: &[u8]) -> String {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\ncontent-length: {}\r\n{headers}\r\n",
        body.len()
    );
    raw(address, &[head.as_bytes(), body].concat())
}

/// The status and the body of an answer.
fn parts(answer: &str) -> (u16, &str) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    (status.unwrap_or(0), body)
}

#[test]
fn events_come_in_with_the_token_of_their_type_and_in_no_other_way() {
    let site = site();
    let process = Process::start(site.path());
    let address = process.address();
    let emit = |path: &str, headers: &str, body: &[u8]| {
        let answer = request(&address, "POST", path, headers, body);
        let (status, body) = parts(&answer);
        (status, body.to_owned())
    };
    const TOKEN: &str = "authorization: Bearer a token\r\n";
    let refused = (401, "expected the token of the type\n".to_owned());
    for (path, headers) in [
        ("/emit/go", ""),
        ("/emit/go", "authorization: Bearer a toke\r\n"),
        ("/emit/go", "authorization: Bearer a tokens\r\n"),
        ("/emit/go", "authorization: Basic a token\r\n"),
        ("/emit/stop", TOKEN),
        ("/emit/", TOKEN),
        ("/emit/go/", TOKEN),
    ] {
        assert_eq!(emit(path, headers, b"x"), refused, "{path} {headers}");
    }
    let (status, body) = emit("/emit/go", TOKEN, b"42 rows");
    assert_eq!(status, 202, "{body}");
    assert!(body.starts_with("{\"deliveries\":"), "{body}");
    let most = vec![b'x'; 1024 * 1024];
    assert_eq!(emit("/emit/go", TOKEN, &most).0, 202);
    let too_much = vec![b'x'; 1024 * 1024 + 1];
    assert_eq!(emit("/emit/go", TOKEN, &too_much).0, 413);
    let status = |method: &str, path: &str| parts(&request(&address, method, path, "", b"")).0;
    assert_eq!(status("GET", "/emit/go"), 405);
    assert_eq!(status("POST", "/"), 405);
    assert_eq!(status("GET", "/nowhere"), 404);
    assert_eq!(status("GET", "/healthz"), 200);
    assert_eq!(status("GET", "/readyz"), 200);
}

#[test]
fn malformed_and_huge_requests_get_an_error_and_the_next_one_an_answer() {
    let site = site();
    let process = Process::start(site.path());
    let address = process.address();
    let long = format!(
        "GET / HTTP/1.1\r\nhost: {address}\r\nx: {}\r\n\r\n",
        "y".repeat(20_000)
    );
    let many = format!(
        "GET / HTTP/1.1\r\nhost: {address}\r\n{}\r\n",
        "x: y\r\n".repeat(200)
    );
    for (bytes, statuses) in [
        (b"\x16\x03\x01\0\0".as_slice(), [400, 0]),
        (b"GET\r\n\r\n", [400, 0]),
        (long.as_bytes(), [431, 400]),
        (many.as_bytes(), [431, 400]),
        (b"GET / HTTP/1.1\r\n\r\n", [421, 400]),
        (b"GET / HTTP/1.1\r\nhost: evil.example\r\n\r\n", [421, 421]),
        (b"GET / HTTP/1.1\r\nhost: localhost.evil.example:80\r\n\r\n", [421, 421]),
        (b"POST /emit/go HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\nabc", [400, 401]),
    ] {
        let answer = raw(&address, bytes);
        let (status, _) = parts(&answer);
        assert!(statuses.contains(&status), "{status} {answer}");
    }
    for host in ["localhost", "127.0.0.1", "[::1]", "[::1]:80"] {
        let request = format!("GET /healthz HTTP/1.1\r\nhost: {host}\r\n\r\n");
        let answer = raw(&address, request.as_bytes());
        assert_eq!(parts(&answer), (200, "the supervisor runs\n"), "{host}");
    }
}

#[test]
fn metrics_name_apps_and_outcomes_and_no_numbers() {
    let site = Site::new("");
    site.configure(
        "listen = \"127.0.0.1:0\"",
        "[apps.good]\nsource = \"good.wasm\"\n",
    );
    site.write("good.wasm", &app(1, ""));
    let process = Process::start(site.path());
    until("the first version", || {
        let (_, out, _) = crate::process::command(site.path(), "emit go --wait");
        !out.contains(" 0 deliveries")
    });
    let answer = request(&process.address(), "GET", "/metrics", "", b"");
    let (status, body) = parts(&answer);
    assert_eq!(status, 200);
    let figures: Vec<_> = body
        .lines()
        .filter(|line| {
            line.starts_with("fractalaw_runs_total") || line.starts_with("fractalaw_fuel")
        })
        .collect();
    assert_eq!(figures.len(), 2, "{body}");
    assert_eq!(
        figures[0],
        "fractalaw_runs_total{app=\"good\",outcome=\"completed\"} 1"
    );
    assert!(body.contains("fractalaw_deliveries{app=\"good\",state=\"dead\"} 0"));
    assert!(body.ends_with("# EOF\n"));
}

#[test]
fn a_supervisor_that_stops_is_not_ready_and_takes_no_events() {
    let site = site();
    site.configure(
        "listen = \"127.0.0.1:0\"\nemit.go = \"INGEST_TOKEN\"\ngrace = \"1h\"",
        APPS,
    );
    let mut manifest = manifest(&["go"]);
    manifest.tier = fractalaw_host::Tier::Heavy;
    site.write("policy.toml", b"[all]\non.go = true\ntier = \"heavy\"\n");
    let endless = fractalaw_testing::component("", ENDLESS);
    site.write(
        "good.wasm",
        &fractalaw_testing::with_manifest(&endless, &manifest),
    );
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let supervisor = Supervisor::start(Setup {
        folder: site.path().to_owned(),
        config: Config::load(site.path()).unwrap(),
        clock: std::sync::Arc::new(SystemClock),
        offer: Box::new(|builder| builder),
        lines: String::new(),
    })
    .unwrap();
    runtime.block_on(supervisor.load_new());
    let missing = runtime.block_on(Http::open(
        ([127, 0, 0, 1], 0).into(),
        &supervisor,
        |_: &str| None,
    ));
    assert_eq!(
        missing.err().unwrap().to_string(),
        "the variable `INGEST_TOKEN` is not set, expected the token for `POST /emit/go`"
    );
    let token = |_: &str| Some("a token".to_owned());
    let http = runtime.block_on(Http::open(([127, 0, 0, 1], 0).into(), &supervisor, token));
    let http = http.unwrap();
    let address = http.address().unwrap().to_string();
    runtime.spawn(async move { http.serve().await });
    let served = supervisor.clone();
    let task = runtime.spawn(async move { served.run().await });
    supervisor.emit("go", "test", Vec::new()).unwrap();
    until("the run", || !supervisor.apps()[0].in_flight.is_empty());
    supervisor.stop();
    let answer = request(&address, "GET", "/readyz", "", b"");
    assert_eq!(parts(&answer), (503, "the supervisor stops\n"));
    let answer = request(
        &address,
        "POST",
        "/emit/go",
        "authorization: Bearer a token\r\n",
        b"",
    );
    assert_eq!(parts(&answer).0, 503);
    assert_eq!(parts(&request(&address, "GET", "/healthz", "", b"")).0, 200);
    // A second time: at once.
    supervisor.stop();
    runtime.block_on(task).unwrap().unwrap();
    assert_eq!(supervisor.runs()[0].outcome, "interrupted");
}
