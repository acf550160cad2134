//! Counts the phrases of a pattern for full text as FTS5's own grammar reads it. What is not a pattern is counted somehow: FTS5
//! refuses it with its own message.

/// The phrases of a pattern.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Phrases {
    pub(super) all: usize,
    /// Those of the largest `NEAR`, or 0 without one.
    pub(super) near: usize,
    /// Whether there is a sign that makes FTS5 look at the place of a word: `+` or `^`.
    pub(super) of_places: bool,
}

impl Phrases {
    /// How many phrases have places that are compared with each other.
    pub(super) fn compared(self) -> usize {
        self.near.max(usize::from(self.of_places))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    /// A word or a text between quotes.
    String(&'a [u8]),
    /// `AND`, `OR` or `NOT`.
    Operator,
    Sign(u8),
}

/// Counts. A phrase is one string, or several with `+` between them. A string in front of `(` is always `NEAR`, and one in front of
/// `:` or within `{…}` names a column.
pub(super) fn phrases(pattern: &[u8]) -> Phrases {
    let mut phrases = Phrases::default();
    let mut rest = pattern;
    let mut before = None;
    // The phrases so far of the `NEAR` that is open. Its distance, behind a comma, is none.
    let mut near: Option<usize> = None;
    let mut in_columns = false;
    while let Some(token) = next(&mut rest) {
        match token {
            Token::Sign(b'{') => in_columns = true,
            Token::Sign(b'}') => in_columns = false,
            Token::Sign(b'(') if matches!(before, Some(Token::String(_))) => near = Some(0),
            Token::Sign(b')' | b',') => {
                phrases.near = phrases.near.max(near.take().unwrap_or_default());
            }
            Token::String(_) if before == Some(Token::Sign(b'+')) || in_columns => {}
            Token::String(_) if before == Some(Token::Sign(b',')) => {}
            Token::String(_) if matches!(first(rest), Some(b'(' | b':')) => {}
            Token::String(_) => {
                phrases.all += 1;
                near = near.map(|count| count + 1);
            }
            Token::Sign(sign) => phrases.of_places |= matches!(sign, b'+' | b'^'),
            Token::Operator => {}
        }
        before = Some(token);
    }
    phrases.near = phrases.near.max(near.unwrap_or_default());
    phrases
}

/// The first character that is not white space.
fn first(text: &[u8]) -> Option<u8> {
    text.iter().copied().find(|byte| !is_space(*byte))
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Whether a character can be in a word without quotes.
fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | 0x1a) || !byte.is_ascii()
}

/// Takes the first token.
fn next<'a>(rest: &mut &'a [u8]) -> Option<Token<'a>> {
    let start = rest.iter().position(|byte| !is_space(*byte))?;
    let text = rest.get(start..)?;
    let length = match text.first()? {
        b'"' => quoted_length(text),
        byte if is_of_word(*byte) => text
            .iter()
            .position(|byte| !is_of_word(*byte))
            .unwrap_or(text.len()),
        _ => 1,
    };
    let (token, after) = text.split_at(length);
    *rest = after;
    Some(match token {
        b"AND" | b"OR" | b"NOT" => Token::Operator,
        [b'"', ..] => Token::String(token),
        [sign] if !is_of_word(*sign) => Token::Sign(*sign),
        _ => Token::String(token),
    })
}

/// The length of a text between quotes, with both. A quote in it is there twice.
fn quoted_length(text: &[u8]) -> usize {
    let mut at = 1;
    loop {
        match (text.get(at), text.get(at + 1)) {
            (Some(b'"'), Some(b'"')) => at += 2,
            (Some(b'"'), _) => return at + 1,
            (Some(_), _) => at += 1,
            (None, _) => return text.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::phrases;

    const DOCUMENT: &str = "a b c d AND OR near x-y \u{e4} it's \"q\"";

    /// Each pattern with the phrases of all and of the largest `NEAR`. FTS5 takes each.
    const PATTERNS: [(&str, usize, usize); 27] = [
        ("a", 1, 0),
        ("a b", 2, 0),
        ("a AND b OR c NOT d", 4, 0),
        ("a+b+\"c d\"", 1, 0),
        ("a + b c", 2, 0),
        ("\"a b c\"", 1, 0),
        ("\"a \"\"NEAR(b c d)\"\" b\"", 1, 0),
        ("NEAR(a b)", 2, 2),
        ("NEAR (a b, 5)", 2, 2),
        ("NEAR\t(\n a\r b c,1)", 3, 3),
        ("NEAR(a b + c \"d e\" f*, 10)", 4, 4),
        ("NEAR(a) OR NEAR(a b c d) OR NEAR(b)", 6, 4),
        ("NEAR(a b, 5) AND (c OR NEAR(c d a))", 6, 3),
        ("NEAR", 1, 0),
        ("NEAR a", 2, 0),
        ("near + NEAR", 1, 0),
        ("\"NEAR\" a", 2, 0),
        ("a : b", 1, 0),
        ("\"a\": b c", 2, 0),
        ("{a \"other\"} : NEAR(a b, 2)", 2, 2),
        ("- {a other} : (a b)", 2, 0),
        ("-a : NEAR(a b)", 2, 2),
        ("^a b", 2, 0),
        ("a : ^a + b *", 1, 0),
        ("(((a)))", 1, 0),
        ("(a b) OR (NEAR(\u{e4} b))", 4, 2),
        ("\u{e4}\u{1a}_9 b", 2, 0),
    ];

    #[test]
    fn phrases_are_those_of_the_grammar() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE VIRTUAL TABLE t USING fts5(a, other)")
            .unwrap();
        connection
            .execute("INSERT INTO t VALUES (?1, '')", [DOCUMENT])
            .unwrap();
        for (pattern, all, near) in PATTERNS {
            let found = connection.query_row(
                "SELECT count(*) FROM t WHERE t MATCH ?1",
                [pattern],
                |row| row.get::<_, i64>(0),
            );
            assert!(found.is_ok(), "{pattern}: {found:?}");
            let found = phrases(pattern.as_bytes());
            assert_eq!((found.all, found.near), (all, near), "{pattern}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_counted_without_an_end() {
        for pattern in [
            "", "\"", "NEAR(", "NEAR((", "a (b", "{", ")),,", "\"a\"\"", "+", "NEAR(a b",
        ] {
            let _ = phrases(pattern.as_bytes());
        }
    }
}
