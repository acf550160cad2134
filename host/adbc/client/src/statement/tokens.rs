//! Divides a statement into words, texts and names, as its database does. Databases differ in where a text or a
//! comment ends. So this refuses a statement that two readings divide in different ways.

use fractalaw_data_call::{CallError, Code};

use crate::engine::Sql;

/// A piece of a statement. Names are in upper case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A keyword, or a name without quotes.
    Word(String),
    /// What stands between quotes: a text or a name.
    Quoted(String),
    /// Any other character.
    Sign(char),
}

impl Token {
    pub(super) fn word(&self) -> Option<&str> {
        match self {
            Token::Word(word) => Some(word),
            Token::Quoted(_) | Token::Sign(_) => None,
        }
    }

    /// What the piece names, if it is a name: some databases take a text for a table's name, too.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Token::Word(name) | Token::Quoted(name) => Some(name),
            Token::Sign(_) => None,
        }
    }
}

/// The pieces of one statement, without its comments and without the parentheses around it.
pub(super) fn tokens(sql: &str, dialect: Sql) -> Result<Vec<Token>, CallError> {
    if dialect == Sql::Other && sql.trim_end().trim_end_matches(';').contains(';') {
        return Err(ambiguous(
            "a `;` in the middle",
            "leave it out: write `chr(59)` for one in a text",
        ));
    }
    let mut reading = Reading {
        rest: sql,
        dialect,
        found: Vec::new(),
        prefix: String::new(),
        in_brackets: false,
        after_text: false,
    };
    let mut ended = false;
    while let Some(c) = reading.rest.chars().next() {
        if matches!(c, ' ' | '\t' | '\n' | '\r') {
            reading.skip(1);
        } else if reading.rest.starts_with("--") {
            reading.line_comment()?;
        } else if reading.rest.starts_with("/*") {
            reading.block_comment()?;
        } else if c == ';' {
            ended = true;
            reading.skip(1);
        } else if ended {
            return Err(not_one());
        } else {
            reading.token(c)?;
        }
    }
    Ok(reading.found)
}

struct Reading<'a> {
    rest: &'a str,
    dialect: Sql,
    found: Vec<Token>,
    /// The word that ends where `rest` begins.
    prefix: String,
    /// An opening bracket is not closed, and a database of an unknown kind may read a name there.
    in_brackets: bool,
    /// The last piece is a text between single quotes.
    after_text: bool,
}

impl<'a> Reading<'a> {
    /// Takes this many bytes of the statement.
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self
            .rest
            .split_at_checked(length)
            .unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    fn skip(&mut self, length: usize) {
        self.take(length);
        self.prefix.clear();
    }

    fn push(&mut self, token: Token) {
        self.after_text = false;
        self.prefix.clear();
        self.found.push(token);
    }

    /// To the end of the line. Databases disagree on which characters end a line.
    fn line_comment(&mut self) -> Result<(), CallError> {
        let line = self.rest.split('\n').next().unwrap_or_default();
        let text = line.trim_start_matches('-');
        if self.dialect == Sql::Other
            && (self.in_brackets || !(text.is_empty() || text.starts_with([' ', '\t', '\r'])))
        {
            return Err(ambiguous(
                "a `--` without a space after it, or in brackets",
                "write `-- ` before a comment, and `- -` for two signs",
            ));
        }
        let text = line.strip_suffix('\r').unwrap_or(line);
        if text.contains(|c: char| {
            c != '\t' && (c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
        }) {
            return Err(ambiguous(
                "a comment with a control character in it",
                "end each line of it with a line feed",
            ));
        }
        self.skip(line.len());
        Ok(())
    }

    fn block_comment(&mut self) -> Result<(), CallError> {
        let inside = self.rest.get(2..).unwrap_or_default();
        if inside.starts_with(['!', '+', 'M']) {
            return Err(ambiguous(
                "a comment that begins with `!`, `+` or `M`",
                "begin it with a space",
            ));
        }
        let end = inside.find("*/").unwrap_or(inside.len());
        let text = inside.get(..end).unwrap_or_default();
        if text.contains("/*") || self.in_brackets && self.dialect == Sql::Other {
            return Err(ambiguous(
                "a comment within a comment or in brackets",
                "leave it out",
            ));
        }
        self.skip(2 + end + 2);
        Ok(())
    }

    fn token(&mut self, c: char) -> Result<(), CallError> {
        if let Some(length) = self.quoted(c)? {
            let text = self.take(length);
            let is_text = c == '\'';
            if self.dialect == Sql::Other && self.in_brackets && text.contains(']') {
                return Err(ambiguous("a `]` in quotes in brackets", "leave it out"));
            }
            self.push(Token::Quoted(unquoted(text)));
            self.after_text = is_text;
        } else if is_of_a_word(c) && !c.is_ascii_digit() {
            let end = self.rest.find(|c: char| !is_of_a_word(c) && c != '$');
            let word = self
                .take(end.unwrap_or(self.rest.len()))
                .to_ascii_uppercase();
            self.push(Token::Word(word.clone()));
            self.prefix = word;
        } else {
            self.sign(c)?;
        }
        Ok(())
    }

    fn sign(&mut self, c: char) -> Result<(), CallError> {
        if !c.is_ascii() || c.is_ascii_control() {
            return Err(ambiguous(
                &format!("the character U+{:04X} outside of quotes", u32::from(c)),
                "write a name with it between double quotes",
            ));
        }
        match (self.dialect, c) {
            // SQLite reads `$name(…)` as one parameter, with all that is within the parentheses.
            (Sql::Sqlite, '$' | '@' | '#' | ':') | (Sql::Other, '#') => {
                return Err(ambiguous(
                    &format!("a `{c}` outside of quotes"),
                    "leave it out, or put it between quotes",
                ));
            }
            (_, '[') => self.in_brackets = true,
            (_, ']') => self.in_brackets = false,
            _ => {}
        }
        self.take(1);
        let is_unicode = c == '&' && self.prefix == "U";
        // Parentheses around a statement change nothing.
        if !(self.found.is_empty() && c == '(') {
            self.push(Token::Sign(c));
        }
        if is_unicode {
            "U&".clone_into(&mut self.prefix);
        }
        Ok(())
    }

    /// The length of the text or quoted name that begins here, if one does.
    fn quoted(&self, open: char) -> Result<Option<usize>, CallError> {
        let close = match (open, self.dialect) {
            ('\'' | '"', _) => open,
            ('`', Sql::Sqlite | Sql::Other) => '`',
            ('[', Sql::Sqlite) => ']',
            ('$', Sql::Duckdb | Sql::Postgresql | Sql::Other) => return self.dollars(),
            _ => return Ok(None),
        };
        // Within them, a backslash can be an escape, and a quote can be a part of the text.
        let prefixes: &[&str] = match self.dialect {
            Sql::Sqlite => &[],
            Sql::Duckdb | Sql::Postgresql => &["E", "U&"],
            Sql::Other => &["E", "U&", "Q", "NQ", "R", "RB", "BR"],
        };
        if prefixes.contains(&self.prefix.as_str()) {
            return Err(ambiguous(
                &format!("`{}` before a quote", self.prefix),
                "leave it out, and write `chr(10)` for a line feed",
            ));
        }
        if open == '\'' && self.after_text {
            return Err(ambiguous(
                "two texts beside each other",
                "join them with `||`",
            ));
        }
        if self.dialect == Sql::Other && matches!(self.rest.get(..3), Some("'''" | "\"\"\"")) {
            return Err(ambiguous("three quotes", "write `chr(39)` for a quote"));
        }
        self.end_of(open, close).map(Some)
    }

    fn end_of(&self, open: char, close: char) -> Result<usize, CallError> {
        // Only such databases are known to have no escapes in texts without a prefix. The host sees to it on PostgreSQL.
        let backslashes = self.dialect == Sql::Other;
        let mut chars = self.rest.char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            if backslashes && c == '\\' {
                let next = chars.peek().map(|(_, next)| *next);
                if next == Some(close) {
                    return Err(ambiguous(
                        "a backslash before a quote",
                        "write a quote in a text twice",
                    ));
                }
                if next == Some('\\') {
                    chars.next();
                }
            } else if c == close {
                if close != ']' && chars.peek().is_some_and(|(_, next)| *next == close) {
                    chars.next();
                } else {
                    return Ok(at + close.len_utf8());
                }
            }
        }
        Err(not_closed(&open.to_string()))
    }

    /// `$$…$$` and `$tag$…$tag$`. A parameter such as `$1` is not a text.
    fn dollars(&self) -> Result<Option<usize>, CallError> {
        let name = self.rest.get(1..).unwrap_or_default();
        let end = name.find(|c: char| !is_of_a_word(c));
        let tag = end
            .and_then(|end| self.rest.get(..end + 2))
            .filter(|tag| tag.ends_with('$') && !name.starts_with(|c: char| c.is_ascii_digit()));
        let Some(tag) = tag else {
            return Ok(None);
        };
        if self.dialect == Sql::Other {
            return Err(ambiguous(
                &format!("a `{tag}`"),
                "write texts between single quotes",
            ));
        }
        match self.rest.get(tag.len()..).and_then(|text| text.find(tag)) {
            Some(at) => Ok(Some(tag.len() + at + tag.len())),
            None => Err(not_closed(tag)),
        }
    }
}

/// Databases take other characters that are not ASCII for a space, or for a part of a word.
fn is_of_a_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// What a quoted name names, in upper case.
fn unquoted(text: &str) -> String {
    let open = text.chars().next().unwrap_or_default();
    let tag = if open == '$' {
        text.get(1..)
            .and_then(|rest| rest.find('$'))
            .map_or(1, |at| at + 2)
    } else {
        1
    };
    let inside = text
        .get(tag..text.len().saturating_sub(tag))
        .unwrap_or_default();
    let twice = [open, open].iter().collect::<String>();
    inside
        .replace(&twice, &open.to_string())
        .to_ascii_uppercase()
}

pub(super) fn not_one() -> CallError {
    CallError::new(
        Code::Syntax,
        "expected one statement, and there is none, or more than one",
    )
    .hint("make one call for each")
}

fn ambiguous(what: &str, hint: &str) -> CallError {
    CallError::new(
        Code::Syntax,
        format!("{what}, which databases read in different ways"),
    )
    .hint(hint)
}

fn not_closed(open: &str) -> CallError {
    CallError::new(Code::Syntax, format!("a `{open}` that is not closed"))
}
