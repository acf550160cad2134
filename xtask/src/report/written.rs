//! Text that somebody else wrote, and the only two ways to the page: on one line, or as lines.
//!
//! [`Written`] has no `Display`, so no template can print it. What it becomes, [`Shown`], has control
//! characters and invisible ones escaped, and a template escapes what means something in HTML when it prints it.

use std::fmt;

use fractalaw_manifest::terminal::{is_unsafe, one_line};
use serde::Deserialize;

use crate::numbers::grouped;

/// Text of a record: a guest's, or one that holds something of a guest's.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub(super) struct Written(String);

/// Text that may stand on the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown(String);

impl Written {
    /// On one line.
    pub(super) fn line(&self) -> Shown {
        Shown(one_line(&self.0))
    }

    /// On one line, of at most so many characters of the original, and what was left out in words.
    pub(super) fn start_of_line(&self, most: usize) -> Shown {
        let (start, rest) = self.split(most);
        Shown(one_line(start) + &left_out(rest))
    }

    /// With its lines as they are, of at most so many characters, and what was left out in words.
    pub(super) fn start_of_lines(&self, most: usize) -> Shown {
        let (start, rest) = self.split(most);
        let lines: Vec<String> = start.split('\n').map(one_line).collect();
        Shown(lines.join("\n") + &left_out(rest))
    }

    /// For what is looked up, never for what is shown.
    pub(super) fn raw(&self) -> &str {
        &self.0
    }

    fn split(&self, most: usize) -> (&str, &str) {
        match self.0.char_indices().nth(most) {
            Some((at, _)) => self.0.split_at(at),
            None => (&self.0, ""),
        }
    }
}

impl From<&str> for Written {
    fn from(text: &str) -> Self {
        Written(text.to_owned())
    }
}

/// Marked by a line of its own in long texts would be better to read; on a line there is only this.
fn left_out(rest: &str) -> String {
    match rest.chars().count() {
        0 => String::new(),
        1 => " … (1 more character)".to_owned(),
        more => format!(" … ({} more characters)", Grouped(more as u64)),
    }
}

impl Shown {
    /// Words of ours, which hold nothing of a guest's; escaped all the same.
    pub(super) fn ours(text: impl AsRef<str>) -> Shown {
        Shown(
            text.as_ref()
                .chars()
                .filter(|c| *c == '\n' || !is_unsafe(*c))
                .collect(),
        )
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A number with its thousands apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Grouped(pub(super) u64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&grouped(self.0))
    }
}

/// By how much a number moved, with its sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) before: u64,
    pub(super) now: u64,
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.now.cmp(&self.before) {
            std::cmp::Ordering::Less => "−",
            std::cmp::Ordering::Equal => "±",
            std::cmp::Ordering::Greater => "+",
        };
        write!(f, "{sign}{}", Grouped(self.now.abs_diff(self.before)))
    }
}

/// A part of a whole in tenths of a percent, rounded; whole numbers only, so that every machine agrees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) part: u64,
    pub(super) whole: u64,
}

impl Share {
    fn tenths(self) -> u128 {
        let (part, whole) = (u128::from(self.part), u128::from(self.whole.max(1)));
        (part * 2000 + whole) / (whole * 2)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.tenths() {
            0 if self.part > 0 => f.write_str("< 0.1 %"),
            tenths => write!(f, "{}.{} %", tenths / 10, tenths % 10),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_invisible_characters_are_escaped_and_lines_kept_where_asked() {
        let text = Written::from("a\u{1b}[31m\u{202e}b\0\n\u{2066}<i>\\");
        assert_eq!(
            text.line().to_string(),
            "a\\u{1b}[31m\\u{202e}b\\u{0}\\n\\u{2066}<i>\\\\"
        );
        assert_eq!(
            text.start_of_lines(100).to_string(),
            "a\\u{1b}[31m\\u{202e}b\\u{0}\n\\u{2066}<i>\\\\"
        );
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let text = Written::from("äöü");
        assert_eq!(text.start_of_line(3).to_string(), "äöü");
        assert_eq!(text.start_of_line(2).to_string(), "äö … (1 more character)");
        let long = Written::from("x".repeat(2_001).as_str());
        assert_eq!(
            long.start_of_line(1).to_string(),
            "x … (2,000 more characters)"
        );
    }

    #[test]
    fn numbers_read_well_and_do_not_overflow() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (u64::MAX, "18,446,744,073,709,551,615"),
        ] {
            assert_eq!(Grouped(number).to_string(), text);
        }
        for (part, whole, text) in [
            (0, 0, "0.0 %"),
            (1, 3, "33.3 %"),
            (2, 3, "66.7 %"),
            (1, 100_000, "< 0.1 %"),
            (u64::MAX, u64::MAX, "100.0 %"),
        ] {
            assert_eq!(Share { part, whole }.to_string(), text);
        }
        let moved = |before, now| Moved { before, now }.to_string();
        assert_eq!(moved(2_000, 500), "−1,500");
        assert_eq!(moved(0, 1_000), "+1,000");
    }
}
