//! The tokens of SQL, as SQLite reads them, as far as the host must tell words from texts and comments.
//!
//! What the host reads otherwise than SQLite, it neither prices nor refuses. So each rule here is one of SQLite's
//! `sqlite3GetToken`, and a test asks SQLite for its tokens.

use std::borrow::Cow;

/// One token. Blanks and comments are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// A keyword, a name, a number or a parameter.
    Word(&'a str),
    /// A text with its quotes, or a blob with its quotes and the `x` before them.
    Text(&'a str),
    /// A name with its quotes.
    Quoted(&'a str),
    /// Any other sign. An operator of several signs is several of them.
    Sign(char),
}

impl<'a> Token<'a> {
    /// Whether it is this keyword.
    pub(crate) fn is(&self, keyword: &str) -> bool {
        matches!(self, Token::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    /// The name that it stands for where SQL expects one. A sign stands for none.
    pub(crate) fn name(&self) -> Option<Cow<'a, str>> {
        let (Token::Word(written) | Token::Text(written) | Token::Quoted(written)) = *self else {
            return None;
        };
        let Some(quote) = written
            .chars()
            .next()
            .filter(|first| "'\"`[".contains(*first))
        else {
            return Some(Cow::Borrowed(written));
        };
        let end = if quote == '[' { ']' } else { quote };
        let inside = written[1..].strip_suffix(end).unwrap_or(&written[1..]);
        let twice = [quote, quote].iter().collect::<String>();
        Some(match quote != '[' && inside.contains(&twice) {
            true => Cow::Owned(inside.replace(&twice, quote.encode_utf8(&mut [0; 4]))),
            false => Cow::Borrowed(inside),
        })
    }

    /// The same in lower case, and nothing for a sign.
    pub(crate) fn lower_name(&self) -> String {
        self.name().unwrap_or_default().to_ascii_lowercase()
    }
}

/// The tokens of a text, which ends at a zero byte.
pub(crate) fn tokens(sql: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = sql.split('\0').next().unwrap_or(sql);
    std::iter::from_fn(move || {
        loop {
            let first = rest.chars().next()?;
            let (length, kind) = length(rest, first);
            let (token, after) = rest.split_at(length);
            rest = after;
            match kind {
                Kind::Blank => {}
                Kind::Word => return Some(Token::Word(token)),
                Kind::Text => return Some(Token::Text(token)),
                Kind::Quoted => return Some(Token::Quoted(token)),
                Kind::Sign => return Some(Token::Sign(first)),
            }
        }
    })
}

enum Kind {
    Blank,
    Word,
    Text,
    Quoted,
    Sign,
}

/// The length of the first token in bytes. A text, a name or a comment without an end is all of the rest.
fn length(rest: &str, first: char) -> (usize, Kind) {
    let bytes = rest.as_bytes();
    let next = bytes.get(1).copied().unwrap_or_default();
    let up_to = |from: usize, end: &str| {
        rest[from..]
            .find(end)
            .map_or(rest.len(), |at| from + at + end.len())
    };
    match first {
        '\u{feff}' => (first.len_utf8(), Kind::Blank),
        ' ' | '\t' | '\n' | '\x0c' | '\r' => (run(bytes, 1, is_space), Kind::Blank),
        '-' if next == b'-' => (up_to(2, "\n"), Kind::Blank),
        // At the end of the text, these are two operators.
        '/' if next == b'*' && bytes.len() > 2 => (up_to(2, "*/"), Kind::Blank),
        '\'' => (quoted(bytes, b'\''), Kind::Text),
        '"' | '`' => (quoted(bytes, bytes[0]), Kind::Quoted),
        '[' => (up_to(1, "]"), Kind::Quoted),
        // The next quote ends a blob, also if another one follows.
        'x' | 'X' if next == b'\'' => (up_to(2, "'"), Kind::Text),
        '?' => (run(bytes, 1, is_digit), Kind::Word),
        '$' | '@' | '#' | ':' => (parameter(bytes), Kind::Word),
        '0'..='9' => (number(bytes), Kind::Word),
        '.' if next.is_ascii_digit() => (number(bytes), Kind::Word),
        _ if first.len_utf8() > 1 || is_part(bytes[0]) => (run(bytes, 0, is_part), Kind::Word),
        _ => (1, Kind::Sign),
    }
}

/// Where the bytes of this kind end that begin here.
fn run(bytes: &[u8], from: usize, is_in: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let end = rest.iter().position(|byte| !is_in(*byte));
    from + end.unwrap_or(rest.len())
}

/// Two quotes stand for one.
fn quoted(bytes: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        if *byte == quote {
            if bytes.get(at) != Some(&quote) {
                return at;
            }
            at += 1;
        }
    }
    at
}

/// A parameter with a name. The name can have `::` in it, and end with something in parentheses.
fn parameter(bytes: &[u8]) -> usize {
    let mut at = 1;
    let mut is_named = false;
    while let Some(byte) = bytes.get(at) {
        if is_part(*byte) {
            is_named = true;
            at += 1;
        } else if *byte == b'(' && is_named {
            let end = run(bytes, at + 1, |byte| !is_space(byte) && byte != b')');
            return end + usize::from(bytes.get(end) == Some(&b')'));
        } else if bytes[at..].starts_with(b"::") {
            at += 2;
        } else {
            break;
        }
    }
    at
}

/// A number, with the letters that make it wrong if they follow it.
fn number(bytes: &[u8]) -> usize {
    let is = |at: usize, is_in: fn(u8) -> bool| bytes.get(at).is_some_and(|byte| is_in(*byte));
    let digits = |from| run(bytes, from, |byte| is_digit(byte) || byte == b'_');
    let is_hex = |byte: u8| byte.is_ascii_hexdigit();
    let mut at;
    if bytes[0] == b'0' && is(1, |byte| byte.eq_ignore_ascii_case(&b'x')) && is(2, is_hex) {
        at = run(bytes, 3, |byte| is_hex(byte) || byte == b'_');
    } else {
        at = digits(0);
        if is(at, |byte| byte == b'.') {
            at = digits(at + 1);
        }
        let is_signed = is(at + 1, |byte| matches!(byte, b'+' | b'-'));
        if is(at, |byte| byte.eq_ignore_ascii_case(&b'e'))
            && is(at + 1 + usize::from(is_signed), is_digit)
        {
            at = digits(at + 2);
        }
    }
    run(bytes, at, is_part)
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}

/// Whether it is a space behind another one. SQLite takes a vertical tab only there.
fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ')
}

fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || !byte.is_ascii()
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, Error};

    use super::{Token, tokens};

    #[test]
    fn words_are_told_from_quotes_and_comments() {
        use Token::{Quoted, Sign, Text, Word};
        for (sql, expected) in [
            ("", vec![]),
            ("a.b", vec![Word("a"), Sign('.'), Word("b")]),
            ("'it''s'", vec![Text("'it''s'")]),
            (
                "\"a\"[b'c]`d`",
                vec![Quoted("\"a\""), Quoted("[b'c]"), Quoted("`d`")],
            ),
            ("-- a'b\nc", vec![Word("c")]),
            ("/*'*/ü$1", vec![Word("ü$1")]),
            (
                "1-2.5e-3/4",
                vec![Word("1"), Sign('-'), Word("2.5e-3"), Sign('/'), Word("4")],
            ),
            ("'open", vec![Text("'open")]),
            ("-- open", vec![]),
            ("/*/ open", vec![]),
            (
                "\u{feff}a\u{feff} \x0b\u{feff}b",
                vec![Word("a\u{feff}"), Word("b")],
            ),
            (
                "?1a@b(')c",
                vec![Word("?1"), Word("a"), Word("@b(')"), Word("c")],
            ),
            ("x'00'''", vec![Text("x'00'"), Text("''")]),
            ("a\0b", vec![Word("a")]),
        ] {
            assert_eq!(tokens(sql).collect::<Vec<_>>(), expected, "{sql}");
        }
    }

    #[test]
    fn a_name_is_what_is_between_its_quotes() {
        for (written, name) in [
            ("a", "a"),
            ("\"a\"\"b\"", "a\"b"),
            ("'a''b'", "a'b"),
            ("`a\"\"``b`", "a\"\"`b"),
            ("[a\"\"[[b]", "a\"\"[[b"),
            ("\"open", "open"),
        ] {
            let token = tokens(written).next().unwrap();
            assert_eq!(token.name().unwrap(), name, "{written}");
        }
        assert_eq!(Token::Sign('.').name(), None);
    }

    /// What SQLite says about the first token. It expects `TABLE` there, so any other token is an error that names it.
    fn first_of(connection: &Connection, text: &str) -> Option<(String, usize)> {
        let before = "CREATE VIRTUAL/**/";
        let error = connection.prepare(&format!("{before}{text}")).unwrap_err();
        // Without a place, SQLite is at the end of the text.
        let Error::SqlInputError { msg, offset, .. } = error else {
            return None;
        };
        let token = msg
            .strip_prefix("near \"")
            .and_then(|msg| msg.strip_suffix("\": syntax error"))?;
        let at = usize::try_from(offset).unwrap() - before.len();
        Some((token.to_owned(), at + token.len()))
    }

    /// The tokens of SQLite, up to one that it does not know.
    fn of_sqlite(connection: &Connection, text: &str) -> (Vec<String>, bool) {
        let mut rest = text;
        let mut all = Vec::new();
        while let Some((token, end)) = first_of(connection, rest) {
            rest = &rest[end..];
            all.push(token);
        }
        (all, tokens(rest).next().is_none())
    }

    /// The tokens of the host. SQLite has operators of several signs.
    fn of_host(text: &str, like: &[String]) -> Vec<String> {
        let mut tokens = tokens(text).peekable();
        let mut all = Vec::new();
        while let Some(token) = tokens.next() {
            let mut written = match token {
                Token::Word(text) | Token::Text(text) | Token::Quoted(text) => text.to_owned(),
                Token::Sign(sign) => sign.to_string(),
            };
            let same = like.get(all.len()).map_or("", String::as_str);
            while matches!(token, Token::Sign(_)) && written != same {
                match tokens.peek() {
                    Some(Token::Sign(sign)) if same.starts_with(&format!("{written}{sign}")) => {
                        written.push(*sign);
                        tokens.next();
                    }
                    _ => break,
                }
            }
            all.push(written);
        }
        all
    }

    /// All texts of a few of these parts, in each order: does SQLite see the same tokens?
    #[test]
    fn sqlite_reads_the_same_tokens() {
        let connection = Connection::open_in_memory().unwrap();
        let some = [
            "a", "x", "1", "e", "_", "$", "@", "?", ":", "(", ")", "'", "\"", "[", "]", "-", "/",
            "*", ".", "\n", " ", "\u{feff}", "+",
        ];
        let more = [
            "0x", "f", "é", "#", "`", ">", "<", "=", "|", "!", ",", ";", "%", "&", "~", "\t",
            "\x0b", "\x0c", "\r", "\\", "{", "^", "\x7f", "\u{fe00}", "\u{a0}", "\u{2028}",
            "natural",
        ];
        let all = || some.iter().chain(&more);
        let mut texts: Vec<String> = Vec::new();
        for (a, b) in all().flat_map(|a| all().map(move |b| (a, b))) {
            texts.extend(all().map(|c| format!("{a}{b}{c}")));
        }
        for (a, b) in some.iter().flat_map(|a| some.iter().map(move |b| (a, b))) {
            for (c, d) in some.iter().flat_map(|c| some.iter().map(move |d| (c, d))) {
                texts.push(format!("{a}{b}{c}{d}"));
            }
        }
        let mut complete = 0;
        for text in texts {
            let (expected, is_end) = of_sqlite(&connection, &text);
            let mut found = of_host(&text, &expected);
            if !is_end {
                // SQLite reads no further.
                found.truncate(expected.len());
            }
            assert_eq!(found, expected, "{text:?}");
            complete += usize::from(is_end);
        }
        assert!(complete > 100_000, "{complete}");
    }
}
