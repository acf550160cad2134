//! The tokens of a text, as BERT's uncased tokenizer makes them.
//!
//! The crate `rten-text` is not used: version 0.27 panics on some texts, does not clean texts, does not split Chinese
//! characters, and leaves half of an unknown word.
//!
//! The exact model of the host (`host/ai/src/exact`) splits texts by the same rules, and shares no code with this: its table
//! says what each character becomes, so that no version of Unicode counts, and it finds tokens by their bytes in place. Here
//! a vocabulary is given, and Unicode's categories say what a character is. Both are held against the same reference.

// From the ground up.
mod characters;

use std::collections::HashMap;

use characters::{is_alone, is_dropped, is_mark, is_space};
use unicode_normalization::char::decompose_canonical;

use fractalaw_catalogue::Fault;

/// A word of more characters is one unknown token.
const WORD_CHARACTERS: usize = 100;

/// The vocabulary.
pub(crate) struct Tokens {
    /// Tokens that begin a word.
    first: HashMap<String, i32>,
    /// Tokens that go on with a word, without `##`.
    further: HashMap<String, i32>,
    /// The bytes of the longest token.
    longest: usize,
    begin: i32,
    end: i32,
    unknown: i32,
}

impl Tokens {
    /// Reads a vocabulary with a token in each line.
    pub(crate) fn read(vocabulary: &[u8]) -> Result<Tokens, Fault> {
        let wrong = |what: &str| {
            Fault::new(
                format!("the vocabulary {what}"),
                "use the `vocab.txt` of a BERT model",
            )
        };
        let text = std::str::from_utf8(vocabulary).map_err(|_| wrong("is no UTF-8"))?;
        let (mut first, mut further) = (HashMap::new(), HashMap::new());
        for (number, token) in text.lines().enumerate() {
            let number = i32::try_from(number).map_err(|_| wrong("is too long"))?;
            match token.strip_prefix("##") {
                Some(rest) if !rest.is_empty() => further.insert(rest.to_owned(), number),
                _ => first.insert(token.to_owned(), number),
            };
        }
        let mark = |name: &str| {
            first
                .get(name)
                .copied()
                .ok_or_else(|| wrong(&format!("has no `{name}`")))
        };
        Ok(Tokens {
            begin: mark("[CLS]")?,
            end: mark("[SEP]")?,
            unknown: mark("[UNK]")?,
            longest: first
                .keys()
                .chain(further.keys())
                .map(String::len)
                .max()
                .unwrap_or(0),
            first,
            further,
        })
    }

    /// The tokens of a text, between those that mark its begin and end.
    pub(crate) fn of(&self, text: &str) -> Vec<i32> {
        let mut tokens = vec![self.begin];
        for word in text.split(is_space) {
            self.add(&plain(word), &mut tokens);
        }
        tokens.push(self.end);
        tokens
    }

    /// Adds the tokens of something between spaces: punctuation and Chinese characters are words of their own.
    fn add(&self, text: &str, tokens: &mut Vec<i32>) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let length = match is_alone(c) {
                true => c.len_utf8(),
                false => rest.find(is_alone).unwrap_or(rest.len()),
            };
            let (word, after) = rest.split_at(length);
            let before = tokens.len();
            if !self.split(word, tokens) {
                tokens.truncate(before);
                tokens.push(self.unknown);
            }
            rest = after;
        }
    }

    /// Adds the longest tokens that fit, one after the other. False if the word is not made of tokens.
    fn split(&self, word: &str, tokens: &mut Vec<i32>) -> bool {
        if word.chars().count() > WORD_CHARACTERS {
            return false;
        }
        let mut known = &self.first;
        let mut rest = word;
        while !rest.is_empty() {
            let mut length = rest.floor_char_boundary(self.longest);
            let token = loop {
                match known.get(&rest[..length]) {
                    Some(token) if length > 0 => break *token,
                    _ if length > 0 => length = rest.floor_char_boundary(length - 1),
                    _ => return false,
                }
            };
            tokens.push(token);
            rest = &rest[length..];
            known = &self.further;
        }
        true
    }
}

/// A text without control characters and accents, in lower case.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !is_dropped(*c)) {
        decompose_canonical(c, |part| {
            if !is_mark(part) {
                plain.extend(part.to_lowercase());
            }
        });
    }
    plain
}

#[cfg(test)]
mod tests;
