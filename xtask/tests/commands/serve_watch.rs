//! `cargo xtask serve --watch`, with a stand-in for the supervisor that ends when it sees the new component.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::thread;

use crate::guests::saying;
use crate::scratch::Scratch;

const SUPERVISOR: &str = r#"//! A stand-in.
fn main() {
    println!("ready");
    let text = b"what it says later";
    let is_new = |bytes: Vec<u8>| bytes.windows(text.len()).any(|window| window == text);
    while !std::fs::read("target/guests/watched-guest.wasm").is_ok_and(is_new) {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}
"#;

#[test]
fn what_changes_while_the_supervisor_runs_is_built_and_what_does_not_build_is_said() {
    let scratch = Scratch::new();
    scratch.add_guest("watched-guest", "what it says first");
    scratch.add_stand_ins_beside_guests();
    scratch.write(
        "cli/src/bin/fractalaw.rs",
        "//! A stand-in.\nfn main() {}\n",
    );
    scratch.write("serve/src/bin/fractalaw-serve.rs", SUPERVISOR);
    scratch.write(
        "site/fractalaw.toml",
        "[apps.a]\nsource = \"../target/guests/watched-guest.wasm\"\n",
    );
    let mut child = scratch
        .command("", ["serve", "site", "--watch"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ready = String::new();
    let out = child.stdout.take().unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    BufReader::new(out).read_line(&mut ready).unwrap();
    assert_eq!(ready, "ready\n");
    let first = scratch.component("watched-guest");

    scratch.write("guests/watched-guest/src/lib.rs", "this does not compile");
    let (mut line, mut said) = (String::new(), String::new());
    while !line.starts_with("error: 1 of 1 guest") {
        line.clear();
        assert_ne!(errors.read_line(&mut line).unwrap(), 0, "it ended: {said}");
        said += &line;
    }
    // The old version is still there.
    assert_eq!(scratch.component("watched-guest"), first);

    // So that nothing waits for somebody to read.
    let rest = thread::spawn(move || errors.read_to_string(&mut String::new()));
    scratch.write(
        "guests/watched-guest/src/lib.rs",
        &saying("what it says later"),
    );
    // The stand-in ends by itself, and the command with it.
    assert_eq!(child.wait().unwrap().code(), Some(0));
    rest.join().unwrap().unwrap();
}
