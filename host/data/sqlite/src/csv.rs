//! Reads comma-separated values, as RFC 4180 defines them.

use std::io::{BufRead, Read};

use crate::limits::RECORD_BYTES;

/// The records of a text, each with the number of its first line. One record is in memory at a time.
pub(crate) struct Records<R> {
    text: R,
    /// The lines that were read.
    lines: usize,
    record: String,
}

/// The fields of one record. `None` is a field without quotes and without characters.
type Fields = Vec<Option<String>>;

/// Why there are no more records.
#[derive(Debug)]
pub(crate) enum Broken {
    /// These characters are not a record.
    Record { line: usize, what: String },
    /// The text cannot be read.
    Read(std::io::Error),
}

impl<R: BufRead> Records<R> {
    pub(crate) fn new(text: R) -> Records<R> {
        Records {
            text,
            lines: 0,
            record: String::new(),
        }
    }

    /// The line and the fields of the next record, or `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<(usize, Fields)>, Broken> {
        self.record.clear();
        let first = self.lines + 1;
        if !self.add_line()? {
            return Ok(None);
        }
        // A line end between quotes belongs to the field.
        let mut are_open = is_odd(&self.record);
        while are_open {
            // What is wrong in the first line stays wrong, whatever follows.
            if self.lines == first
                && let Err((line, what)) = fields(&self.record)
                && what != NO_END
            {
                return Err(broken(first + line, what));
            }
            let read = self.record.len();
            if !self.add_line()? {
                break;
            }
            are_open ^= is_odd(&self.record[read..]);
        }
        let fields = fields(&self.record).map_err(|(line, what)| broken(first + line, what))?;
        Ok(Some((first, fields)))
    }

    /// Adds a line to the record. Returns whether there was one.
    fn add_line(&mut self) -> Result<bool, Broken> {
        let left = (RECORD_BYTES + 1).saturating_sub(self.record.len());
        let mut text = self.text.by_ref().take(left as u64);
        let read = text.read_line(&mut self.record).map_err(Broken::Read)?;
        if self.record.len() > RECORD_BYTES {
            return Err(broken(self.lines + 1, &too_long()));
        }
        if self.lines == 0 && self.record.starts_with('\u{feff}') {
            self.record.remove(0);
            // A text that is only this mark has no records.
            if self.record.is_empty() {
                return Ok(false);
            }
        }
        self.lines += usize::from(read > 0);
        Ok(read > 0)
    }
}

/// For a record that is longer than a database takes.
pub(crate) fn too_long() -> String {
    format!("more than {RECORD_BYTES} bytes, expected the end of the row")
}

fn broken(line: usize, what: &str) -> Broken {
    Broken::Record {
        line,
        what: what.to_owned(),
    }
}

fn is_odd(text: &str) -> bool {
    memchr::memchr_iter(b'"', text.as_bytes()).count() % 2 == 1
}

const NO_END: &str = "a quote without an end";

/// The fields of a record. An error comes with the number of lines before it.
fn fields(record: &str) -> Result<Fields, (usize, &'static str)> {
    let mut rest = record;
    let mut fields = Vec::new();
    loop {
        let (field, after) = field(rest).map_err(|(after, what)| {
            let before = &record[..record.len() - after.len()];
            (before.matches('\n').count(), what)
        })?;
        fields.push(field);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None => return Ok(fields),
        }
    }
}

/// A field, and the text from its end on: a comma, a line end or nothing. An error has the text after it.
fn field(text: &str) -> Result<(Option<String>, &str), (&str, &'static str)> {
    let Some(mut rest) = text.strip_prefix('"') else {
        let end = text.find([',', '\n']).unwrap_or(text.len());
        let (field, rest) = text.split_at(end);
        let field = field.strip_suffix('\r').unwrap_or(field);
        if field.contains('"') {
            return Err((rest, "a quote in a field that does not begin with one"));
        }
        return Ok(((!field.is_empty()).then(|| field.to_owned()), rest));
    };
    let mut field = String::new();
    loop {
        let (part, after) = rest.split_once('"').ok_or((text, NO_END))?;
        field.push_str(part);
        match after.strip_prefix('"') {
            Some(after) => {
                field.push('"');
                rest = after;
            }
            None => {
                rest = after;
                break;
            }
        }
    }
    let rest = match rest.strip_prefix("\r\n") {
        Some(_) => &rest[1..],
        None => rest,
    };
    match rest.chars().next() {
        None | Some(',' | '\n') => Ok((Some(field), rest)),
        Some(_) => Err((
            rest,
            "expected a comma or the end of the line after a quote",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::{Broken, Records};

    type Read = Result<Vec<(usize, Vec<Option<String>>)>, (usize, String)>;

    fn read(text: &str) -> Read {
        let mut records = Records::new(text.as_bytes());
        let mut all = Vec::new();
        loop {
            match records.next() {
                Ok(Some(record)) => all.push(record),
                Ok(None) => return Ok(all),
                Err(Broken::Record { line, what }) => return Err((line, what)),
                Err(Broken::Read(error)) => panic!("{error}"),
            }
        }
    }

    #[test]
    fn records_are_read() {
        let text = "\u{feff}a,b\r\n1,\"x, \"\"y\"\"\nz\"\n\"\",\n";
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            read(text),
            Ok(vec![
                (1, vec![some("a"), some("b")]),
                (2, vec![some("1"), some("x, \"y\"\nz")]),
                (4, vec![some(""), None]),
            ])
        );
        for empty in ["", "\u{feff}"] {
            assert_eq!(read(empty), Ok(vec![]));
        }
        assert_eq!(read("\n"), Ok(vec![(1, vec![None])]));
    }

    #[test]
    fn what_is_none_is_said_with_its_line() {
        for (text, line, what) in [
            ("a\n\"b", 2, "a quote without an end"),
            ("a\n\"b\nc\n\nd", 2, "a quote without an end"),
            (
                "a\nb\"c",
                2,
                "a quote in a field that does not begin with one",
            ),
            (
                "a\nb\"c\nd,\"e\"\n",
                2,
                "a quote in a field that does not begin with one",
            ),
            (
                "\"a\nb\"c",
                2,
                "expected a comma or the end of the line after a quote",
            ),
        ] {
            assert_eq!(read(text), Err((line, what.to_owned())), "{text}");
        }
    }
}
