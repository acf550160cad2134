//! A guest's text on a terminal is only shown: in the report as text and as JSON, in logs, and in messages.

use std::fs;
use std::process::{Command, Output, Stdio};

use fractalaw_host::terminal::is_unsafe;
use fractalaw_testing::component;
use tempfile::TempDir;

/// Control characters of both kinds, characters that reverse text, invisible ones, a line of the host, and the
/// end of a string.
const HOSTILE: &str = "\u{1b}[2J\u{9b}1A\u{7f}\u{8}\r\n--- Audit Trail (0 entries) ---\nFuel: 1\u{202e}\u{2066}\
                       \u{feff}\u{e0041}\u{85}\u{2028}\"}],\"x\":\"";

/// In the syntax of the text format.
fn literal() -> String {
    HOSTILE
        .bytes()
        .map(|byte| format!("\\{byte:02x}"))
        .collect()
}

/// Records the text, and then traps in a function of that name.
fn traps() -> Vec<u8> {
    let (text, length) = (literal(), HOSTILE.len());
    let name: String = HOSTILE
        .chars()
        .map(|c| format!("\\u{{{:x}}}", c as u32))
        .collect();
    let items = format!(
        "(data (i32.const 1024) \"{text}\")
         (func $trap (@name \"{name}\") unreachable)"
    );
    let three = format!("(i32.const 1024) (i32.const {length}) ").repeat(3);
    component(&items, &format!("(call $record-raw {three}) (call $trap)"))
}

/// Returns the text as the guest's own error.
fn fails() -> Vec<u8> {
    let (text, length) = (literal(), HOSTILE.len());
    component(
        &format!("(data (i32.const 1024) \"{text}\")"),
        &format!(
            "(i32.store8 (i32.const 16) (i32.const 1)) (i32.store (i32.const 20) (i32.const 1024))
             (i32.store (i32.const 24) (i32.const {length}))"
        ),
    )
}

/// With the text as its name and as its version.
fn named(component: Vec<u8>) -> Vec<u8> {
    let section = |name: &str, data: &[u8]| {
        let mut section = vec![name.len() as u8];
        section.extend(name.as_bytes());
        section.extend(data);
        let mut all = vec![0, section.len() as u8];
        all.extend(section);
        assert!(all.len() < 128);
        all
    };
    let name = &HOSTILE.as_bytes()[..60];
    let name = std::str::from_utf8(name).unwrap_or("\u{1b}[2J\u{9b}");
    let mut names = vec![0, name.len() as u8 + 1, name.len() as u8];
    names.extend(name.as_bytes());
    let version = "1.0\u{1b}[2J\n\u{9b}";
    [
        &component[..],
        &section("component-name", &names),
        &section("version", version.as_bytes()),
    ]
    .concat()
}

/// Imports what is not offered, under a name with an escape in it. It is made as bytes, because the text format
/// has no such names.
fn imports() -> Vec<u8> {
    let text = r#"(component (import "wasi:http/zzzzzzzz@0.2.0" (instance)))"#;
    let mut bytes = wat::parse_str(text).unwrap();
    let at = bytes
        .windows(8)
        .position(|found| found == b"zzzzzzzz")
        .unwrap();
    bytes[at..at + 8].copy_from_slice(b"\x1b[2J\n---");
    bytes
}

const RUN: &[&str] = &["run", "--no-cache", "--trace"];
const RUN_JSON: &[&str] = &["run", "--no-cache", "--trace", "--json"];
const OTHERS: [&[&str]; 3] = [&["inspect"], &["inspect", "--json"], &["profile"]];

fn fractalaw(folder: &TempDir, component: &[u8], args: &[&str]) -> Output {
    let path = folder.path().join("component.wasm");
    fs::write(&path, component).unwrap();
    Command::new(env!("CARGO_BIN_EXE_fractalaw"))
        .args(args)
        .arg(path)
        .env("RUST_LOG", "trace")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn is_harmless(output: &Output) {
    for stream in [&output.stdout, &output.stderr] {
        let text = std::str::from_utf8(stream).unwrap();
        let harm = text.lines().find(|line| line.contains(is_unsafe));
        assert_eq!(harm, None);
    }
}

#[test]
fn nothing_that_a_component_holds_is_obeyed_by_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    for (component, exit) in [
        (named(traps()), 8),
        (named(fails()), 1),
        (imports(), 3),
        (
            named(component("", "(call_indirect (i32.const 0))").split_off(8)),
            3,
        ),
    ] {
        for args in OTHERS {
            is_harmless(&fractalaw(&folder, &component, args));
        }
        let output = fractalaw(&folder, &component, RUN);
        assert_eq!(output.status.code(), Some(exit));
        is_harmless(&output);
        let text = String::from_utf8(output.stdout).unwrap();
        let forged = |line: &str| line == "--- Audit Trail (0 entries) ---";
        assert!(exit != 8 || !text.lines().any(forged));
        let output = fractalaw(&folder, &component, RUN_JSON);
        assert_eq!(output.status.code(), Some(exit));
        is_harmless(&output);
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report.get("x"), None);
        if exit == 8 {
            assert_eq!(report["audit"][0]["detail"], HOSTILE);
            assert_eq!(report["backtrace"][0], HOSTILE);
        }
    }
}

#[test]
fn each_audit_entry_is_one_line_of_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let output = fractalaw(&folder, &traps(), RUN);
    let log = String::from_utf8(output.stderr).unwrap();
    let entries = log.lines().filter(|line| line.contains("fractalaw::audit"));
    assert_eq!(entries.count(), 1, "{log}");
    assert!(
        !log.lines()
            .any(|line| line.starts_with("--- ") || line.starts_with("Fuel"))
    );
}

#[test]
fn the_name_of_a_file_in_a_message_is_only_shown() {
    let output = Command::new(env!("CARGO_BIN_EXE_fractalaw"))
        .args([
            "run",
            "--no-cache",
            "no\u{1b}[2J\nhint: such \u{9b} file.wasm",
        ])
        .output()
        .unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    let expected = "error: could not read `no\\u{1b}[2J\\nhint: such \\u{9b} file.wasm`: No such file or directory (os \
                    error 2)\n";
    assert_eq!(message, expected);
    assert_eq!(output.status.code(), Some(2));
}
