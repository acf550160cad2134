//! A server of models that sends what an input says.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

pub(super) struct Server(Arc<Mutex<Vec<u8>>>);

impl Server {
    /// Serves one connection after the other, until the process ends.
    pub(super) fn start(path: &Path) -> Server {
        let listener = UnixListener::bind(path).expect("a socket can be made");
        let answer = Arc::new(Mutex::new(Vec::new()));
        let server = Server(Arc::clone(&answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let bytes = locked(&answer).clone();
                // The host may close the connection at any time.
                let _ = serve(stream, &bytes);
            }
        });
        server
    }

    /// The next connection gets these bytes.
    pub(super) fn answers(&self, bytes: &[u8]) {
        *locked(&self.0) = bytes.to_vec();
    }
}

fn locked(bytes: &Mutex<Vec<u8>>) -> MutexGuard<'_, Vec<u8>> {
    bytes.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads a request whole, so that closing the connection does not take the answer back.
fn serve(mut stream: UnixStream, answer: &[u8]) -> std::io::Result<()> {
    let (mut request, mut bytes) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut bytes)?;
        request.extend_from_slice(&bytes[..count]);
        let text = String::from_utf8_lossy(&request);
        let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("Content-Length: "));
            length.and_then(|length| length.parse().ok()) == Some(body.len())
        });
        if whole || count == 0 {
            return stream.write_all(answer);
        }
    }
}
