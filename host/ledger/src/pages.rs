//! Whether the pages that the next entries go into describe their space rightly.
//!
//! SQLite believes a page that says where it has space, and writes there: a wrong word in its head, and an append
//! goes over entries that were whole. `PRAGMA quick_check` finds that by reading the whole file, which takes half a
//! second for a million entries. An append changes the last page of each level, so looking at these is enough, and
//! it takes microseconds whatever the size. The layout is that of <https://sqlite.org/fileformat2.html>.

use std::collections::BTreeSet;
use std::fs;

use rusqlite::{Connection, Statement};

use crate::database::Database;
use crate::error::LedgerError;

const LEAF: u8 = 13;
const INTERIOR: u8 = 5;

/// When a page is divided, SQLite moves cells between it and at most two before it.
const REBALANCED: usize = 3;

/// Fails if a page that appending writes into is not what it says. What cannot be looked at page by page is read as
/// a whole.
pub(crate) fn check_appendable(database: &Database) -> Result<(), LedgerError> {
    let connection = &database.connection;
    let damaged = |message| LedgerError::Corrupt {
        path: database.path.clone(),
        message,
    };
    database.map(connection.execute_batch("BEGIN"))?;
    let found = database.map(flaw(database));
    database.map(connection.execute_batch("ROLLBACK"))?;
    found?.map_or(Ok(()), |message| Err(damaged(message)))
}

/// Reads the whole file, if only its structure, and says the first flaw in it.
pub(crate) fn structural_flaw(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let said: String = connection.query_row("PRAGMA quick_check(1)", (), |row| row.get(0))?;
    Ok((said != "ok").then(|| said.escape_debug().to_string()))
}

fn flaw(database: &Database) -> rusqlite::Result<Option<String>> {
    let connection = &database.connection;
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, u32>(0));
    // Neither is so in a ledger as we make it: pages that are free, or a map of all pages.
    let as_made = number("freelist_count")? == 0 && number("auto_vacuum")? == 0;
    let Some(mut page) = pages(connection)?.filter(|_| as_made) else {
        return structural_flaw(connection);
    };
    let (count, size) = (number("page_count")?, number("page_size")?);
    // New pages come after the last one that the file says it has, so there must be none.
    let bytes = u64::from(count) * u64::from(size);
    if fs::metadata(&database.path).is_ok_and(|file| file.len() > bytes) {
        return Ok(Some(format!("it has more than its {count} pages")));
    }
    let first: Vec<u8> = page.query_row([1], |row| row.get(0))?;
    let reserved = first.get(20).copied().unwrap_or_default();
    let mut walk = Walk {
        page,
        count,
        usable: first.len() - usize::from(reserved),
        seen: BTreeSet::from([1]),
    };
    for table in ["ledger", "entries"] {
        let sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?";
        let root = connection.query_row(sql, [table], |row| row.get(0))?;
        if let Some(flaw) = walk.last_pages(root)? {
            return Ok(Some(flaw));
        }
    }
    Ok(None)
}

/// Gives a page by its number as this transaction sees it, in the log or in the file. None where SQLite was built
/// without the table of pages, which `.cargo/config.toml` asks for.
fn pages(connection: &Connection) -> rusqlite::Result<Option<Statement<'_>>> {
    match connection.prepare("SELECT data FROM sqlite_dbpage WHERE pgno = ?") {
        Err(rusqlite::Error::SqliteFailure(_, Some(said))) if said.contains("no such table") => {
            Ok(None)
        }
        prepared => prepared.map(Some),
    }
}

struct Walk<'a> {
    page: Statement<'a>,
    count: u32,
    /// Bytes of a page that cells may be in.
    usable: usize,
    seen: BTreeSet<u32>,
}

impl Walk<'_> {
    /// Goes down from the root as the next entry will.
    fn last_pages(&mut self, root: u32) -> rusqlite::Result<Option<String>> {
        let mut level = vec![root];
        while !level.is_empty() {
            let mut last = None;
            for number in level {
                if !(1..=self.count).contains(&number) || !self.seen.insert(number) {
                    return Ok(Some(format!("page {number} stands twice or not at all")));
                }
                let bytes: Vec<u8> = self.page.query_row([number], |row| row.get(0))?;
                let Some(page) = Page::read(&bytes, self.usable) else {
                    return Ok(Some(format!("page {number} describes its space wrongly")));
                };
                last = Some(page);
            }
            level = last.map_or_else(Vec::new, |page| page.children);
            level.drain(..level.len().saturating_sub(REBALANCED));
        }
        Ok(None)
    }
}

/// A page of a table, of which each byte is accounted for.
struct Page {
    /// Pages below it, in the order of their entries.
    children: Vec<u32>,
}

impl Page {
    fn read(bytes: &[u8], usable: usize) -> Option<Page> {
        let bytes = bytes.get(..usable)?;
        let kind = *bytes.first()?;
        let head = match kind {
            LEAF => 8,
            INTERIOR => 12,
            _ => return None,
        };
        let cells = word(bytes, 3)?;
        let content = match word(bytes, 5)? {
            0 => 0x1_0000,
            content => content,
        };
        if content < head + 2 * cells || content > usable {
            return None;
        }
        let mut children = Vec::new();
        let mut taken = Vec::new();
        for cell in 0..cells {
            let at = word(bytes, head + 2 * cell)?;
            let length = if kind == LEAF {
                leaf_cell(bytes.get(at..)?, usable)?
            } else {
                children.push(long(bytes, at)?);
                4 + varint(bytes.get(at + 4..)?)?.1
            };
            taken.push((at, length));
        }
        if kind == INTERIOR {
            children.push(long(bytes, 8)?);
        }
        let mut free = word(bytes, 1)?;
        while free != 0 {
            let (next, length) = (word(bytes, free)?, word(bytes, free + 2)?);
            // They stand in order, so there is an end to them.
            if length < 4 || next != 0 && next < free + length {
                return None;
            }
            taken.push((free, length));
            free = next;
        }
        taken.sort_unstable();
        let (mut end, mut lost) = (content, 0);
        for (at, length) in taken {
            lost += at.checked_sub(end)?;
            end = at + length;
        }
        lost += usable.checked_sub(end)?;
        (lost == usize::from(bytes[7])).then_some(Page { children })
    }
}

/// The bytes that a cell of a leaf takes in its page; the rest of a long entry is in pages of its own.
fn leaf_cell(cell: &[u8], usable: usize) -> Option<usize> {
    let (payload, first) = varint(cell)?;
    let (_, second) = varint(&cell[first..])?;
    let payload = usize::try_from(payload).ok()?;
    let (most, least) = (usable - 35, (usable - 12) * 32 / 255 - 23);
    let local = if payload <= most {
        payload
    } else {
        let fitting = least + (payload - least) % (usable - 4);
        4 + if fitting <= most { fitting } else { least }
    };
    Some((first + second + local).max(4))
}

/// A number of one to nine bytes, and how many.
fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut number = 0;
    for (index, &byte) in bytes.iter().enumerate().take(9) {
        if index == 8 {
            return Some((number << 8 | u64::from(byte), 9));
        }
        number = number << 7 | u64::from(byte & 0x7f);
        if byte < 0x80 {
            return Some((number, index + 1));
        }
    }
    None
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    let two = bytes.get(at..at + 2)?;
    Some(usize::from(u16::from_be_bytes([two[0], two[1]])))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(u32::from_be_bytes(four))
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    use super::*;
    use crate::append::append;
    use crate::append::tests::draft;
    use crate::{LedgerKey, create};

    /// In pages of 512 bytes, so that there are many levels of them.
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
        assert!(pages(&database.connection).unwrap().is_some());
        for step in 0..400_usize {
            // Some are long enough for pages of their own.
            let lengths = (0..1 + step % 7).map(|index| (step * 31 + index * 977) % 2_000);
            let groups = lengths.map(|bytes| (draft(bytes), None));
            append(&database, "node", groups).unwrap();
            check_appendable(&database).unwrap();
        }
        assert_eq!(structural_flaw(&database.connection).unwrap(), None);
        assert!(levels(&database) >= 3, "{}", levels(&database));
    }

    /// Each word of the head of each page that is looked at: whatever SQLite finds wrong in it is found here.
    #[test]
    fn a_page_that_describes_itself_wrongly_is_found_where_the_next_entry_goes() {
        let folder = tempfile::tempdir().unwrap();
        let path = small_ledger(folder.path());
        let database = Database::open(&path, Duration::ZERO).unwrap();
        append(&database, "node", (0..400).map(|_| (draft(40), None))).unwrap();
        // The last leaf and all that it is below.
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
        // And what the file says of how many pages there are.
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
            // Where a page is another one's, the last entry is not the one that the ledger records.
            let appended =
                opened.and_then(|database| append(&database, "node", [(draft(40), None)]));
            assert_eq!(
                appended.is_ok(),
                is_whole,
                "page {number}, byte {at}, {bits:#04x}"
            );
            found += u32::from(!is_whole);
        }
        assert!(found > 100, "{found}");
    }
}
