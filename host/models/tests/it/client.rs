//! A client that sends bytes as they are.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use serde_json::Value;

/// No test waits longer for what must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) trait Stream: Read + Write + Send {}

impl<T: Read + Write + Send> Stream for T {}

/// Connects to an address as the program prints it.
pub(crate) fn connect(address: &str) -> Box<dyn Stream> {
    match address.strip_prefix("unix:") {
        Some(path) => {
            let stream = UnixStream::connect(path).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            Box::new(stream)
        }
        None => {
            let host = address.strip_prefix("http://").unwrap();
            let host = host.strip_suffix("/v1").unwrap();
            let stream = TcpStream::connect(host).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            Box::new(stream)
        }
    }
}

/// A status and a body.
pub(crate) type Answer = (u16, Value);

/// Reads an answer until the server closes. `None` if the connection ends before the answer does.
pub(crate) fn read(stream: &mut dyn Stream) -> Option<Answer> {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("{error}"),
    }
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.1 ").unwrap()[..3]
        .parse()
        .unwrap();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length").then_some(value)
    });
    let length: usize = length.unwrap().parse().unwrap();
    (body.len() == length).then(|| match body {
        "" => (status, Value::Null),
        body => (status, serde_json::from_str(body).unwrap()),
    })
}

/// Sends bytes, and reads what comes.
pub(crate) fn send(address: &str, bytes: &[u8]) -> Option<Answer> {
    let mut stream = connect(address);
    stream.write_all(bytes).unwrap();
    read(&mut *stream)
}

pub(crate) fn get(address: &str, path: &str) -> Answer {
    let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    send(address, head.as_bytes()).unwrap()
}

/// The bytes of a request for vectors.
pub(crate) fn question(body: &[u8]) -> Vec<u8> {
    posted("/v1/embeddings", body)
}

fn posted(path: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// Asks for a text, and does not read it.
pub(crate) fn ask(address: &str, body: &Value) -> Box<dyn Stream> {
    let mut stream = connect(address);
    let request = posted("/v1/chat/completions", body.to_string().as_bytes());
    stream.write_all(&request).unwrap();
    stream
}

/// Asks for a text.
pub(crate) fn chat(address: &str, body: &Value) -> Answer {
    read(&mut *ask(address, body)).unwrap()
}

pub(crate) fn embed(address: &str, body: &Value) -> Answer {
    send(address, &question(body.to_string().as_bytes())).unwrap()
}

/// Asks until so many requests are worked on.
pub(crate) fn until_requests(address: &str, count: u64) {
    let began = Instant::now();
    while get(address, "/healthz").1["requests"] != count {
        assert!(began.elapsed() < PATIENCE, "{count} requests did not come");
        std::thread::yield_now();
    }
}
