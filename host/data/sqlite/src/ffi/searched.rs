//! The memory of searches of full text, which shows their work.

use std::cell::Cell;

use super::pages;
use crate::limits::{LARGE_BYTES, NEAR_PHRASE_BYTES, SEARCHED_BYTES};

/// What FTS5 allocates while it moves from one document to the next. It reads the places of words into memory before it
/// compares them, so its memory shows its work.
struct Search {
    /// Whether the thread makes a call.
    active: Cell<bool>,
    /// Whose places are compared with each other: 0 if no places are compared, 1 for phrases, and for `NEAR` the number of its
    /// phrases.
    compared: Cell<u64>,
    /// The most that counts now. It is 0 outside of searches.
    most: Cell<u64>,
    /// The bytes of allocations that hold places. Smaller ones may be of a statement that FTS5 compiles once for a connection.
    bytes: Cell<u64>,
    /// The same, multiplied with what is compared.
    compared_bytes: Cell<u64>,
    /// The bytes of large allocations that are held now.
    held: Cell<i64>,
    refused: Cell<bool>,
}

impl Search {
    const fn new() -> Search {
        Search {
            active: Cell::new(false),
            compared: Cell::new(0),
            most: Cell::new(0),
            bytes: Cell::new(0),
            compared_bytes: Cell::new(0),
            held: Cell::new(0),
            refused: Cell::new(false),
        }
    }

    fn compared(&self) -> u64 {
        self.compared.get().min(self.most.get())
    }

    /// Whether this much more may be held. FTS5 compares each place with those of all other phrases, and nothing interrupts it
    /// within a document.
    fn allows(&self, size: usize, bytes: i64) -> bool {
        let compared = match self.most.get() {
            u64::MAX => self.compared.get(),
            _ => 0,
        };
        if compared == 0 || size < LARGE_BYTES || pages::are_allocated() {
            return true;
        }
        let held = u64::try_from(self.held.get().saturating_add(bytes)).unwrap_or_default();
        let is_allowed = held.saturating_mul(compared) <= NEAR_PHRASE_BYTES;
        if !is_allowed {
            self.refused.set(true);
        }
        is_allowed
    }

    /// Notes an allocation that is no page in a cache. Returns whether it is held for a search.
    fn add(&self, size: usize) -> bool {
        if self.most.get() == 0 || size < SEARCHED_BYTES {
            return false;
        }
        let bytes = size as u64;
        self.bytes.set(self.bytes.get().saturating_add(bytes));
        let more = bytes.saturating_mul(self.compared());
        self.compared_bytes
            .set(self.compared_bytes.get().saturating_add(more));
        let is_held = size >= LARGE_BYTES;
        if is_held {
            self.held.set(self.held.get().saturating_add(size as i64));
        }
        is_held
    }

    fn reset(&self, active: bool) {
        self.active.set(active);
        self.compared.set(0);
        self.most.set(0);
        self.bytes.set(0);
        self.compared_bytes.set(0);
        self.held.set(0);
        self.refused.set(false);
    }
}

thread_local! {
    static SEARCH: Search = const { Search::new() };
}

/// A call begins or ends on this thread.
pub(super) fn reset(active: bool) {
    SEARCH.with(|search| search.reset(active));
}

/// Whether a search on this thread may hold so many bytes more, with an allocation of this size.
pub(super) fn allows(size: usize, bytes: i64) -> bool {
    SEARCH.with(|search| search.allows(size, bytes))
}

/// Notes an allocation that is no page in a cache. Returns whether it is held for a search.
pub(super) fn add(size: usize) -> bool {
    SEARCH.with(|search| search.add(size))
}

/// Notes that an allocation for a search was freed.
pub(super) fn subtract(bytes: i64) {
    SEARCH.with(|search| search.held.set(search.held.get().saturating_sub(bytes)));
}

/// What searches on this thread allocated since the last call of [`take_searched`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Searched {
    pub(crate) bytes: u64,
    /// The bytes, multiplied with the phrases whose places were compared.
    pub(crate) compared_bytes: u64,
}

pub(crate) fn take_searched() -> Searched {
    SEARCH.with(|search| Searched {
        bytes: search.bytes.take(),
        compared_bytes: search.compared_bytes.take(),
    })
}

/// From here on, the call's searches compare the places of so many phrases, or of more.
pub(crate) fn search_compares(phrases: u64) {
    SEARCH.with(|search| {
        search.compared.set(search.compared.get().max(phrases));
    });
}

/// What a part of a search does.
#[derive(Clone, Copy)]
pub(super) enum Part {
    /// It looks for the next document.
    Search,
    /// It works on one document that was found, and counts each phrase alone.
    Function,
    /// It makes a statement of its own, which searches.
    Statement,
}

/// Runs a part of a search, which counts if the thread makes a call. Returns whether it was refused memory because it would
/// compare too much.
pub(super) fn in_search<T>(part: Part, work: impl FnOnce() -> T) -> (T, bool) {
    SEARCH.with(|search| {
        let before = search.most.replace(match part {
            _ if !search.active.get() => 0,
            Part::Search => u64::MAX,
            Part::Function => 1,
            Part::Statement => 0,
        });
        let done = work();
        search.most.set(before);
        (done, search.refused.take())
    })
}
