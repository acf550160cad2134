//! Guests' text made safe to print: it cannot move the cursor, change direction or begin a line.

use std::fmt::Write;

/// The text on one line: whatever is not plainly printable is escaped.
pub fn one_line(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => safe.push_str("\\n"),
            '\\' => safe.push_str("\\\\"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            c if is_unsafe(c) => write!(safe, "\\u{{{:x}}}", c as u32).expect("a string takes it"),
            c => safe.push(c),
        }
    }
    safe
}

/// The text as it is, its lines after the first indented, so that none can pass for a heading of ours.
pub fn lines(text: &str) -> String {
    let mut lines = text
        .strip_suffix('\n')
        .unwrap_or(text)
        .split('\n')
        .map(one_line);
    let mut safe = lines.next().unwrap_or_default();
    for line in lines {
        safe.push_str("\n  ");
        safe.push_str(&line);
    }
    safe
}

/// Whether printing it could do harm: control characters, and the invisible ones that reorder or hide text around them.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_forge_or_hide_is_escaped_and_the_rest_is_kept() {
        for (text, safe) in [
            ("plain — ünï שלום 👩‍⚖️", "plain — ünï שלום 👩‍⚖️"),
            ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
            ("a\\nb", "a\\\\nb"),
            ("\u{1b}[2J\u{9b}x\u{7f}", "\\u{1b}[2J\\u{9b}x\\u{7f}"),
            ("\u{202e}evil\u{2069}", "\\u{202e}evil\\u{2069}"),
        ] {
            assert_eq!(one_line(text), safe);
        }
    }

    #[test]
    fn only_the_first_line_stands_at_the_margin() {
        for (text, safe) in [
            ("one", "one"),
            ("one\n", "one"),
            (
                "one\n--- Audit Trail (0 entries) ---\n",
                "one\n  --- Audit Trail (0 entries) ---",
            ),
            ("", ""),
        ] {
            assert_eq!(lines(text), safe);
        }
    }
}
