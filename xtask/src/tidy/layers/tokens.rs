//! Rust source as words and signs, without comments, string literals and numbers. This is enough to read paths
//! from it.
//!
//! A parser would not read paths in the arguments of macros, because they are only tokens to it.

use std::iter::Peekable;
use std::str::CharIndices;

/// A word or a sign, and its line, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) line: usize,
}

impl Token<'_> {
    /// Whether it is a word: a name or a keyword.
    pub(super) fn is_word(&self) -> bool {
        self.text
            .starts_with(|c: char| c == '_' || c.is_alphabetic())
    }
}

/// The tokens of a file. A sign is one character, except for `::`. A string literal is the sign `"`, so that the
/// code around it is not read as one. A raw identifier is its name.
pub(super) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut reader = Reader {
        source,
        chars: source.char_indices().peekable(),
        line: 1,
        tokens: Vec::new(),
    };
    while reader.next_token() {}
    reader.tokens
}

struct Reader<'a> {
    source: &'a str,
    chars: Peekable<CharIndices<'a>>,
    line: usize,
    tokens: Vec<Token<'a>>,
}

impl<'a> Reader<'a> {
    /// Whether anything was left.
    fn next_token(&mut self) -> bool {
        let Some((at, first)) = self.take() else {
            return false;
        };
        let rest = &self.source[at..];
        match first {
            _ if first.is_whitespace() => {}
            '/' if rest.starts_with("//") => self.skip_while(|c| c != '\n'),
            '/' if rest.starts_with("/*") => self.block_comment(),
            '"' => self.text(&rest[..1]),
            '\'' => self.quote(rest),
            '0'..='9' => self.skip_while(is_in_word),
            _ if is_in_word(first) => self.word(at),
            ':' if rest.starts_with("::") => {
                self.take();
                self.push(&rest[..2]);
            }
            _ => self.push(&rest[..first.len_utf8()]),
        }
        true
    }

    fn take(&mut self) -> Option<(usize, char)> {
        let next = self.chars.next();
        if let Some((_, '\n')) = next {
            self.line += 1;
        }
        next
    }

    fn push(&mut self, text: &'a str) {
        let line = self.line;
        self.tokens.push(Token { text, line });
    }

    fn skip_while(&mut self, goes_on: impl Fn(char) -> bool) {
        while self.chars.peek().is_some_and(|(_, next)| goes_on(*next)) {
            self.take();
        }
    }

    /// A word, or something that begins like one: `r"…"`, `br#"…"#`, `b'x'`, `c"…"`, `r#type`.
    fn word(&mut self, at: usize) {
        self.skip_while(is_in_word);
        let end = self.position();
        let word = &self.source[at..end];
        let rest = &self.source[end..];
        let hashes = rest.len() - rest.trim_start_matches('#').len();
        let is_text = rest[hashes..].starts_with('"');
        match word {
            "r" | "br" | "cr" if is_text => {
                for _ in 0..=hashes {
                    self.take();
                }
                self.raw_text(hashes);
            }
            "r" if hashes == 1 => {
                self.take();
                let name = self.position();
                self.skip_while(is_in_word);
                let text = &self.source[name..self.position()];
                self.push(text);
            }
            // Its quote comes next and is read like any other.
            "b" | "c" if rest.starts_with(['"', '\'']) => {}
            _ => self.push(word),
        }
    }

    fn position(&mut self) -> usize {
        self.chars.peek().map_or(self.source.len(), |(at, _)| *at)
    }

    /// A string literal whose opening quote was read.
    fn text(&mut self, quote: &'a str) {
        self.push(quote);
        while let Some((_, next)) = self.take() {
            match next {
                '\\' => {
                    self.take();
                }
                '"' => return,
                _ => {}
            }
        }
    }

    fn raw_text(&mut self, hashes: usize) {
        self.push("\"");
        while let Some((at, next)) = self.take() {
            let behind = &self.source[at + next.len_utf8()..];
            if next == '"' && behind.bytes().take(hashes).filter(|b| *b == b'#').count() == hashes {
                for _ in 0..hashes {
                    self.take();
                }
                return;
            }
        }
    }

    /// A character, or a lifetime, which is not a word here.
    fn quote(&mut self, rest: &str) {
        let mut chars = rest.chars().skip(1);
        let (first, second) = (chars.next(), chars.next());
        if first == Some('\\') {
            self.take();
            self.take();
            self.skip_while(|c| c != '\'');
            self.take();
        } else if second == Some('\'') {
            self.take();
            self.take();
        } else {
            self.skip_while(is_in_word);
        }
    }

    /// Comments of this kind may contain each other. The `/` was read.
    fn block_comment(&mut self) {
        self.take();
        let mut depth = 1;
        let mut before = ' ';
        while depth > 0 {
            let Some((_, next)) = self.take() else {
                return;
            };
            match (before, next) {
                ('/', '*') => depth += 1,
                ('*', '/') => depth -= 1,
                _ => {
                    before = next;
                    continue;
                }
            }
            before = ' ';
        }
    }
}

fn is_in_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::tokens;

    #[test]
    fn comments_texts_and_numbers_are_left_out() {
        let cases = [
            ("use crate::a; // crate::b", "use crate :: a ;"),
            ("/* crate::a /* nested */ crate::b */ x", "x"),
            ("/**/ x /***/ y", "x y"),
            ("/// crate::a\n//! crate::b\nx", "x"),
            (r#"f("crate::a \" crate::b", x)"#, "f ( \" , x )"),
            (r##"f(r"\", x)"##, "f ( \" , x )"),
            (
                r###"f(r#"a " crate::b"#, br##"c"# d"##, x)"###,
                "f ( \" , \" , x )",
            ),
            (r#"f(b"a", c"b", b'"', b'\'', x)"#, "f ( \" , \" , , , x )"),
            (
                r"('a', '\'', '\\', '\u{7f}', '/', '\x41', ' ')",
                "( , , , , , , )",
            ),
            ("&'a T<'static, 'b>", "& T < , >"),
            ("r#type r#fn rust b c br", "type fn rust b c br"),
            ("0xff_u8 1.5e-3 a.0", ". - a ."),
            ("größe::ß", "größe :: ß"),
            ("a:b :: c", "a : b :: c"),
            ("unended \"crate::a", "unended \""),
            ("unended /* crate::a", "unended"),
            ("unended '", "unended"),
        ];
        for (source, expected) in cases {
            let found: Vec<&str> = tokens(source).iter().map(|token| token.text).collect();
            assert_eq!(found.join(" "), expected, "{source}");
        }
    }

    #[test]
    fn a_token_knows_its_line() {
        let found = tokens("a\n/*\n*/ b\n\"\n\\\n\"\nc");
        let lines: Vec<_> = found.iter().map(|token| (token.text, token.line)).collect();
        assert_eq!(lines, [("a", 1), ("b", 3), ("\"", 4), ("c", 7)]);
    }
}
