//! The program ends, or is ended, while it works. It needs the real model, because the tiny one is done at once.

use std::io::{Read, Write};
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::client::{PATIENCE, ask, chat, connect, embed, question, read, until_requests};
use crate::folders::fetched;
use crate::program::{Program, command};

/// A request that takes seconds, or a tenth of one.
fn large(texts: usize) -> Value {
    let text = "the crane stopped and nobody was hurt ".repeat(28);
    json!({ "model": "all-minilm-l6-v2", "input": vec![text; texts] })
}

#[test]
fn a_program_that_is_killed_mid_call_closes_the_connection_and_can_start_again() {
    let Some(folder) = fetched() else {
        return;
    };
    let sockets = tempfile::tempdir().unwrap();
    let place = format!("unix:{}/models.sock", sockets.path().display());
    for _ in 0..3 {
        let mut program = Program::serve(&folder, &place);
        let mut stream = connect(&program.address);
        let request = question(large(256).to_string().as_bytes());
        stream.write_all(&request).unwrap();
        until_requests(&program.address, 1);
        program.signal(Signal::KILL);
        assert_eq!(read(&mut *stream), None);
        program.ended();
    }
}

/// Whoever starts and ends programs waits for that, and ends it by force at last.
#[test]
fn sigterm_ends_the_program_while_it_loads_its_models() {
    let Some(folder) = fetched() else {
        return;
    };
    let sockets = tempfile::tempdir().unwrap();
    let socket = sockets.path().join("models.sock");
    let place = format!("unix:{}", socket.display());
    let mut child = command(&folder, &["serve", "--listen", &place])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // It has the socket before it loads, which takes longer than a look at a file.
    let began = Instant::now();
    while !socket.exists() {
        assert!(began.elapsed() < PATIENCE, "the socket did not come");
    }
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let mut said = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert_eq!(said, "");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(!socket.exists());
}

#[test]
fn sigterm_ends_the_program_after_the_requests_in_flight() {
    let Some(folder) = fetched() else {
        return;
    };
    let mut program = Program::at_a_port(&folder);
    let mut stream = connect(&program.address);
    stream
        .write_all(&question(large(16).to_string().as_bytes()))
        .unwrap();
    until_requests(&program.address, 1);
    program.signal(Signal::TERM);
    let (status, answer) = read(&mut *stream).unwrap();
    assert_eq!(
        (status, answer["data"].as_array().unwrap().len()),
        (200, 16)
    );
    assert_eq!(program.ended().code(), Some(0));
}

#[test]
fn more_requests_than_may_wait_are_refused_at_once() {
    let Some(folder) = fetched() else {
        return;
    };
    let program = Program::at_a_port(&folder);
    let (answers, answered) = channel();
    // One is worked on, 16 wait, and one is too many.
    for _ in 0..18 {
        let (address, answers) = (program.address.clone(), answers.clone());
        thread::spawn(move || {
            let mut stream = connect(&address);
            stream
                .write_all(&question(large(256).to_string().as_bytes()))
                .unwrap();
            // The program is killed before most of them have an answer.
            let _ = answers.send(read(&mut *stream));
        });
    }
    let (status, answer) = answered.recv().unwrap().unwrap();
    assert_eq!(
        (status, &answer["error"]["code"]),
        (429, &json!("overloaded"))
    );
    assert_eq!(answer["error"]["type"], "rate_limit_error");
}

#[test]
fn a_client_that_goes_leaves_the_model_to_others() {
    let Some(folder) = fetched() else {
        return;
    };
    let program = Program::at_a_port(&folder);
    let mut stream = connect(&program.address);
    let request = question(large(256).to_string().as_bytes());
    stream.write_all(&request).unwrap();
    until_requests(&program.address, 1);
    drop(stream);
    until_requests(&program.address, 0);
    let asked = json!({ "model": "all-minilm-l6-v2", "input": "a" });
    assert_eq!(embed(&program.address, &asked).0, 200);

    let long = |most| {
        let said = json!([{ "role": "user", "content": "Count from 1 to 1000." }]);
        json!({ "model": "smollm2-135m-instruct", "messages": said, "max_tokens": most })
    };
    let stream = ask(&program.address, &long(1_000));
    until_requests(&program.address, 1);
    drop(stream);
    until_requests(&program.address, 0);
    assert_eq!(chat(&program.address, &long(1)).0, 200);
}
