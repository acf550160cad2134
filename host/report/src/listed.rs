//! Lists of what a component contains, up to a bound, and how many names of such a list a message shows. Two
//! bytes of a component can add an item, while each item takes a hundred bytes here and in everything that is
//! made from the list.

use std::ops::Deref;

use crate::limits::{LISTED, LISTED_BYTES, SHOWN_BYTES, SHOWN_NAMES};

/// The first items of one kind in a component, and the number of further items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    items: Vec<T>,
    bytes: usize,
    omitted: u64,
}

impl<T> Default for Listed<T> {
    fn default() -> Listed<T> {
        Listed {
            items: Vec::new(),
            bytes: 0,
            omitted: 0,
        }
    }
}

impl<T> Listed<T> {
    /// Whether the component has no such item at all.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty() && self.omitted == 0
    }

    /// The number of items that are only counted. Of each kind, at most 1 000 are kept, and 128 KiB of their
    /// text.
    pub fn omitted(&self) -> u64 {
        self.omitted
    }

    /// Adds an item whose text has that many bytes. The item is made only if there is room for it. After the
    /// first item without room, no item is added.
    pub fn push_with(&mut self, bytes: usize, item: impl FnOnce() -> T) {
        let bytes = self.bytes.saturating_add(bytes);
        if self.omitted > 0 || self.items.len() == LISTED || bytes > LISTED_BYTES {
            self.omitted += 1;
            return;
        }
        self.bytes = bytes;
        self.items.push(item());
    }
}

impl Listed<String> {
    /// Adds a name.
    pub fn push(&mut self, name: &str) {
        self.push_with(name.len(), || name.to_owned());
    }
}

impl<S: AsRef<str>> FromIterator<S> for Listed<String> {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Listed<String> {
        let mut listed = Listed::default();
        names
            .into_iter()
            .for_each(|name| listed.push(name.as_ref()));
        listed
    }
}

impl<T> Deref for Listed<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.items
    }
}

/// The first names, in backticks, and the number of further names.
pub(crate) fn quoted(names: &Listed<String>) -> String {
    shown(names, |name| format!("`{}`", short(name)))
}

/// The first items as `write` writes them, and the number of further items.
pub(crate) fn shown<T>(names: &Listed<T>, write: impl Fn(&T) -> String) -> String {
    let shown: Vec<_> = names.iter().take(SHOWN_NAMES).map(write).collect();
    match (names.len() - shown.len()) as u64 + names.omitted {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// A name, cut to the length that a message shows.
pub(crate) fn short(name: &str) -> String {
    let start = cut(name, SHOWN_BYTES);
    if start.len() < name.len() {
        return format!("{start}…");
    }
    start.to_owned()
}

/// The beginning of a text, with at most that many bytes.
pub fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_past_either_bound_is_counted_and_not_made() {
        for (bytes, kept) in [(0, LISTED), (131, LISTED), (200, LISTED_BYTES / 200)] {
            let (mut listed, mut made) = (Listed::default(), 0);
            for _ in 0..5_000 {
                listed.push_with(bytes, || made += 1);
            }
            assert_eq!((listed.len(), made), (kept, kept), "{bytes}");
            assert_eq!(listed.omitted(), (5_000 - kept) as u64, "{bytes}");
        }
        // Items after the first one that was left out are left out as well, so a list has no holes.
        let mut listed = Listed::default();
        listed.push_with(LISTED_BYTES + 1, || "large");
        listed.push_with(1, || "small");
        assert_eq!((listed.len(), listed.omitted()), (0, 2));
        assert!(!listed.is_empty());
    }

    #[test]
    fn a_message_shows_some_names_and_counts_the_rest() {
        let names = |count: usize| vec!["a"; count].into_iter().collect();
        assert_eq!(quoted(&names(2)), "`a`, `a`");
        assert_eq!(quoted(&names(20)), vec!["`a`"; 20].join(", "));
        let shown = vec!["`a`"; 20].join(", ");
        assert_eq!(quoted(&names(123)), format!("{shown} and 103 more"));
        assert_eq!(quoted(&names(9_999)), format!("{shown} and 9979 more"));
        let long = ["é".repeat(50_000), "é".repeat(50_000)];
        let long = long.into_iter().collect();
        let expected = format!("`{}…` and 1 more", "é".repeat(100));
        assert_eq!(quoted(&long), expected);
    }
}
