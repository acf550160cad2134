//! Pushes of signatures at the same moment, to a registry that keeps no list of referrers: nothing is lost.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;

use serde_json::Value;

use crate::debian::Registry;
use crate::lab::*;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// One request to a registry, as another client makes it. Returns the body of the answer.
fn ask(host: &str, method: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(host).unwrap();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.0\r\nhost: {host}\r\naccept: {INDEX}\r\ncontent-type: {INDEX}\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.0 20"), "{answer}");
    body.to_owned()
}

/// Pushes. Debian's registry fails in two ways if two clients write the same contents at the same moment. The push says so, and
/// is made again.
fn push(machine: &Machine, reference: &str) {
    loop {
        let ended = machine.run(&["push", "hello.wasm", reference]);
        if ended.code == 0 {
            return;
        }
        let own = ["` answers 500 ", "` answers 400 DIGEST_INVALID: "];
        assert!(own.iter().any(|own| ended.err.contains(own)), "{ended:?}");
    }
}

#[test]
fn pushes_at_the_same_moment_lose_no_signature() {
    let Some(registry) = Registry::start("") else {
        return;
    };
    let host = &registry.host;
    let reference = &format!("{host}/acme/hello:1.0");
    let machines: Vec<(Machine, String)> = (0..8)
        .map(|at| {
            let machine = Machine::new();
            let signer = format!("signer-{at}");
            let key = machine.key(&format!("{signer}.key"));
            machine.write("hello.wasm", component());
            machine.done(&["sign", "hello.wasm", "--key", &format!("{signer}.key")]);
            (machine, format!("signed by {signer} with {key}"))
        })
        .collect();
    // Debian's registry does not take the same contents from two clients at the same moment, so the first push brings them.
    push(&machines[0].0, reference);
    thread::scope(|scope| {
        for (machine, _) in &machines[1..] {
            scope.spawn(move || push(machine, reference));
        }
    });
    let check = || {
        let said = Machine::new().done(&["pull", reference]);
        for (_, signed) in &machines {
            assert!(said.contains(signed), "{signed}\n{said}");
        }
    };
    check();

    // What the slower one of two pushes does that had both read the list before: its list has its own signatures alone.
    let pushed = machines[0].0.done(&["push", "hello.wasm", reference]);
    let manifest = pushed.split(['@', ',']).nth(1).unwrap();
    let list = format!("/v2/acme/hello/manifests/{}", manifest.replace(':', "-"));
    let mut index: Value = serde_json::from_str(&ask(host, "GET", &list, "")).unwrap();
    assert_eq!(index["manifests"].as_array().unwrap().len(), 8);
    index["manifests"].as_array_mut().unwrap().truncate(1);
    ask(host, "PUT", &list, &index.to_string());
    check();

    // The next push lists them again, for tools that read only the list.
    machines[0].0.done(&["push", "hello.wasm", reference]);
    let index: Value = serde_json::from_str(&ask(host, "GET", &list, "")).unwrap();
    assert_eq!(index["manifests"].as_array().unwrap().len(), 8);
}
