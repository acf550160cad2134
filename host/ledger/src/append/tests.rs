//! Appending without space, to many pages, and to pages that are not what they say.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use super::append;
use crate::database::Database;
use crate::draft::tests::opening;
use crate::pages::{appending_flaw, pages, structural_flaw};
use crate::{LedgerError, LedgerKey, Reader, Trust, create, verify};

/// For SQLite, a database that may not grow is like a full disk.
#[test]
fn without_space_nothing_is_appended_and_with_space_all_of_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.ledger");
    let key = LedgerKey::from_seed(&[7; 32]);
    create(&path, "node", &key.public_key(), 0).unwrap();
    let database = Database::open(&path, Duration::ZERO).unwrap();
    let pages = |database: &Database, pages: u32| {
        let sql = format!("PRAGMA max_page_count = {pages}");
        database.connection.query_row(&sql, (), |_| Ok(())).unwrap();
    };
    // As many pages as there are.
    pages(&database, 1);
    // The first draft would fit into the space that is left in its pages, but it fails with the others.
    let groups = [(opening(10), None), (opening(100_000), None)];
    let ended = append(&database, "node", groups);
    assert!(matches!(ended, Err(LedgerError::Full { .. })));
    let entries = || verify(&Reader::open(&path).unwrap(), &Trust::default()).map(|v| v.entries);
    assert_eq!(entries().unwrap(), 1);
    pages(&database, 1 << 30);
    let groups = [(opening(10), None), (opening(100_000), None)];
    let appended = append(&database, "node", groups).unwrap();
    assert_eq!(appended[1].first, 3);
    assert_eq!(entries().unwrap(), 3);
}

/// With pages of 512 bytes, so that there are many levels.
fn small_ledger(folder: &Path) -> PathBuf {
    let path = folder.join("audit.ledger");
    let key = LedgerKey::from_seed(&[7; 32]);
    create(&path, "node", &key.public_key(), 0).unwrap();
    let connection = Connection::open(&path).unwrap();
    let sql = "PRAGMA journal_mode = DELETE; PRAGMA page_size = 512; VACUUM";
    connection.execute_batch(sql).unwrap();
    path
}

#[test]
fn a_ledger_is_in_order_however_it_grows() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(&small_ledger(folder.path()), Duration::ZERO).unwrap();
    let levels = |database: &Database| {
        let sql = "SELECT max(length(path) - length(replace(path, '/', ''))) FROM dbstat WHERE name = 'entries'";
        database
            .connection
            .query_row(sql, (), |row| row.get::<_, u32>(0))
            .unwrap()
    };
    // Each step checks the pages, and not the whole file.
    assert!(pages(&database.connection).unwrap().is_some());
    for step in 0..400_usize {
        // Some are long enough for pages of their own.
        let lengths = (0..1 + step % 7).map(|index| (step * 31 + index * 977) % 2_000);
        let groups = lengths.map(|bytes| (opening(bytes), None));
        append(&database, "node", groups).unwrap();
        let flaw = appending_flaw(&database.connection, &database.path);
        assert_eq!(flaw.unwrap(), None);
    }
    assert_eq!(structural_flaw(&database.connection).unwrap(), None);
    assert!(levels(&database) >= 3, "{}", levels(&database));
}

/// Checks each word in the head of each page that is read. Everything that SQLite finds wrong in it must be found
/// here.
#[test]
fn a_page_that_describes_itself_wrongly_is_found_where_the_next_entry_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = small_ledger(folder.path());
    let database = Database::open(&path, Duration::ZERO).unwrap();
    append(&database, "node", (0..400).map(|_| (opening(40), None))).unwrap();
    // The last leaf and the pages above it.
    let sql = "WITH pages AS (SELECT pageno, path FROM dbstat WHERE name = 'entries' AND pagetype != 'overflow')
               SELECT pageno FROM pages WHERE (SELECT max(path) FROM pages) LIKE path || '%'
               UNION SELECT rootpage FROM sqlite_schema WHERE name = 'ledger'";
    let mut statement = database.connection.prepare(sql).unwrap();
    let numbers = statement.query_map((), |row| row.get::<_, u32>(0)).unwrap();
    let numbers: Vec<u32> = numbers.map(Result::unwrap).collect();
    assert_eq!(numbers.len(), 4);
    drop(statement);
    drop(database);
    let whole = fs::read(&path).unwrap();
    let mut found = 0;
    // And the number of pages that the file says it has.
    let heads = numbers
        .iter()
        .flat_map(|&number| (0..12).map(move |at| (number, at)));
    let words = heads.chain((28..32).map(|at| (1, at)));
    for (number, at, bits) in
        words.flat_map(|(number, at)| [0x01, 0x10, 0xff].map(|bits| (number, at, bits)))
    {
        let mut changed = whole.clone();
        changed[(number as usize - 1) * 512 + at] ^= bits;
        fs::write(&path, &changed).unwrap();
        let connection = Connection::open(&path).unwrap();
        let is_whole = structural_flaw(&connection).is_ok_and(|flaw| flaw.is_none());
        drop(connection);
        let opened = Database::open(&path, Duration::ZERO);
        // If a page belongs to another one, the last entry is not the one that the ledger records.
        let appended = opened.and_then(|database| append(&database, "node", [(opening(40), None)]));
        assert_eq!(
            appended.is_ok(),
            is_whole,
            "page {number}, byte {at}, {bits:#04x}"
        );
        found += u32::from(!is_whole);
    }
    assert!(found > 100, "{found}");
}
