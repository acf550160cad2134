//! Every byte of the file itself: a change of it is found, is an error, or changes nothing that is read.

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
        // The least change of each byte, and of some the most, which confuses SQLite more.
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
            // A host that is given such a file must survive it too.
            if verified || index % 64 == 0 {
                survives(&path, &whole, verified);
            }
        }
    }
    eprintln!(
        "{} bytes changed: {found} changes found, {harmless} harmless",
        small.len()
    );
    // Most of the file is text that is covered; pages have space that is not used.
    assert!(found > harmless, "{found} found, {harmless} harmless");
    assert!(found > 4000, "{found} found, {harmless} harmless");
}

/// Appends if that is possible; what verified still does then, with all that it had.
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

/// The same content in pages as small as they can be, so that there are fewer bytes to go through.
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
