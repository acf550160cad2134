//! `cargo xtask serve` in a repository of one's own: its supervisor offers what its own host offers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::made::{Made, text};

/// A folder that is served.
const SITE: &str = "[serve]
policy = \"../tests/policy.toml\"
listen = \"127.0.0.1:0\"

[apps.storms]
source = \"COMPONENT\"
";

/// How long a run may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Kills a supervisor that a failed test leaves.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The program of the repository, in its root.
fn desk(made: &Made, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(made.program("desk"));
    // The other supervisor may be on the path.
    let output = command
        .args(arguments)
        .current_dir(&made.root)
        .env("PATH", "/nowhere");
    let output = output.output().unwrap();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn status_page(page: &str) -> String {
    let address = page.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET / HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn the_supervisor_offers_what_the_host_of_the_repository_offers() {
    let made = Made::new(&[]);
    // Who starts it gives a guest no arguments.
    made.edit(
        "guests/storm-notice/src/lib.rs",
        "std::env::args().skip(1).collect()",
        "vec![\"Dover\".to_owned()]",
    );
    made.edit("guests/storm-notice/Cargo.toml", "args = true\n", "");
    let component = made.folder.path().join("target/guests/storm-notice.wasm");
    let site = SITE.replace("COMPONENT", component.to_str().unwrap());
    made.write("site/fractalaw.toml", &site);

    // The program of Fractalaw would refuse the guest, and is not taken for it.
    made.ends(0, &["run", "storm-notice", "--policy", "tests/policy.toml"]);
    assert_eq!(
        desk(&made, &["status"]),
        (
            Some(10),
            String::new(),
            "error: `desk-serve` is neither beside `desk` nor on the path\n\
             hint: build it with `cargo xtask serve FOLDER`; it is a program of one line, `fractalaw_serve::main(offers)`\n"
                .to_owned()
        )
    );

    let mut command = made.command(&["serve", "site", "--", "--json"]);
    let mut served = Served(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    let out = served.0.stdout.take().unwrap();
    BufReader::new(out).read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(ready["apps"], 1);

    let add = [
        "schedule", "add", "storms", "--folder", "site", "--name", "now",
    ];
    let added = desk(
        &made,
        &[&add[..], &["--at", "2020-01-01T00:00:00Z"]].concat(),
    );
    assert_eq!((added.0, &*added.2), (Some(0), ""));
    let begun = Instant::now();
    loop {
        let (code, out, error) = desk(&made, &["status", "--folder", "site", "--json"]);
        assert_eq!(code, Some(0), "{error}");
        let status: Value = serde_json::from_str(&out).unwrap();
        let ended = &status["apps"][0]["totals"]["runs"];
        if *ended == json!({"completed": 1}) {
            break;
        }
        assert_eq!(*ended, json!({}));
        assert!(begun.elapsed() < PATIENCE, "the run does not end: {out}");
    }
    // The wind is what the repository's own capability said.
    let page = status_page(ready["page"].as_str().unwrap());
    assert!(page.contains("38 knots are forecast"), "{page}");

    let process = ready["process"].to_string();
    let stopped = Command::new("kill").args(["-TERM", &process]).status();
    assert!(stopped.unwrap().success());
    assert_eq!(served.0.wait().unwrap().code(), Some(0));

    // Without a package that is named, the command says what to make.
    made.edit("Cargo.toml", "serve = \"desk-serve\"\n", "");
    let (code, _, stderr) = made.xtask(&["serve", "site"]);
    assert_eq!(
        (code, &*stderr),
        (
            Some(2),
            "error: this workspace has no supervisor that offers what `desk` does\n\
             hint: make a package with a binary `desk-serve` whose `main` is `fractalaw_serve::main(offers)`, and name it: \
             `serve = \"PACKAGE\"` in `[workspace.metadata.fractalaw]`\n"
        )
    );
}
