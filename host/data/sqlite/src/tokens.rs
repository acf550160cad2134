//! The tokens of SQL, as far as the host must tell words from texts and comments.

/// One token. Blanks and comments are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// A keyword, a name or a number.
    Word(&'a str),
    /// A text between single quotes.
    Text(&'a str),
    /// A name between other quotes. Two quotes inside, which stand for one, end this token and begin the next.
    Quoted(&'a str),
    /// Any other sign.
    Sign(char),
}

impl Token<'_> {
    /// Whether it is this keyword.
    pub(crate) fn is(&self, keyword: &str) -> bool {
        matches!(self, Token::Word(word) if word.eq_ignore_ascii_case(keyword))
    }
}

/// The tokens of a text.
pub(crate) fn tokens(sql: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = sql;
    std::iter::from_fn(move || {
        loop {
            let first = rest.chars().next()?;
            let behind = &rest[first.len_utf8()..];
            let (token, after) = match first {
                '\'' => text(quoted(behind, first)),
                '"' | '`' => quoted(behind, first),
                '[' => quoted(behind, ']'),
                '-' if behind.starts_with('-') => (None, behind.split_once('\n')),
                '/' if behind.starts_with('*') => (None, behind[1..].split_once("*/")),
                _ if is_part(first) => {
                    let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
                    let (word, after) = rest.split_at(end);
                    (Some(Token::Word(word)), Some(("", after)))
                }
                _ if first.is_ascii_whitespace() => (None, Some(("", behind))),
                _ => (Some(Token::Sign(first)), Some(("", behind))),
            };
            rest = after.map_or("", |(_, after)| after);
            if token.is_some() {
                return token;
            }
        }
    })
}

fn text<'a, T>((token, after): (Option<Token<'a>>, T)) -> (Option<Token<'a>>, T) {
    let token = token.map(|token| match token {
        Token::Quoted(text) => Token::Text(text),
        other => other,
    });
    (token, after)
}

fn quoted(behind: &str, end: char) -> (Option<Token<'_>>, Option<(&str, &str)>) {
    let parts = behind.split_once(end);
    let text = parts.map_or(behind, |(text, _)| text);
    (Some(Token::Quoted(text)), parts)
}

fn is_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '$') || !c.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::{Token, tokens};

    #[test]
    fn words_are_told_from_quotes_and_comments() {
        use Token::{Quoted, Sign, Text, Word};
        for (sql, expected) in [
            ("", vec![]),
            ("a.b", vec![Word("a"), Sign('.'), Word("b")]),
            ("'it''s'", vec![Text("it"), Text("s")]),
            (
                "\"a\"[b'c]`d`",
                vec![Quoted("a"), Quoted("b'c"), Quoted("d")],
            ),
            ("-- a'b\nc", vec![Word("c")]),
            ("/*'*/ü$1", vec![Word("ü$1")]),
            (
                "1-2/3",
                vec![Word("1"), Sign('-'), Word("2"), Sign('/'), Word("3")],
            ),
            ("'open", vec![Text("open")]),
            ("-- open", vec![]),
            ("/*/ open", vec![]),
        ] {
            assert_eq!(tokens(sql).collect::<Vec<_>>(), expected, "{sql}");
        }
    }
}
