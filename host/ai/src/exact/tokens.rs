//! The tokens of a text: WordPiece, which takes the longest token that fits, again and again.

use crate::exact::characters::words;
use crate::exact::table::Table;

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
    let mut found = None;
    let mut range = table.group(continues);
    for (depth, byte) in text.iter().enumerate() {
        // Of the tokens that begin with the bytes so far, the one that ends there comes first.
        let key = |token: usize| table.text(token).get(depth).copied();
        let first = partition(range.clone(), |token| key(token) < Some(*byte));
        let end = partition(first..range.end, |token| key(token) <= Some(*byte));
        if first == end {
            break;
        }
        range = first..end;
        if table.text(first).len() == depth + 1 {
            found = Some(first);
        }
    }
    found
}

/// The first place in the range for which this is not so.
fn partition(range: std::ops::Range<usize>, is_before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (range.start, range.end);
    while low < high {
        let middle = usize::midpoint(low, high);
        match is_before(middle) {
            true => low = middle + 1,
            false => high = middle,
        }
    }
    low
}
