//! The pages of the database that a run asked for last. They tell which pages SQLite has likely copied from the system.
//!
//! A page that is not in SQLite's cache takes four times as long as one that is. Which pages are there is not always the same for
//! the same run: it depends on the room that dirty pages take, on a query that was tried before on another thread, and on what the
//! host read. So a run has a cache of its own that holds only numbers of pages. It is empty when the run begins, as SQLite's cache
//! is then, and each page that the run's statements ask for replaces the page that has its slot. A page that is not in its slot
//! costs as much as one that is copied. This depends on nothing but the pages that the statements ask for.
//!
//! *A page that is in its slot and not in SQLite's cache is rare.* SQLite's cache keeps the C pages that were asked for last, and
//! there are N slots. To lose a page, SQLite must have been asked for C others since. At most N of them were in their slots
//! all that time, so C - N were paid for as copies. Meanwhile each slot can hide one copy. So N / (C - N) copies at most go with
//! each one that is paid for. N is about a quarter of C, so a third of a copy is hidden at most.
//!
//! *A run that changes something has fewer slots.* SQLite keeps changed pages until nine tenths of its cache are full of them, so a tenth is
//! left for the others.

use std::cell::Cell;

use crate::limits::CACHE_KIB;

/// The most slots, for pages of the usual 4 KiB. SQLite's cache has 483 of them.
const SLOTS: usize = 128;

/// So many times fewer slots has a run that changes something.
const FEWER: usize = 8;

/// The slots of one run, and what a page costs that is copied.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recent {
    pages: [u32; SLOTS],
    slots: usize,
    pub(crate) page_bytes: u64,
}

impl Default for Recent {
    fn default() -> Recent {
        Recent::new(4_096)
    }
}

impl Recent {
    /// The slots for a database with pages of this size. None has a page: SQLite's pages begin with 1.
    pub(crate) fn new(page_bytes: u64) -> Recent {
        let cached = (CACHE_KIB as u64 * 1024 / page_bytes.max(1)) as usize;
        let slots = (cached / 3).clamp(1, SLOTS);
        Recent {
            pages: [0; SLOTS],
            // The largest power of two.
            slots: 1 << slots.ilog2(),
            page_bytes,
        }
    }

    /// From here on, changed pages take room in SQLite's cache.
    pub(crate) fn changes(&mut self) {
        let most = Recent::new(self.page_bytes).slots;
        self.slots = (most / FEWER).max(1);
    }
}

/// Pages that were asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pages {
    pub(crate) asked: u64,
    /// Those of them that were not in their slot.
    pub(crate) copied: u64,
}

/// What a statement on this thread asks for.
struct Asked {
    slots: Cell<usize>,
    pages: [Cell<u32>; SLOTS],
    asked: Cell<u64>,
    copied: Cell<u64>,
}

thread_local! {
    static ASKED: Asked = const {
        Asked {
            slots: Cell::new(1),
            pages: [const { Cell::new(0) }; SLOTS],
            asked: Cell::new(0),
            copied: Cell::new(0),
        }
    };
}

/// Begins a statement of the run on this thread.
pub(crate) fn begin(recent: &Recent) {
    ASKED.with(|asked| {
        asked.slots.set(recent.slots);
        for (slot, page) in asked.pages.iter().zip(recent.pages) {
            slot.set(page);
        }
        asked.asked.set(0);
        asked.copied.set(0);
    });
}

/// Keeps what was noted for the run's next statement.
pub(crate) fn end(recent: &mut Recent) {
    ASKED.with(|asked| {
        for (page, slot) in recent.pages.iter_mut().zip(&asked.pages) {
            *page = slot.get();
        }
    });
}

/// A page that the statement gets from SQLite's cache.
pub(crate) fn note(page: u32) {
    ASKED.with(|asked| {
        asked.asked.set(asked.asked.get() + 1);
        let slot = &asked.pages[(page as usize % SLOTS) & (asked.slots.get() - 1)];
        if slot.replace(page) != page {
            asked.copied.set(asked.copied.get() + 1);
        }
    });
}

/// The pages since this was last called.
pub(crate) fn take() -> Pages {
    ASKED.with(|asked| Pages {
        asked: asked.asked.take(),
        copied: asked.copied.take(),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use fractalaw_data_call::Unlimited;
    use rusqlite::Connection;

    use super::*;
    use crate::ffi::Engine;
    use crate::grants::Grants;
    use crate::guard::lock;
    use crate::inner::Conditions;
    use crate::store::Store;
    use crate::work::Used;

    /// Tables with more pages than SQLite's cache holds: rows of 20 bytes with an index, rows of 8 KB, and words.
    const SET_UP: &str = "
CREATE TABLE rows (id INTEGER PRIMARY KEY, k INTEGER UNIQUE, name TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
    INSERT INTO rows SELECT i, i * 7919 % 60013, 'row ' || i FROM n;
CREATE TABLE long (id INTEGER PRIMARY KEY, body TEXT);
INSERT INTO long SELECT id, hex(zeroblob(4000)) FROM rows WHERE id <= 800;
CREATE TABLE other (body TEXT);
INSERT INTO other SELECT body FROM long;
CREATE VIRTUAL TABLE words USING fts5(body);
INSERT INTO words SELECT name FROM rows WHERE id <= 3000;
";

    /// Each is a run: the statements are separated by a line.
    const RUNS: [&str; 12] = [
        "SELECT name FROM rows WHERE id = 777",
        "SELECT name FROM rows WHERE k = 777\nSELECT name FROM rows WHERE k = 777",
        "SELECT sum(length(name)) FROM rows\nSELECT sum(length(name)) FROM rows",
        "SELECT sum(length(b.name)) FROM rows a JOIN rows b ON b.id = a.k",
        "SELECT max(body) FROM long\nSELECT sum(length(body)) FROM long",
        "SELECT count(*) FROM (SELECT DISTINCT body || id FROM long)",
        "SELECT rowid FROM words WHERE words MATCH 'row AND 77' ORDER BY rank",
        "UPDATE rows SET name = name || '!' WHERE k % 97 = 1\nSELECT max(name) FROM rows",
        "INSERT INTO long (body) SELECT body FROM long\nSELECT max(body) FROM long",
        "DELETE FROM long WHERE id % 2 = 0\nINSERT INTO long (body) SELECT name FROM rows",
        "INSERT INTO rows SELECT id + 60000, k + 60013, name FROM rows ORDER BY id\nINSERT INTO rows (k) SELECT 1",
        "INSERT INTO words SELECT name FROM rows WHERE id < 500\nSELECT count(*) FROM words WHERE words MATCH 'row'",
    ];

    /// What the runs cost on connections that are prepared in some way, and the pages that SQLite did copy.
    fn costs(store: &Store, prepare: impl Fn(&Engine)) -> (Vec<Used>, u64) {
        let mut misses = 0;
        let used = RUNS.map(|run| {
            store.rest();
            let grants = Arc::new(Grants::new(&["*"], &["*"]).unwrap());
            let budget = Box::new(Unlimited::default());
            let mut own = store.run(grants, Conditions::default(), budget);
            own.query("SELECT 2").unwrap();
            let desk = &own.open.as_ref().unwrap().desk;
            // What follows is not the run's to pay.
            lock(&desk.work).is_settling = true;
            prepare(&desk.engine);
            lock(&desk.work).is_settling = false;
            for sql in run.lines() {
                // Two of them fail: a key is there already.
                let _ = match sql.starts_with("SELECT") {
                    true => own.query(sql).map(drop),
                    false => own.execute(sql).map(drop),
                };
            }
            misses += own.open.as_ref().unwrap().desk.engine.take_misses();
            own.used()
        });
        (used.to_vec(), misses)
    }

    /// The cache is empty, full of other pages, full of the same pages, as small as it gets, and larger than the database. Or the pages are in
    /// SQLite's log and not in the file. If the pages were counted that SQLite did copy, these would not cost the same.
    #[test]
    fn what_is_in_sqlites_cache_is_no_part_of_the_price() {
        let store = Store::temporary(|connection| connection.execute_batch(SET_UP)).unwrap();
        let sized = |pages: u32| {
            move |engine: &Engine| {
                let sql = format!("PRAGMA cache_size = {pages}");
                engine.connection().execute_batch(&sql).unwrap();
            }
        };
        let reads = |sql: &'static str| {
            move |engine: &Engine| {
                let first = |_: &rusqlite::Row<'_>| Ok(());
                engine.connection().query_row(sql, (), first).unwrap();
                engine.take_misses();
            }
        };
        let (new, copies) = costs(&store, |_| {});
        let mut keeps = None;
        let in_log = Store::temporary(|connection| {
            // With another connection, the log stays when this one is closed.
            connection.execute_batch("PRAGMA wal_autocheckpoint = 0")?;
            let other = Connection::open(connection.path().unwrap())?;
            other.query_row("SELECT count(*) FROM sqlite_schema", (), |_| Ok(()))?;
            keeps = Some(other);
            connection.execute_batch(SET_UP)
        });
        let in_log = in_log.unwrap();
        let others = [
            costs(&store, reads("SELECT sum(length(body)) FROM other")),
            costs(
                &store,
                reads("SELECT sum(length(name) + k) FROM rows NOT INDEXED"),
            ),
            costs(&store, sized(8)),
            costs(&store, sized(20_000)),
            costs(&in_log, |_| {}),
        ];
        drop(keeps);
        let mut all_copies = BTreeSet::from([copies]);
        for (used, copies) in others {
            for ((run, one), other) in RUNS.iter().zip(&new).zip(&used) {
                assert_eq!(one, other, "{run}");
            }
            all_copies.insert(copies);
        }
        assert_eq!(all_copies.len(), 6, "SQLite copied {all_copies:?} pages");
    }

    /// A page costs as a copy once, as long as it is in its slot.
    #[test]
    fn a_page_is_copied_when_another_had_its_slot() {
        let noted = |recent: &mut Recent, pages: &[u32]| {
            begin(recent);
            pages.iter().copied().for_each(note);
            end(recent);
            let pages = take();
            (pages.asked, pages.copied)
        };
        let mut recent = Recent::new(4_096);
        assert_eq!(noted(&mut recent, &[1, 2, 1, 2, 3]), (5, 3));
        assert_eq!(noted(&mut recent, &[1, 2, 129, 1, 2]), (5, 2));
        recent.changes();
        assert_eq!(noted(&mut recent, &[1, 17, 1, 2]), (4, 2));
    }

    /// SQLite's cache has a size in bytes, and the slots follow it.
    #[test]
    fn large_pages_have_few_slots() {
        let slots = [512, 4_096, 8_192, 65_536].map(|bytes| Recent::new(bytes).slots);
        assert_eq!(slots, [128, 128, 64, 8]);
    }
}
