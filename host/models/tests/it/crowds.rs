//! Many clients at once, and clients that do not read.

use std::io::Write;
use std::thread;

use serde_json::json;

use crate::client::{ask, chat, connect, embed, get};
use crate::folders::{tiny, tiny_writer};
use crate::program::Program;

#[test]
fn a_thousand_connections_are_answered_or_closed() {
    let sockets = tempfile::tempdir().unwrap();
    let place = format!("unix:{}/models.sock", sockets.path().display());
    let program = Program::serve(&tiny(), &place);
    // Four times as many at once as the program serves at one time. The others wait.
    let clients: Vec<_> = (0..250)
        .map(|number| {
            let address = program.address.clone();
            thread::spawn(move || {
                let connect = || connect(&address);
                drop(connect());
                let half = b"POST /v1/embeddings HTTP/1.1\r\nContent-";
                connect().write_all(half).unwrap();
                // The program may be faster than the second half.
                let _ = connect().write_all(b"no http\r\n\r\nno http\r\n\r\n");
                let text = ["a", "ab", "b a"][number % 3];
                embed(&address, &json!({ "model": "tiny", "input": text })).0
            })
        })
        .collect();
    let mut answered = 0;
    for client in clients {
        match client.join().unwrap() {
            200 => answered += 1,
            // More than may wait for the model.
            status => assert_eq!(status, 429),
        }
    }
    assert!(answered > 0);
    assert_eq!(get(&program.address, "/healthz").0, 200);
    assert_eq!(
        embed(&program.address, &json!({ "model": "tiny", "input": "a" })).0,
        200
    );
}

#[test]
fn a_client_that_does_not_read_its_answer_holds_up_nobody() {
    let program = Program::at_a_port(&tiny_writer());
    let asked = |model: &str| {
        let said = json!([{ "role": "user", "content": "go" }]);
        json!({ "model": model, "messages": said, "temperature": 0, "logprobs": true })
    };
    // The answers are larger than what a socket holds.
    let slow: Vec<_> = (0..8)
        .map(|_| ask(&program.address, &asked("endless")))
        .collect();
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (address, body) = (program.address.clone(), asked("alphabet"));
            thread::spawn(move || chat(&address, &body).0)
        })
        .collect();
    for client in clients {
        assert_eq!(client.join().unwrap(), 200);
    }
    drop(slow);
    assert_eq!(chat(&program.address, &asked("alphabet")).0, 200);
}
