//! Text on a page, and the only two ways to put somebody else's text there: on one line, or as lines.
//!
//! In [`Shown`], control characters and invisible ones are escaped. A template then escapes the characters that
//! mean something in HTML. A template gets no other text of a guest.

use std::fmt;

use fractalaw_manifest::terminal::{is_unsafe, one_line};

use crate::numbers::grouped;

/// Text that may be put on the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown(String);

fn split(text: &str, most: usize) -> (&str, &str) {
    match text.char_indices().nth(most) {
        Some((at, _)) => text.split_at(at),
        None => (text, ""),
    }
}

/// In a long text a line of its own would be easier to read, but on one line there is only this.
fn left_out(rest: &str) -> String {
    match rest.chars().count() {
        0 => String::new(),
        1 => " … (1 more character)".to_owned(),
        more => format!(" … ({} more characters)", Grouped(more as u64)),
    }
}

impl Shown {
    /// On one line.
    pub(crate) fn line(text: &str) -> Shown {
        Shown(one_line(text))
    }

    /// On one line, with at most that many characters of the original, and a note about what was left out.
    pub(crate) fn start_of_line(text: &str, most: usize) -> Shown {
        let (start, rest) = split(text, most);
        Shown(one_line(start) + &left_out(rest))
    }

    /// The same for text on one line in which everything is already escaped.
    pub(crate) fn start_of_safe(text: &str, most: usize) -> Shown {
        let (start, rest) = split(text, most);
        Shown::ours(start.to_owned() + &left_out(rest))
    }

    /// With its line breaks, at most that many characters, and a note about what was left out.
    pub(crate) fn start_of_lines(text: &str, most: usize) -> Shown {
        let (start, rest) = split(text, most);
        let lines: Vec<String> = start.split('\n').map(one_line).collect();
        Shown(lines.join("\n") + &left_out(rest))
    }

    /// Our own words, without any of a guest's. They are escaped all the same.
    pub(crate) fn ours(text: impl AsRef<str>) -> Shown {
        Shown(
            text.as_ref()
                .chars()
                .filter(|c| *c == '\n' || !is_unsafe(*c))
                .collect(),
        )
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A number with separated thousands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Grouped(pub(crate) u64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&grouped(self.0))
    }
}

/// The change of a number, with its sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moved {
    pub(crate) before: u64,
    pub(crate) now: u64,
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

/// A part of a whole in tenths of a percent, rounded. Whole numbers only, so that every machine gives the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) part: u64,
    pub(crate) whole: u64,
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
        let text = "a\u{1b}[31m\u{202e}b\0\n\u{2066}<i>\\";
        assert_eq!(
            Shown::line(text).to_string(),
            "a\\u{1b}[31m\\u{202e}b\\u{0}\\n\\u{2066}<i>\\\\"
        );
        assert_eq!(
            Shown::start_of_lines(text, 100).to_string(),
            "a\\u{1b}[31m\\u{202e}b\\u{0}\n\\u{2066}<i>\\\\"
        );
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let text = "äöü";
        assert_eq!(Shown::start_of_line(text, 3).to_string(), "äöü");
        assert_eq!(
            Shown::start_of_line(text, 2).to_string(),
            "äö … (1 more character)"
        );
        let long = "x".repeat(2_001);
        assert_eq!(
            Shown::start_of_line(&long, 1).to_string(),
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
