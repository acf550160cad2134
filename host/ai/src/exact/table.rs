//! The table of the exact model, as it stands in the file. Nothing is copied out of it.

use std::ops::Range;
use std::sync::LazyLock;

/// Made by `table/distil.py`.
static FILE: &[u8] = include_bytes!("../../table/static.table");

/// The numbers of a vector.
pub(crate) const DIMENSIONS: usize = 128;

const MAGIC: &[u8; 8] = b"fwstatic";
const RANGE_BYTES: usize = 12;

/// The parts of the file. All numbers are little-endian.
pub(crate) struct Table {
    /// For each token the end of its text in `texts`, as `u32`.
    ends: &'static [u8],
    /// For each token its factor, as `u16`.
    factors: &'static [u8],
    /// For each token 128 values, as `i8`.
    values: &'static [u8],
    /// The characters that are not simply unknown, in order: first, last, and what they become.
    ranges: &'static [u8],
    texts: &'static [u8],
    /// What characters become that become others: the number of bytes, and the text.
    replacements: &'static [u8],
    /// The tokens that begin a word come first, and then those that continue one. Both are in the order of their bytes.
    beginnings: usize,
    tokens: usize,
    /// What the characters of ASCII become, because most texts consist of them.
    ascii: [Becomes; 128],
    /// Where the tokens with each first byte begin, for those that begin a word and those that continue one.
    firsts: [[usize; 257]; 2],
}

/// What a character of a text becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Becomes {
    /// A part of a word that is in no token. So the word is unknown.
    Unknown,
    /// A part of a word, as it is.
    Word,
    /// The end of a word.
    Break,
    /// Nothing.
    Nothing,
    /// A word of its own.
    Alone,
    /// Other characters, none of which becomes yet others.
    Other(&'static str),
}

/// The table, on first use.
pub(crate) fn table() -> &'static Table {
    static TABLE: LazyLock<Table> =
        LazyLock::new(|| Table::of(FILE).expect("our own table is whole"));
    &TABLE
}

/// The SHA-256 of the table.
pub(crate) fn digest() -> &'static str {
    static DIGEST: LazyLock<String> = LazyLock::new(|| crate::canonical::sha256(FILE));
    &DIGEST
}

impl Table {
    fn of(file: &'static [u8]) -> Option<Table> {
        let (magic, rest) = file.split_at_checked(MAGIC.len())?;
        let (numbers, mut rest) = rest.split_at_checked(6 * 4)?;
        let number = |place| u32_at(numbers, place) as usize;
        let [dimensions, tokens, beginnings] = [0, 1, 2].map(number);
        let [text_bytes, ranges, replacement_bytes] = [3, 4, 5].map(number);
        let mut part = |bytes| {
            let (part, after) = rest.split_at_checked(bytes)?;
            rest = after;
            Some(part)
        };
        let mut table = Table {
            ends: part(4 * tokens)?,
            factors: part(2 * tokens)?,
            values: part(DIMENSIONS * tokens)?,
            ranges: part(RANGE_BYTES * ranges)?,
            texts: part(text_bytes)?,
            replacements: part(replacement_bytes)?,
            beginnings,
            tokens,
            ascii: [Becomes::Unknown; 128],
            firsts: [[0; 257]; 2],
        };
        let is_whole = magic == MAGIC && dimensions == DIMENSIONS && rest.is_empty();
        if !is_whole {
            return None;
        }
        for code in 0..128 {
            table.ascii[usize::from(code)] = table.looked_up(char::from(code));
        }
        for continues in [false, true] {
            let group = table.group(continues);
            let first = |byte: usize| {
                partition(group.clone(), |token| {
                    usize::from(table.text(token)[0]) < byte
                })
            };
            table.firsts[usize::from(continues)] = std::array::from_fn(first);
        }
        Some(table)
    }

    /// The tokens that begin a word, or those that continue one.
    pub(crate) fn group(&self, continues: bool) -> Range<usize> {
        match continues {
            false => 0..self.beginnings,
            true => self.beginnings..self.tokens,
        }
    }

    /// Those that begin with this byte.
    pub(crate) fn with_first(&self, continues: bool, byte: u8) -> Range<usize> {
        let firsts = &self.firsts[usize::from(continues)];
        firsts[usize::from(byte)]..firsts[usize::from(byte) + 1]
    }

    /// The text of a token, without the mark of those that continue a word.
    pub(crate) fn text(&self, token: usize) -> &'static [u8] {
        let first = token
            .checked_sub(1)
            .map_or(0, |before| u32_at(self.ends, before));
        &self.texts[first as usize..u32_at(self.ends, token) as usize]
    }

    /// The factor and the values of a token.
    pub(crate) fn row(&self, token: usize) -> (i64, &'static [u8]) {
        let factor = [self.factors[2 * token], self.factors[2 * token + 1]];
        let values = &self.values[DIMENSIONS * token..][..DIMENSIONS];
        (i64::from(u16::from_le_bytes(factor)), values)
    }

    pub(crate) fn becomes(&self, character: char) -> Becomes {
        match self.ascii.get(character as usize) {
            Some(becomes) => *becomes,
            None => self.looked_up(character),
        }
    }

    fn looked_up(&self, character: char) -> Becomes {
        let code = u32::from(character);
        let range = |place: usize| [0, 1, 2].map(|part| u32_at(self.ranges, 3 * place + part));
        let (mut low, mut high) = (0, self.ranges.len() / RANGE_BYTES);
        while low < high {
            let middle = usize::midpoint(low, high);
            let [first, last, becomes] = range(middle);
            if code > last {
                low = middle + 1;
            } else if code < first {
                high = middle;
            } else {
                return self.named(becomes);
            }
        }
        Becomes::Unknown
    }

    fn named(&self, becomes: u32) -> Becomes {
        match becomes & 7 {
            0 => Becomes::Word,
            1 => Becomes::Break,
            2 => Becomes::Nothing,
            3 => Becomes::Alone,
            _ => {
                let at = (becomes >> 3) as usize;
                let bytes = usize::from(self.replacements[at]);
                let text = &self.replacements[at + 1..][..bytes];
                Becomes::Other(std::str::from_utf8(text).expect("the table has UTF-8"))
            }
        }
    }
}

/// The first place in the range for which this is not so.
pub(crate) fn partition(range: Range<usize>, is_before: impl Fn(usize) -> bool) -> usize {
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

fn u32_at(numbers: &[u8], place: usize) -> u32 {
    let bytes = &numbers[4 * place..][..4];
    u32::from_le_bytes(bytes.try_into().expect("four bytes were taken"))
}
