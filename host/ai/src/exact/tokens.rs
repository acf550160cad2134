//! The tokens of a text: WordPiece, which takes the longest token that fits, again and again.

use crate::exact::characters::words;
use crate::exact::table::{Table, partition};

/// The tokens of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tokens {
    /// Their places in the table.
    pub(crate) known: Vec<usize>,
    /// The words that are not made of tokens. Each counts as one token.
    pub(crate) unknown: usize,
}

impl Tokens {
    pub(crate) fn of(table: &Table, text: &str) -> Tokens {
        let mut tokens = Tokens::default();
        words(table, text, |word| {
            let before = tokens.known.len();
            if !word.is_some_and(|word| tokens.split(table, word.as_bytes())) {
                tokens.known.truncate(before);
                tokens.unknown += 1;
            }
        });
        tokens
    }

    pub(crate) fn count(&self) -> u64 {
        (self.known.len() + self.unknown) as u64
    }

    /// Adds the tokens of a word. False if it is not made of tokens.
    fn split(&mut self, table: &Table, word: &[u8]) -> bool {
        let mut at = 0;
        while at < word.len() {
            let Some(token) = longest(table, at > 0, &word[at..]) else {
                return false;
            };
            at += table.text(token).len();
            self.known.push(token);
        }
        true
    }
}

/// The longest token with which the text begins. The tokens that begin as the text does are next to each other, and
/// each further byte leaves fewer of them. So the work is bounded by the length of the longest token.
fn longest(table: &Table, continues: bool, text: &[u8]) -> Option<usize> {
    let (first, rest) = text.split_first()?;
    let mut range = table.with_first(continues, *first);
    let mut found = None;
    for depth in 1..=text.len() {
        // Of the tokens that begin with the bytes so far, the one that ends there comes first.
        if range.is_empty() {
            break;
        }
        if table.text(range.start).len() == depth {
            found = Some(range.start);
        }
        let Some(byte) = rest.get(depth - 1) else {
            break;
        };
        let key = |token: usize| table.text(token).get(depth).copied();
        let start = partition(range.clone(), |token| key(token) < Some(*byte));
        range = start..partition(start..range.end, |token| key(token) <= Some(*byte));
    }
    found
}
