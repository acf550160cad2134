//! A position in the tokens of a file, and the steps over what is not read.

use super::tokens::Token;

/// The words that begin an item that may contain a `,` before its end.
const ITEMS: [&str; 10] = [
    "const", "enum", "fn", "impl", "mod", "static", "struct", "trait", "type", "use",
];

/// A position in the tokens.
pub(super) struct Cursor<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(tokens: &'a [Token<'a>]) -> Self {
        Cursor { tokens, at: 0 }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    pub(super) fn step(&mut self, tokens: usize) {
        self.at += tokens;
    }

    /// The word or sign that many places after the next one; empty after the end.
    pub(super) fn peek(&self, behind: usize) -> &'a str {
        let token = self.tokens.get(self.at + behind);
        token.map_or("", |token| token.text)
    }

    pub(super) fn is_word(&self, behind: usize) -> bool {
        let token = self.tokens.get(self.at + behind);
        token.is_some_and(Token::is_word)
    }

    /// The line of the next token.
    pub(super) fn line(&self) -> usize {
        self.tokens.get(self.at).map_or(0, |token| token.line)
    }

    /// Whether a path begins here: it does not continue another path, and is not a method or field.
    pub(super) fn begins_path(&self) -> bool {
        let before = self.at.checked_sub(1).map(|at| self.tokens[at].text);
        !matches!(before, Some("::" | "."))
    }

    /// Skips an attribute, and the item after it if that is for tests only.
    pub(super) fn attribute(&mut self) {
        self.step(1);
        let is_inner = self.peek(0) == "!";
        if is_inner {
            self.step(1);
        }
        if self.peek(0) != "[" {
            return;
        }
        let start = self.at;
        self.group();
        let words: String = self.tokens[start..self.at]
            .iter()
            .map(|token| token.text)
            .collect();
        let is_of_tests = words.starts_with("[cfg(test") || words.starts_with("[cfg(all(test,");
        if is_of_tests && !is_inner {
            self.item();
        }
    }

    /// Skips `pub`, `pub(crate)`, `pub(in crate::a)`.
    pub(super) fn visibility(&mut self) {
        self.step(1);
        if self.peek(0) == "(" && matches!(self.peek(1), "crate" | "super" | "self" | "in") {
            self.group();
        }
    }

    /// Goes from an opening bracket to after its closing bracket.
    fn group(&mut self) {
        let mut depth = 0;
        while !self.is_at_end() {
            match self.peek(0) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth -= 1,
                _ => {}
            }
            self.step(1);
            if depth <= 0 {
                return;
            }
        }
    }

    /// Goes to after the `;` or the braces that end the item, or the `,` of a field or a variant.
    fn item(&mut self) {
        let mut is_field = true;
        while !self.is_at_end() {
            is_field &= !ITEMS.contains(&self.peek(0));
            match self.peek(0) {
                "(" | "[" => self.group(),
                "{" => return self.group(),
                ";" => return self.step(1),
                "," if is_field => return self.step(1),
                // The end of what contains the item.
                "}" | ")" => return,
                _ => self.step(1),
            }
        }
    }
}
