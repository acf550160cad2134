//! Components that make calls to data, one after the other.

use std::fmt::Write;

/// What a guest does.
#[derive(Clone, Copy)]
pub(crate) enum Does<'a> {
    /// A query, whose rows it drops.
    Query(&'a str),
    /// A statement that changes data.
    Execute(&'a str),
    /// A statement that changes data, whose error it does not mind.
    Tries(&'a str),
    /// Instructions of its own.
    Wat(&'a str),
}

use Does::{Execute, Query, Tries, Wat};

/// A component that does this and returns `ok("done")`. If a call fails, it returns the code and the message as
/// its error.
pub(crate) fn guest(does: &[Does<'_>]) -> Vec<u8> {
    wat::parse_str(text(does)).unwrap()
}

/// The same, with a name for which a policy has a section.
pub(crate) fn named(name: &str, does: &[Does<'_>]) -> Vec<u8> {
    let text = text(does).replacen("(component", &format!("(component ${name}"), 1);
    wat::parse_str(text).unwrap()
}

/// The component as text.
pub(crate) fn text(does: &[Does<'_>]) -> String {
    let (mut data, mut body, mut at) = (String::new(), String::new(), 1024);
    for step in does {
        let (call, sql) = match step {
            Query(sql) => ("query", sql),
            Execute(sql) | Tries(sql) => ("execute", sql),
            Wat(wat) => {
                body += wat;
                continue;
            }
        };
        let escaped: String = sql.bytes().map(|byte| format!("\\{byte:02x}")).collect();
        writeln!(data, "(data (i32.const {at}) \"{escaped}\")").unwrap();
        let bytes = sql.len();
        let then = match step {
            // What is returned at the end is `done` again.
            Tries(_) => {
                "(i32.store8 (i32.const 16) (i32.const 0)) (i32.store (i32.const 20) (i32.const 512)) (i32.store (i32.const 24) (i32.const 4))"
            }
            _ => "(return (i32.const 16))",
        };
        writeln!(
            body,
            "(if (call $try-{call} (i32.const {at}) (i32.const {bytes})) (then {then}))"
        )
        .unwrap();
        at += bytes;
    }
    assert!(at < 131_072);
    include_str!("../components/statements.wat")
        .replace("{data}", &data)
        .replace("{body}", &body)
}
