//! Checks whether the pages that the next entries go into describe their free space correctly.
//!
//! SQLite trusts a page that says where it has space, and writes there. If one word in its head is wrong, an
//! append overwrites entries. `PRAGMA quick_check` finds that by reading the whole file, which takes half a
//! second for a million entries. An append changes the last page of each level, so checking these is enough, and
//! takes microseconds for any size. The layout is that of <https://sqlite.org/fileformat2.html>.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rusqlite::{Connection, Statement};

const LEAF: u8 = 13;
const INTERIOR: u8 = 5;

/// When SQLite splits a page, it moves cells between this page and at most two before it.
const REBALANCED: usize = 3;

/// Reads the structure of the whole file, and returns the first flaw.
pub(crate) fn structural_flaw(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let said: String = connection.query_row("PRAGMA quick_check(1)", (), |row| row.get(0))?;
    Ok((said != "ok").then(|| said.escape_debug().to_string()))
}

/// In a transaction: the first flaw in the pages that the next append writes to. If single pages cannot be
/// checked, the whole file is checked.
pub(crate) fn appending_flaw(
    connection: &Connection,
    file: &Path,
) -> rusqlite::Result<Option<String>> {
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, u32>(0));
    // A ledger as we make it has no free pages and no map of all pages.
    let as_made = number("freelist_count")? == 0 && number("auto_vacuum")? == 0;
    let Some(mut page) = pages(connection)?.filter(|_| as_made) else {
        return structural_flaw(connection);
    };
    let (count, size) = (number("page_count")?, number("page_size")?);
    // New pages are added after the last one that the file says it has, so none must be there.
    let bytes = u64::from(count) * u64::from(size);
    if fs::metadata(file).is_ok_and(|file| file.len() > bytes) {
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

/// Returns a page by its number as this transaction sees it, in the log or in the file. `None` if SQLite was
/// built without the table of pages, which `.cargo/config.toml` enables.
pub(crate) fn pages(connection: &Connection) -> rusqlite::Result<Option<Statement<'_>>> {
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
    /// The bytes of a page that may contain cells.
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

/// A page of a table. Each byte is accounted for.
struct Page {
    /// The pages below it, in the order of their entries.
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
            // They are in order, so this ends.
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

/// The bytes of a leaf's cell in its page. The rest of a long entry is in pages of its own.
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

/// A number of one to nine bytes, and its length.
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
