//! Makes a guest's text safe to print: it cannot move the cursor, change direction or start a line.

use std::fmt::Write;

/// Returns the text on one line, with every character escaped that is not plainly printable.
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

/// Keeps the lines of the text and indents all except the first. So no line can look like a heading of the host.
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

/// Escapes in JSON everything that a terminal would obey, beyond what JSON requires. The meaning stays the same.
/// Outside of strings only line ends are concerned, and these stay.
pub fn json(text: String) -> String {
    let harms = |c: char| is_unsafe(c) && c != '\n';
    if !text.contains(harms) {
        return text;
    }
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if harms(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(safe, "\\u{unit:04x}").expect("a string takes it");
            }
        } else {
            safe.push(c);
        }
    }
    safe
}

/// Whether printing the character could do harm: control characters, and invisible ones that reorder or hide
/// text.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{115f}' | '\u{1160}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
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
    fn json_is_escaped_where_a_terminal_would_obey_and_means_the_same() {
        let text = "a\u{1b}[2J\u{9b}\u{202e}\u{e0041}\u{7f} ünï \"\\\n";
        let plain = serde_json::to_string_pretty(&[text]).unwrap();
        let safe = json(plain);
        let expected = "[\n  \"a\\u001b[2J\\u009b\\u202e\\udb40\\udc41\\u007f ünï \\\"\\\\\\n\"\n]";
        assert_eq!(safe, expected);
        assert_eq!(serde_json::from_str::<[String; 1]>(&safe).unwrap(), [text]);
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
