//! `LIKE` and `GLOB`. The time of SQLite's own grows with the product of pattern and text, in one step that nothing
//! interrupts: a second for a megabyte. These match the same, pay for each comparison, and end with the budget.
//!
//! SQLite searches an index only for its own `LIKE` and `GLOB`. With these, it reads all rows.

use std::sync::Arc;

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result};

use crate::limits::PATTERN_BYTES;
use crate::paid::{mistake, pay};
use crate::price;
use crate::text::bytes;
use crate::work::SharedWork;

/// Bytes that are passed over together take as long as one comparison.
const BYTES_PER_COMPARISON: u64 = 32;

/// The comparisons that are paid for at once. They take some ten microseconds.
const PAID_AT_ONCE: u64 = 32_768;

pub(crate) fn install(connection: &Connection, work: &SharedWork) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_INNOCUOUS
        | FunctionFlags::SQLITE_DETERMINISTIC;
    let like = Signs {
        many: Some('%'.into()),
        one: Some('_'.into()),
        escape: None,
        sets: false,
        no_case: true,
    };
    let glob = Signs {
        many: Some('*'.into()),
        one: Some('?'.into()),
        escape: None,
        sets: true,
        no_case: false,
    };
    for (name, arguments, signs) in [("like", 2, like), ("like", 3, like), ("glob", 2, glob)] {
        let paid = Arc::clone(work);
        connection.create_scalar_function(name, arguments, flags, move |context| {
            matched(context, signs, &paid)
        })?;
    }
    Ok(())
}

/// `None` for null.
fn matched(context: &Context<'_>, mut signs: Signs, work: &SharedWork) -> Result<Option<bool>> {
    let length = match context.get_raw(0) {
        ValueRef::Text(text) | ValueRef::Blob(text) => text.len(),
        _ => 0,
    };
    if !i32::try_from(length).is_ok_and(|length| length <= PATTERN_BYTES) {
        return Err(mistake("LIKE or GLOB pattern too complex"));
    }
    if context.len() == 3 {
        let Some(escape) = bytes(context.get_raw(2)) else {
            return Ok(None);
        };
        signs.escape_with(&escape)?;
    }
    let (Some(pattern), Some(text)) = (bytes(context.get_raw(0)), bytes(context.get_raw(1))) else {
        return Ok(None);
    };
    let Some(pattern) = signs.pattern(whole(&pattern)) else {
        pay(work, price::MATCH)?;
        return Ok(Some(false));
    };
    let mut comparisons = 0;
    let is_match = matches(&pattern, whole(&text), &mut |more| {
        comparisons += more;
        if comparisons < PAID_AT_ONCE {
            return Ok(());
        }
        pay(work, std::mem::take(&mut comparisons) * price::COMPARISON)
    })?;
    pay(work, price::MATCH + comparisons * price::COMPARISON)?;
    Ok(Some(is_match))
}

/// Text as SQLite sees it here: up to the first zero byte.
fn whole(text: &[u8]) -> &[u8] {
    let end = memchr::memchr(0, text).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// What stands for other characters.
#[derive(Clone, Copy)]
struct Signs {
    many: Option<u32>,
    one: Option<u32>,
    escape: Option<u32>,
    /// Whether `[…]` is a set of characters.
    sets: bool,
    /// Whether the letters of ASCII match without their case.
    no_case: bool,
}

/// One part of a pattern.
enum Part {
    Many,
    One,
    Character(u32),
    /// A letter of ASCII in lower case, which matches both cases.
    Letter(u8),
    Set(Vec<(u32, u32)>, bool),
}

impl Signs {
    /// The character takes the meaning of the next one away. It has then no other meaning.
    fn escape_with(&mut self, escape: &[u8]) -> Result<()> {
        let mut rest = whole(escape);
        let first = next(&mut rest);
        let (Some(escape), true) = (first, rest.is_empty()) else {
            return Err(mistake("ESCAPE expression must be a single character"));
        };
        self.escape = Some(escape);
        self.many = self.many.filter(|many| *many != escape);
        self.one = self.one.filter(|one| *one != escape);
        Ok(())
    }

    /// The parts of the pattern. `None` if it ends too early and matches nothing.
    fn pattern(self, mut rest: &[u8]) -> Option<Vec<Part>> {
        let mut parts = Vec::with_capacity(rest.len());
        while let Some(character) = next(&mut rest) {
            let sign = Some(character);
            parts.push(if sign == self.escape {
                Part::Character(next(&mut rest)?)
            } else if sign == self.many {
                Part::Many
            } else if sign == self.one {
                Part::One
            } else if self.sets && character == u32::from('[') {
                set(&mut rest)?
            } else {
                Part::Character(character)
            });
            if let (true, Some(Part::Character(character))) = (self.no_case, parts.last())
                && let Some(letter) = letter(*character)
            {
                parts.pop();
                parts.push(Part::Letter(letter));
            }
        }
        Some(parts)
    }
}

/// A set after its bracket: `abc]`, `a-z]`, `^a-z]`, `]abc]`.
fn set(rest: &mut &[u8]) -> Option<Part> {
    let mut ranges = Vec::new();
    let mut character = next(rest)?;
    let inverted = character == u32::from('^');
    if inverted {
        character = next(rest)?;
    }
    if character == u32::from(']') {
        ranges.push((character, character));
        character = next(rest)?;
    }
    let mut before = 0;
    while character != u32::from(']') {
        let ends = rest.first().is_none_or(|next| *next == b']');
        if character == u32::from('-') && !ends && before > 0 {
            ranges.push((before, next(rest)?));
            before = 0;
        } else {
            ranges.push((character, character));
            before = character;
        }
        character = next(rest)?;
    }
    Some(Part::Set(ranges, inverted))
}

/// Whether all of the text matches. `compares` is told of comparisons before they are made.
fn matches(
    pattern: &[Part],
    mut text: &[u8],
    compares: &mut impl FnMut(u64) -> Result<()>,
) -> Result<bool> {
    let mut at = 0;
    // After the last `Many`: the part behind it, and the text that it has not taken.
    let mut retry: Option<(usize, &[u8])> = None;
    loop {
        compares(1)?;
        let mut rest = text;
        let fits = match pattern.get(at) {
            Some(Part::Many) => {
                at += 1;
                if at == pattern.len() {
                    return Ok(true);
                }
                retry = Some((at, text));
                continue;
            }
            Some(part) => next(&mut rest).is_some_and(|character| part.fits(character)),
            None if text.is_empty() => return Ok(true),
            None => false,
        };
        if fits {
            (at, text) = (at + 1, rest);
            continue;
        }
        let Some((behind, mut left)) = retry else {
            return Ok(false);
        };
        // The last `Many` takes one character more, and all those after it with which the next part cannot begin.
        if next(&mut left).is_none() {
            return Ok(false);
        }
        if let Some(places) = pattern.get(behind).and_then(|part| part.find(left)) {
            compares(places.unwrap_or(left.len()) as u64 / BYTES_PER_COMPARISON)?;
            let Some(place) = places else {
                return Ok(false);
            };
            left = left.get(place..).unwrap_or_default();
        }
        retry = Some((behind, left));
        (at, text) = (behind, left);
    }
}

impl Part {
    fn fits(&self, character: u32) -> bool {
        match self {
            Part::Many => false,
            Part::One => true,
            Part::Character(own) => *own == character,
            Part::Letter(own) => letter(character) == Some(*own),
            Part::Set(ranges, inverted) => {
                let is_in = |(first, last): &(u32, u32)| (*first..=*last).contains(&character);
                ranges.iter().any(is_in) != *inverted
            }
        }
    }

    /// The first place where this part fits, if that can be found without reading each character.
    fn find(&self, text: &[u8]) -> Option<Option<usize>> {
        match self {
            Part::Character(own) => {
                let own = u8::try_from(*own).ok().filter(u8::is_ascii)?;
                Some(memchr::memchr(own, text))
            }
            Part::Letter(own) => Some(memchr::memchr2(*own, own.to_ascii_uppercase(), text)),
            _ => None,
        }
    }
}

/// The letter of ASCII in lower case, if it is one.
fn letter(character: u32) -> Option<u8> {
    let letter = u8::try_from(character).ok()?;
    letter
        .is_ascii_alphabetic()
        .then(|| letter.to_ascii_lowercase())
}

/// Takes the first character, as SQLite reads text that it has not checked: all inner bytes after a first byte
/// belong to it, and what is no character becomes U+FFFD.
fn next(text: &mut &[u8]) -> Option<u32> {
    let (first, mut rest) = text.split_first()?;
    let mut character = u32::from(*first);
    if *first >= 0xc0 {
        character &= match first {
            0xc0..=0xdf => 0x1f,
            0xe0..=0xef => 0x0f,
            0xf0..=0xf7 => 0x07,
            0xf8..=0xfb => 0x03,
            0xfc..=0xfd => 0x01,
            _ => 0,
        };
        while let Some((inner, after)) = rest.split_first()
            && inner & 0xc0 == 0x80
        {
            character = (character << 6).wrapping_add(u32::from(inner & 0x3f));
            rest = after;
        }
        let is_none = character < 0x80
            || character & 0xffff_f800 == 0xd800
            || character & 0xffff_fffe == 0xfffe;
        if is_none {
            character = 0xfffd;
        }
    }
    *text = rest;
    Some(character)
}
