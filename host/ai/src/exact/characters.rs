//! A text as words: in lower case, without accents, each mark of punctuation and each Chinese character a word of its
//! own. This is what BERT's own tokenizer does.
//!
//! The table says what each character becomes, so no table of Unicode of the machine or of the standard library counts.

use crate::exact::table::{Becomes, Table};

/// A longer word is unknown, whatever it consists of.
const MOST_CHARACTERS: usize = 100;

/// A word, as its characters are added.
#[derive(Default)]
struct Word {
    text: String,
    characters: usize,
    /// A character of it is in no token.
    is_unknown: bool,
}

/// Calls `each` for each word of a text, in order. It gets `None` for a word that is unknown by its characters or its
/// length.
pub(crate) fn words(table: &Table, text: &str, mut each: impl FnMut(Option<&str>)) {
    let mut word = Word::default();
    for character in text.chars() {
        match table.becomes(character) {
            Becomes::Other(others) => {
                for other in others.chars() {
                    word.add(other, table.becomes(other), &mut each);
                }
            }
            becomes => word.add(character, becomes, &mut each),
        }
    }
    word.end(&mut each);
}

impl Word {
    fn add(&mut self, character: char, becomes: Becomes, each: &mut impl FnMut(Option<&str>)) {
        match becomes {
            Becomes::Nothing => {}
            Becomes::Break => self.end(each),
            Becomes::Alone => {
                self.end(each);
                each(Some(character.encode_utf8(&mut [0; 4])));
            }
            // Nothing that a character becomes is replaced once more.
            Becomes::Word | Becomes::Other(_) | Becomes::Unknown => {
                self.characters += 1;
                self.is_unknown |= becomes != Becomes::Word || self.characters > MOST_CHARACTERS;
                if !self.is_unknown {
                    self.text.push(character);
                }
            }
        }
    }

    fn end(&mut self, each: &mut impl FnMut(Option<&str>)) {
        if self.characters > 0 {
            each((!self.is_unknown).then_some(&self.text));
        }
        self.text.clear();
        self.characters = 0;
        self.is_unknown = false;
    }
}
