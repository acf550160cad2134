//! A text of headings and lists that loses nothing: two runs that differ in a byte have different texts.
//!
//! A long list exists twice. The shortened one is committed, with a digest of what is left out. The whole one is
//! kept on this machine, to show a difference.

use std::fmt::Write;

use fractalaw_host::terminal::one_line;
use sha2::{Digest, Sha256};

/// The lines of a list that are shown whole, as many as a reviewer reads. A longer list is shown by both ends.
const SHOWN_LINES: usize = 120;
const SHOWN_LINES_OF_LONG: usize = 5;

/// The characters of a line that are shown whole. A longer line is shown by its first characters.
const SHOWN_CHARS: usize = 2000;
const SHOWN_CHARS_OF_LONG: usize = 200;

/// The bytes on a line of hexadecimal digits.
const BYTES_A_LINE: usize = 16;

/// A text that is being written.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    text: String,
    whole: Option<String>,
}

/// A rendered text. Only [`Listing::end`] makes one, so that it is the same when its snapshot is read.
#[derive(Debug)]
pub(crate) struct Rendered {
    text: String,
    whole: Option<String>,
}

impl Listing {
    /// A text that begins like this.
    pub(crate) fn of(text: String) -> Listing {
        Listing { text, whole: None }
    }

    /// Adds a line.
    pub(crate) fn line(&mut self, line: &str) {
        let texts = [Some(&mut self.text), self.whole.as_mut()];
        for text in texts.into_iter().flatten() {
            text.push_str(line);
            text.push('\n');
        }
    }

    /// Adds each item as an indented line.
    pub(crate) fn list(&mut self, indent: &str, items: &[String]) {
        let shown = abridged(items);
        if let (Some(_), None) = (&shown, &self.whole) {
            self.whole = Some(self.text.clone());
        }
        put(&mut self.text, indent, shown.as_deref().unwrap_or(items));
        if let Some(whole) = &mut self.whole {
            put(whole, indent, items);
        }
    }

    /// Ends the text. A snapshot would lose white space at its end, so another line follows it.
    pub(crate) fn end(mut self) -> Rendered {
        let kept = self.text.trim_end();
        if kept.is_empty() || self.text.strip_prefix(kept) != Some("\n") {
            self.line("end");
        }
        let Listing { text, whole } = self;
        Rendered { text, whole }
    }
}

impl Rendered {
    /// The text as it is committed.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The whole text, if the committed one is shortened.
    pub(crate) fn whole(&self) -> Option<&str> {
        self.whole.as_deref()
    }
}

fn put(text: &mut String, indent: &str, items: &[String]) {
    for item in items {
        writeln!(text, "{indent}{item}").expect("a string takes it");
    }
}

/// The shortened list; `None` if the whole list is shown.
fn abridged(items: &[String]) -> Option<Vec<String>> {
    let (first, last) = match items.len() {
        0..=SHOWN_LINES => (items, &[][..]),
        lines => (
            &items[..SHOWN_LINES_OF_LONG],
            &items[lines - SHOWN_LINES_OF_LONG..],
        ),
    };
    let left_out = items.len() - first.len() - last.len();
    if left_out == 0 && items.iter().all(|item| fits(item)) {
        return None;
    }
    let mut shown: Vec<String> = first.iter().map(|item| cut(item)).collect();
    if left_out > 0 {
        let digest = Sha256::digest(items.join("\n"));
        shown.push(format!("… {left_out} more; SHA-256 of all: {digest:x}"));
    }
    shown.extend(last.iter().map(|item| cut(item)));
    Some(shown)
}

fn fits(item: &str) -> bool {
    item.len() <= SHOWN_CHARS || item.chars().nth(SHOWN_CHARS).is_none()
}

fn cut(item: &str) -> String {
    if fits(item) {
        return item.to_owned();
    }
    let start: String = item.chars().take(SHOWN_CHARS_OF_LONG).collect();
    let left_out = item.chars().count() - SHOWN_CHARS_OF_LONG;
    let digest = Sha256::digest(item);
    format!("{start}… {left_out} more characters; SHA-256 of the line: {digest:x}")
}

/// Any bytes as lines: UTF-8 as text, and everything else as hexadecimal digits. The heading has the length,
/// which shows whether a text ends in a newline.
pub(crate) fn contents(bytes: &[u8]) -> Vec<String> {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.split_terminator('\n').map(one_line).collect(),
        Err(_) => bytes.chunks(BYTES_A_LINE).enumerate().map(row).collect(),
    }
}

/// What a heading says of bytes besides their number.
pub(crate) fn kind(bytes: &[u8]) -> &'static str {
    match std::str::from_utf8(bytes) {
        Ok(_) => "",
        Err(_) => ", not UTF-8",
    }
}

/// The offset, the bytes, and beside them the readable characters.
fn row((number, bytes): (usize, &[u8])) -> String {
    let mut row = format!("{:08x} ", number * BYTES_A_LINE);
    for place in 0..BYTES_A_LINE {
        match bytes.get(place) {
            Some(byte) => write!(row, " {byte:02x}").expect("a string takes it"),
            None => row.push_str("   "),
        }
    }
    let readable = |byte: &u8| match byte {
        b' '..=b'~' => char::from(*byte),
        _ => '.',
    };
    let readable: String = bytes.iter().map(readable).collect();
    format!("{row}  |{readable}|")
}
