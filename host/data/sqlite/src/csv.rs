//! Reads comma-separated values, as RFC 4180 defines them.

/// The records of a text, each with the number of its first line.
pub(crate) struct Records<'t> {
    rest: &'t str,
    line: usize,
}

/// The fields of one record. `None` is a field without quotes and without characters.
type Fields = Vec<Option<String>>;

impl<'t> Records<'t> {
    pub(crate) fn new(text: &'t str) -> Records<'t> {
        Records {
            rest: text.strip_prefix('\u{feff}').unwrap_or(text),
            line: 1,
        }
    }

    /// A field, and the character that ended it.
    fn field(&mut self) -> Result<(Option<String>, Option<char>), &'static str> {
        let Some(quoted) = self.rest.strip_prefix('"') else {
            let end = self.rest.find([',', '\n']).unwrap_or(self.rest.len());
            let (field, rest) = self.rest.split_at(end);
            self.rest = rest;
            let field = field.strip_suffix('\r').unwrap_or(field);
            if field.contains('"') {
                return Err("a quote in a field that does not begin with one");
            }
            let field = (!field.is_empty()).then(|| field.to_owned());
            return Ok((field, self.end()));
        };
        self.rest = quoted;
        let mut field = String::new();
        loop {
            let (part, rest) = self.rest.split_once('"').ok_or("a quote without an end")?;
            self.line += part.matches('\n').count();
            field.push_str(part);
            self.rest = rest;
            match rest.strip_prefix('"') {
                Some(rest) => {
                    field.push('"');
                    self.rest = rest;
                }
                None => break,
            }
        }
        self.rest = match self.rest.strip_prefix("\r\n") {
            Some(_) => &self.rest[1..],
            None => self.rest,
        };
        match self.rest.chars().next() {
            None | Some(',' | '\n') => Ok((Some(field), self.end())),
            Some(_) => Err("expected a comma or the end of the line after a quote"),
        }
    }

    fn end(&mut self) -> Option<char> {
        let end = self.rest.chars().next()?;
        self.rest = &self.rest[1..];
        Some(end)
    }

    fn record(&mut self) -> Result<Fields, &'static str> {
        let mut fields = Vec::new();
        loop {
            let (field, end) = self.field()?;
            fields.push(field);
            if end != Some(',') {
                self.line += 1;
                return Ok(fields);
            }
        }
    }
}

impl Iterator for Records<'_> {
    /// The line, and the fields or what is wrong.
    type Item = Result<(usize, Fields), (usize, &'static str)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let line = self.line;
        let record = self.record();
        if record.is_err() {
            self.rest = "";
        }
        Some(match record {
            Ok(fields) => Ok((line, fields)),
            Err(what) => Err((self.line, what)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Records;

    #[test]
    fn records_are_read() {
        let text = "\u{feff}a,b\r\n1,\"x, \"\"y\"\"\nz\"\n\"\",\n";
        let records: Result<Vec<_>, _> = Records::new(text).collect();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            records,
            Ok(vec![
                (1, vec![some("a"), some("b")]),
                (2, vec![some("1"), some("x, \"y\"\nz")]),
                (4, vec![some(""), None]),
            ])
        );
        assert_eq!(Records::new("").next(), None);
    }

    #[test]
    fn what_is_none_is_said_with_its_line() {
        for (text, line, what) in [
            ("a\n\"b", 2, "a quote without an end"),
            (
                "a\nb\"c",
                2,
                "a quote in a field that does not begin with one",
            ),
            (
                "\"a\nb\"c",
                2,
                "expected a comma or the end of the line after a quote",
            ),
        ] {
            let last = Records::new(text).last();
            assert_eq!(last, Some(Err((line, what))), "{text}");
        }
    }
}
