//! JSON on one line for programs, and still safe to print: everything that could move a terminal's cursor or
//! reorder its text is escaped, beyond what JSON requires.

use fractalaw_ledger::{Entry, Hash, Signature};
use fractalaw_manifest::terminal;
use serde::Serialize;

use crate::time;

/// Any value, without a newline at the end.
pub(crate) fn line(value: &impl Serialize) -> serde_json::Result<String> {
    Ok(terminal::json(serde_json::to_string(value)?))
}

/// An entry with the names of its fields. Times are text, bytes are hexadecimal digits.
pub(crate) fn entry(entry: &Entry) -> serde_json::Result<String> {
    line(&EntryLine {
        entry_id: entry.entry_id,
        run_id: entry.run_id,
        timestamp: time::format(entry.timestamp),
        node_id: &entry.node_id,
        actor_id: &entry.actor_id,
        actor_role: entry.actor_role.name(),
        event_type: &entry.event_type,
        resource: &entry.resource,
        detail: &entry.detail,
        prev_hash: entry.prev_hash,
        signature: entry.signature,
    })
}

#[derive(Serialize)]
struct EntryLine<'a> {
    entry_id: u64,
    run_id: Option<u64>,
    timestamp: String,
    node_id: &'a str,
    actor_id: &'a str,
    actor_role: &'a str,
    event_type: &'a str,
    resource: &'a str,
    detail: &'a str,
    prev_hash: Hash,
    signature: Option<Signature>,
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn what_a_terminal_would_obey_is_escaped_and_means_the_same() {
        let text = "a\u{1b}[2J\u{9b}\u{202e}\u{e0041}\u{7f} ünï \"\\";
        let line = line(&text).unwrap();
        let expected = r#""a\u001b[2J\u009b\u202e\udb40\udc41\u007f ünï \"\\""#;
        assert_eq!(line, expected);
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
    }
}
