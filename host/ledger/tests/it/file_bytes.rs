//! Every byte of the file is changed: the change is detected, is an error, or changes nothing that is read.

use std::fs;
use std::path::Path;

use fractalaw_ledger::*;
use rusqlite::Connection;

use crate::lab::*;

#[test]
fn a_change_of_any_byte_is_found_or_changes_nothing() {
    let lab = Lab::new();
    lab.sample();
    let path = lab.folder.path().join("changed");
    let small = in_small_pages(&lab.path);
    fs::write(&path, &small).unwrap();
    let whole = entries(&path).unwrap();
    assert_eq!(whole, lab.entries());
    let (mut found, mut harmless) = (0, 0);
    for index in 0..small.len() {
        // The smallest change of each byte, and for some bytes the largest, which confuses SQLite more.
        let changes: &[u8] = if index % 4 == 0 {
            &[0x01, 0xff]
        } else {
            &[0x01]
        };
        for bits in changes {
            let mut changed = small.clone();
            changed[index] ^= bits;
            fs::write(&path, &changed).unwrap();
            remove_sidecars(&path);
            let verified = verify_file(&path, &Trust::default()).is_ok();
            if verified {
                harmless += 1;
                assert_eq!(entries(&path).unwrap(), whole, "byte {index}");
            } else {
                found += 1;
            }
            // A host that gets such a file must survive it too.
            if verified || index % 64 == 0 {
                survives(&path, &whole, verified);
            }
        }
    }
    eprintln!(
        "{} bytes changed: {found} changes found, {harmless} harmless",
        small.len()
    );
    // Most of the file is text that is covered. Pages also have unused space.
    assert!(found > harmless, "{found} found, {harmless} harmless");
    assert!(found > 4000, "{found} found, {harmless} harmless");
}

/// Appends if that is possible. A ledger that verified still does then, with all its entries.
fn survives(path: &Path, whole: &[Entry], verified: bool) {
    let Ok(ledger) = Ledger::open(path, Options::default()) else {
        return;
    };
    let begun = ledger.begin_run(&opening("next"), T0).is_ok();
    drop(ledger);
    let after = verify_file(path, &Trust::default());
    if verified {
        assert_eq!(
            after.unwrap().entries,
            (whole.len() + usize::from(begun)) as u64
        );
        assert_eq!(entries(path).unwrap()[..whole.len()], *whole);
    }
}

#[test]
fn a_file_that_was_cut_short_is_found_at_any_length() {
    let lab = Lab::new();
    lab.sample();
    let small = in_small_pages(&lab.path);
    let path = lab.folder.path().join("cut");
    for length in (0..small.len()).step_by(64) {
        fs::write(&path, &small[..length]).unwrap();
        remove_sidecars(&path);
        verify_file(&path, &Trust::default()).expect_err(&length.to_string());
    }
}

/// The same content in the smallest pages, so that there are fewer bytes to change.
fn in_small_pages(path: &Path) -> Vec<u8> {
    let copy = path.with_extension("small");
    fs::copy(path, &copy).unwrap();
    let connection = Connection::open(&copy).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = DELETE; PRAGMA page_size = 512; VACUUM; PRAGMA journal_mode = WAL",
        )
        .unwrap();
    connection.close().unwrap();
    fs::read(copy).unwrap()
}

/// A small file with fifty entries that all have the text of the first: all lead to the same pages.
#[test]
fn entries_that_share_their_pages_are_not_read_again_and_again() {
    const ENTRIES: usize = 50;
    const FIRST: u64 = 1000;
    let lab = Lab::new();
    tamper(&lab.path, |db| {
        let mut entries = lab.entries();
        entries.push(Entry {
            entry_id: FIRST,
            resource: "x".repeat(100_000),
            ..entries[0].clone()
        });
        replace_all(db, &entries);
    });
    let mut file = in_small_pages(&lab.path);
    let small = lab.path.with_extension("small");
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'entries'";
    let connection = Connection::open(&small).unwrap();
    let root: u32 = connection.query_row(sql, (), |row| row.get(0)).unwrap();
    connection.close().unwrap();
    let root = (root as usize - 1) * 512..root as usize * 512;
    let leaf = file[root.clone()].to_vec();
    let word = |page: &[u8], at: usize| usize::from(u16::from_be_bytes([page[at], page[at + 1]]));
    assert_eq!((leaf[0], word(&leaf, 3)), (13, 2));
    // The payload's size in three bytes, then the id in two.
    let id_at = word(&leaf, 10) + 3;
    assert_eq!(leaf[id_at..id_at + 2], [0x87, 0x68]);
    let mut children = Vec::new();
    for index in 0..ENTRIES {
        let mut page = leaf.clone();
        if index > 0 {
            // Only the long entry, under another id.
            page[3..5].copy_from_slice(&[0, 1]);
            page.copy_within(10..12, 8);
            page[id_at + 1] += index as u8;
        }
        file.extend(page);
        children.push((file.len() / 512, [0x87, 0x68 + index as u8]));
    }
    let page = &mut file[root];
    page.fill(0);
    let (last, others) = children.split_last().unwrap();
    page[0] = 5;
    page[3..5].copy_from_slice(&(others.len() as u16).to_be_bytes());
    page[8..12].copy_from_slice(&(last.0 as u32).to_be_bytes());
    let mut end = 512;
    for (number, (child, id)) in others.iter().enumerate() {
        end -= 6;
        page[end..end + 4].copy_from_slice(&(*child as u32).to_be_bytes());
        page[end + 4..end + 6].copy_from_slice(id);
        let pointer = 12 + 2 * number;
        page[pointer..pointer + 2].copy_from_slice(&(end as u16).to_be_bytes());
    }
    page[5..7].copy_from_slice(&(end as u16).to_be_bytes());
    let pages = (file.len() / 512) as u32;
    file[28..32].copy_from_slice(&pages.to_be_bytes());
    fs::write(&small, &file).unwrap();
    remove_sidecars(&small);
    let reader = Reader::open(&small).unwrap();
    let mut read = 0;
    let error = reader.visit(1, |entry| {
        read += entry.resource.len();
        Ok::<(), LedgerError>(())
    });
    let shown = small.display();
    let expected = format!(
        "`{shown}` is damaged: up to entry 1001, its entries have more bytes than its pages"
    );
    assert_eq!(error.unwrap_err().to_string(), expected);
    assert!(read < file.len(), "{read} of {}", file.len());
    assert_eq!(runs(&reader).unwrap_err().to_string(), expected);
}
