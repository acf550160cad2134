//! A server of models that answers what a test tells it, byte for byte.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// What the server does with a connection.
pub(crate) enum Reply {
    /// Sends this and closes the connection.
    Bytes(Vec<u8>),
    /// Sends this and keeps the connection open until the other end closes it.
    Hangs(Vec<u8>),
    /// Sends this without reading the request, and closes the connection.
    Early(Vec<u8>),
    /// Sends this for ever.
    Endless(Vec<u8>, Vec<u8>),
    /// Sends this, and then one space after the other, each a while after the one before.
    Drips(Vec<u8>),
}

/// An answer with this status and body.
pub(crate) fn json(status: u16, body: &str) -> Reply {
    let length = body.len();
    let text = format!(
        "HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    Reply::Bytes(text.into_bytes())
}

/// The same in chunks of a few bytes.
pub(crate) fn chunked(body: &str) -> Reply {
    let mut text =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            .to_owned();
    for chunk in body.as_bytes().chunks(7) {
        let chunk = std::str::from_utf8(chunk).unwrap();
        text += &format!("{:x};ignored\r\n{chunk}\r\n", chunk.len());
    }
    text += "0\r\n\r\n";
    Reply::Bytes(text.into_bytes())
}

/// A server, and what it was sent.
pub(crate) struct Server {
    pub(crate) url: String,
    requests: Receiver<String>,
}

impl Server {
    /// A server for as many connections as there are replies.
    pub(crate) fn tcp(replies: Vec<Reply>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let (sender, requests) = channel();
        thread::spawn(move || {
            for reply in replies {
                let (stream, _) = listener.accept().unwrap();
                let request = serve(&stream, &stream, reply);
                let _ = stream.shutdown(Shutdown::Write);
                let _ = sender.send(request);
            }
        });
        Server { url, requests }
    }

    /// The same on a socket in this place.
    pub(crate) fn unix(path: &Path, replies: Vec<Reply>) -> Server {
        let listener = UnixListener::bind(path).unwrap();
        let (sender, requests) = channel();
        thread::spawn(move || {
            for reply in replies {
                let (stream, _) = listener.accept().unwrap();
                let _ = sender.send(serve(&stream, &stream, reply));
            }
        });
        Server {
            url: format!("unix:{}", path.display()),
            requests,
        }
    }

    /// The next request, headers and body.
    pub(crate) fn request(&self) -> String {
        self.requests.recv().unwrap()
    }

    /// Whether nothing was sent so far that was not taken.
    pub(crate) fn is_idle(&self) -> bool {
        self.requests.try_recv().is_err()
    }
}

/// An address at which nobody listens.
pub(crate) fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}/v1", listener.local_addr().unwrap())
}

/// Reads a request, replies, and returns the request.
fn serve(mut input: impl Read, mut output: impl Write, reply: Reply) -> String {
    if let Reply::Early(bytes) = reply {
        output.write_all(&bytes).unwrap();
        return String::new();
    }
    let mut request = Vec::new();
    let mut bytes = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("Content-Length: "));
            if body.len() >= length.unwrap().parse().unwrap() {
                break;
            }
        }
        let count = input.read(&mut bytes).unwrap();
        assert!(count > 0, "half a request: {text}");
        request.extend_from_slice(&bytes[..count]);
    }
    // The other end may close the connection at any time.
    match reply {
        Reply::Early(bytes) | Reply::Bytes(bytes) => {
            let _ = output.write_all(&bytes);
        }
        Reply::Hangs(begin) => {
            let _ = output.write_all(&begin);
            while input.read(&mut bytes).is_ok_and(|count| count > 0) {}
        }
        Reply::Drips(begin) => {
            let _ = output.write_all(&begin);
            while output.write_all(b" ").is_ok() {
                thread::sleep(Duration::from_millis(2));
            }
        }
        Reply::Endless(begin, again) => {
            let _ = output.write_all(&begin);
            while output.write_all(&again).is_ok() {}
        }
    }
    String::from_utf8(request).unwrap()
}

/// A connection that is made and dropped, so that a server thread that waits for one goes on.
pub(crate) fn touch(url: &str) {
    let at = url
        .strip_prefix("http://")
        .unwrap()
        .strip_suffix("/v1")
        .unwrap();
    let _ = TcpStream::connect(at);
}
