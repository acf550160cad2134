//! Searches of full text: which patterns and documents are too much for FTS5, and what its functions cost. FTS5 does all work on one
//! document in one step, and nothing interrupts it.

mod pattern;

use std::cell::Cell;

use rusqlite::{Connection, Result};

use crate::ffi::{self, Auxiliary, Found, Of, Searches, Tokens};
use crate::limits::{
    HIGHLIGHT_BYTES, NEAR_PHRASES, PHRASE_WORDS, PLACES_TIMES_PHRASES, SEARCH_BYTES,
    SEARCH_PHRASES, SNIPPET_PLACES,
};
use crate::price;
use crate::work;

/// What is more than FTS5 may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TooMuch {
    Bytes(usize),
    Phrases(usize),
    PhraseWords(u64),
    NearPhrases(usize),
    /// The places of phrases that are compared with each other.
    Compared,
    /// For one of FTS5's functions, by name.
    Places(&'static str),
}

thread_local! {
    static TOO_MUCH: Cell<Option<TooMuch>> = const { Cell::new(None) };
}

/// A statement begins on this thread.
pub(crate) fn begin() {
    TOO_MUCH.set(None);
}

/// Why a search of the statement was refused.
pub(crate) fn take_refused() -> Option<TooMuch> {
    TOO_MUCH.take()
}

/// Watches the functions of full text on a connection.
pub(crate) fn install(connection: &Connection) -> Result<()> {
    ffi::count_tokens(connection, may_go_on)?;
    ffi::replace_auxiliaries(connection, &AUXILIARIES)
}

/// Watches the searches in a full-text table. The table has a quoted name.
pub(crate) fn watch(connection: &Connection, table: &str) -> Result<()> {
    let told = Searches {
        may_begin,
        too_large: || refuse(TooMuch::Compared),
    };
    ffi::watch_searches(connection, table, told)
}

fn refuse(why: TooMuch) {
    TOO_MUCH.set(Some(why));
}

fn may_begin(text: &[u8]) -> bool {
    let phrases = pattern::phrases(text);
    let too_much = if text.len() > SEARCH_BYTES {
        TooMuch::Bytes(text.len())
    } else if phrases.all > SEARCH_PHRASES {
        TooMuch::Phrases(phrases.all)
    } else if phrases.near > NEAR_PHRASES {
        TooMuch::NearPhrases(phrases.near)
    } else {
        let compared = phrases.compared() as u64;
        ffi::search_compares(compared);
        let pairs = compared.saturating_mul(compared);
        return work::charge(price::COMPARED_PHRASES.saturating_mul(pairs)).is_ok();
    };
    refuse(too_much);
    false
}

/// Pays for a text that FTS5 has split into words.
fn may_go_on(tokens: &Tokens) -> bool {
    match tokens.of {
        Of::Pattern | Of::Prefix => {
            let is_prefix = tokens.of == Of::Prefix;
            work::note_words(tokens.bytes, is_prefix);
            if tokens.words > 1 || is_prefix {
                ffi::search_compares(1);
            }
            let is_allowed = tokens.words <= PHRASE_WORDS;
            if !is_allowed {
                refuse(TooMuch::PhraseWords(tokens.words));
            }
            is_allowed
        }
        Of::Document => work::charge(price::DOCUMENT_WORD.saturating_mul(tokens.words)).is_ok(),
        Of::Function => work::charge(price::READ_WORD.saturating_mul(tokens.words)).is_ok(),
    }
}

static AUXILIARIES: [Auxiliary; 3] = [
    Auxiliary {
        name: c"bm25",
        reads_text: false,
        may_call: |found| may_call("bm25", found, 0, true),
    },
    Auxiliary {
        name: c"highlight",
        reads_text: true,
        may_call: |found| {
            let marks = found.places.saturating_mul(found.mark_bytes);
            let made = found.text_bytes.saturating_add(marks);
            let copied = found.places.saturating_mul(made);
            let cost = copied / price::HIGHLIGHT_BYTES;
            may_call("highlight", found, cost, copied <= HIGHLIGHT_BYTES)
        },
    },
    Auxiliary {
        name: c"snippet",
        reads_text: true,
        may_call: |found| {
            let looks = found.places.saturating_mul(found.places);
            let cost = price::SNIPPET_PLACE.saturating_mul(looks);
            may_call("snippet", found, cost, found.places <= SNIPPET_PLACES)
        },
    },
];

/// Charges for a call of this function, which costs this much beyond the sorting of the places.
fn may_call(name: &'static str, found: &Found, cost: u64, is_allowed: bool) -> bool {
    let places = found.places.saturating_mul(found.phrases);
    if !is_allowed || places > PLACES_TIMES_PHRASES {
        refuse(TooMuch::Places(name));
        return false;
    }
    let cost = price::PLACE.saturating_mul(places).saturating_add(cost);
    work::charge(cost).is_ok()
}
