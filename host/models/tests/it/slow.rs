//! Clients that take their time. All wait at once, for ten seconds.

use std::io::Write;
use std::thread;

use crate::client::{connect, get, read};
use crate::folders::tiny;
use crate::program::Program;

#[test]
fn a_client_that_sends_half_is_not_waited_for() {
    let program = Program::at_a_port(&tiny());
    let half = "POST /v1/embeddings HTTP/1.1\r\nContent-Type: application/json\r\nConnection: close\r\n\
                Content-Length: 100\r\n\r\n{";
    let clients: Vec<_> = ["", "GET /heal", half]
        .map(|bytes| {
            let address = program.address.clone();
            thread::spawn(move || {
                let mut stream = connect(&address);
                stream.write_all(bytes.as_bytes()).unwrap();
                read(&mut *stream).map(|(status, body)| (status, body["error"]["code"].clone()))
            })
        })
        .into();
    // Others are answered meanwhile.
    assert_eq!(get(&program.address, "/healthz").0, 200);
    let ends: Vec<_> = clients
        .into_iter()
        .map(|client| client.join().unwrap())
        .collect();
    assert_eq!(ends, [None, None, Some((408, "request_timeout".into()))]);
}
