//! What a name may be: event types, sources, apps and tasks.

use crate::limits::{NAME_BYTES, TYPE_BYTES};
use crate::refusal::{Code, EventError};

/// Checks the type of an event. It is in kebab case: words of small letters and digits, with `-` between them.
///
/// # Errors
///
/// If it is not.
pub fn check_type(name: &str) -> Result<(), EventError> {
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    let is_kebab =
        name.starts_with(|c: char| c.is_ascii_lowercase()) && name.split('-').all(is_word);
    match is_kebab && name.len() <= TYPE_BYTES {
        true => Ok(()),
        false => Err(EventError::new(
            Code::Malformed,
            format!("event type `{}` is not a name", shown(name)),
        )
        .hint(format!(
            "use at most {TYPE_BYTES} small letters and digits, with `-` between words: `duty-changed`"
        ))),
    }
}

/// Checks another name, which is for people. `what` is the field.
///
/// # Errors
///
/// If it is empty, too long, or has control characters.
pub fn check_name(what: &str, name: &str) -> Result<(), EventError> {
    let is_plain = !name.is_empty() && !name.chars().any(char::is_control);
    match is_plain && name.len() <= NAME_BYTES {
        true => Ok(()),
        false => Err(EventError::new(
            Code::Malformed,
            format!("{what} `{}` is not a name", shown(name)),
        )
        .hint(format!(
            "use 1 to {NAME_BYTES} bytes of text without control characters"
        ))),
    }
}

/// A name in a message: short, and without characters that a terminal obeys.
pub(crate) fn shown(name: &str) -> String {
    const SHOWN_CHARACTERS: usize = 80;
    let mut shown: String = name
        .chars()
        .take(SHOWN_CHARACTERS)
        .flat_map(char::escape_debug)
        .collect();
    if name.chars().nth(SHOWN_CHARACTERS).is_some() {
        shown.push('…');
    }
    shown
}
