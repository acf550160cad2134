//! A ledger whose name leads elsewhere, or that has a foreign file beside it: nothing is acknowledged, and the
//! error says what is wrong.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use fractalaw_ledger::*;

use crate::lab::*;

pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// A log that turns any file beside it into another database, as SQLite reads it. It has all pages of that
/// database.
pub(crate) fn log_of(database: &[u8]) -> Vec<u8> {
    let word = |at: usize| u32::from_be_bytes(database[at..at + 4].try_into().unwrap());
    let size = match word(16) >> 16 {
        1 => 65_536,
        size => size as usize,
    };
    let sum = |(mut a, mut b): (u32, u32), bytes: &[u8]| {
        for pair in bytes.chunks_exact(8) {
            let word = |at: usize| u32::from_be_bytes(pair[at..at + 4].try_into().unwrap());
            a = a.wrapping_add(word(0)).wrapping_add(b);
            b = b.wrapping_add(word(4)).wrapping_add(a);
        }
        (a, b)
    };
    let words = |words: &[u32]| -> Vec<u8> { words.iter().flat_map(|w| w.to_be_bytes()).collect() };
    let salt = [7, 8];
    let mut log = words(&[0x377f_0683, 3_007_000, size as u32, 0, salt[0], salt[1]]);
    let mut sums = sum((0, 0), &log);
    log.extend(words(&[sums.0, sums.1]));
    let pages = database.len() / size;
    for (page, number) in database.chunks_exact(size).zip(1..) {
        let committed = if number == pages { number } else { 0 };
        let head = words(&[number as u32, committed as u32]);
        sums = sum(sum(sums, &head), page);
        log.extend([head, words(&[salt[0], salt[1], sums.0, sums.1])].concat());
        log.extend(page);
    }
    log
}

/// One ledger with one acknowledged run. Then something happens to its files.
fn after(happens: impl FnOnce(&Path)) -> (Lab, String) {
    let lab = Lab::new();
    let ledger = lab.ledger();
    let run = ledger.begin_run(&opening("first"), T0).unwrap();
    run.finish(vec![event(1)], &closing(), T0).unwrap();
    happens(&lab.path);
    let error = ledger.begin_run(&opening("second"), T0).err().unwrap();
    // It is not well at the end either.
    assert_eq!(ledger.settle().unwrap_err().to_string(), error.to_string());
    assert!(error.hint().is_some());
    let folder = lab.folder.path().display().to_string();
    let said = error.to_string().replace(&format!("{folder}/"), "");
    (lab, said)
}

#[test]
fn nothing_is_acknowledged_while_a_name_leads_elsewhere() {
    type Happens = fn(&Path);
    let moved = |what| {
        format!("the name of `audit.ledger` no longer leads to the ledger that is open: {what}")
    };
    let cases: [(Happens, String); 9] = [
        (
            |path| fs::rename(path, path.with_extension("moved")).unwrap(),
            moved("it was moved or removed"),
        ),
        (
            |path| fs::remove_file(path).unwrap(),
            moved("it was moved or removed"),
        ),
        (
            |path| {
                fs::copy(path, path.with_extension("copy")).unwrap();
                fs::rename(path.with_extension("copy"), path).unwrap();
            },
            moved("another file has its name"),
        ),
        (
            |path| fs::hard_link(path, path.with_extension("other")).unwrap(),
            "`audit.ledger` has 2 names, expected one".to_owned(),
        ),
        (
            |path| fs::remove_file(beside(path, "-wal")).unwrap(),
            moved("its `-wal` file was removed"),
        ),
        (
            |path| fs::remove_file(beside(path, "-shm")).unwrap(),
            moved("its `-shm` file was removed"),
        ),
        (
            |path| {
                fs::copy(beside(path, "-wal"), path.with_extension("copy")).unwrap();
                fs::rename(path.with_extension("copy"), beside(path, "-wal")).unwrap();
            },
            moved("another file has the name of its `-wal`"),
        ),
        (
            |path| fs::hard_link(beside(path, "-wal"), path.with_extension("log")).unwrap(),
            "`audit.ledger-wal` cannot be relied on: it has another name".to_owned(),
        ),
        (
            |path| {
                let mode = fs::Permissions::from_mode(0o666);
                fs::set_permissions(beside(path, "-wal"), mode).unwrap();
            },
            "`audit.ledger-wal` cannot be relied on: it can be written by others".to_owned(),
        ),
    ];
    for (happens, expected) in cases {
        assert_eq!(after(happens).1, expected);
    }
}

#[test]
fn a_ledger_that_was_written_over_in_place_is_not_appended_to() {
    let old = Lab::new();
    let lab = Lab::new();
    fs::copy(&old.path, &lab.path).unwrap();
    let ledger = lab.ledger();
    let run = ledger.begin_run(&opening("first"), T0).unwrap();
    run.finish(vec![event(1)], &closing(), T0).unwrap();
    // From here on everything in the log is also in the file.
    ledger.settle().unwrap();
    drop(ledger);
    let ledger = lab.ledger();
    fs::write(&lab.path, fs::read(&old.path).unwrap()).unwrap();
    let error = ledger.begin_run(&opening("second"), T0).err().unwrap();
    let path = lab.path.display();
    assert_eq!(
        error.to_string(),
        format!("`{path}` was changed by others: entry 4, which was in it, is gone")
    );
    assert!(error.is_damage());
}

#[test]
fn a_file_with_two_names_is_neither_appended_to_nor_read() {
    let lab = Lab::new();
    let other = lab.folder.path().join("other.ledger");
    fs::hard_link(&lab.path, &other).unwrap();
    for path in [&lab.path, &other] {
        let shown = path.display();
        let expected = format!("`{shown}` has 2 names, expected one");
        for error in [
            Ledger::open(path, Options::default()).err(),
            Reader::open(path).err(),
        ] {
            assert_eq!(error.unwrap().to_string(), expected);
        }
    }
    // A symbolic link is not another name: the files beside the ledger are found through it.
    fs::remove_file(&other).unwrap();
    symlink(&lab.path, &other).unwrap();
    let (first, second) = (
        lab.ledger(),
        Ledger::open(&other, Options::default()).unwrap(),
    );
    for ledger in [&first, &second] {
        let run = ledger.begin_run(&opening("a"), T0).unwrap();
        run.finish(Vec::new(), &closing(), T0).unwrap();
    }
    assert_eq!(verify_file(&other, &Trust::default()).unwrap().entries, 5);
}

#[test]
fn a_log_of_another_ledger_or_of_an_older_state_is_not_taken_up() {
    let lab = Lab::new();
    let older = fs::read(&lab.path).unwrap();
    lab.sample();
    let other = Lab::new();
    other.sample();
    for planted in [&older, &fs::read(&other.path).unwrap()] {
        fs::write(beside(&lab.path, "-wal"), log_of(planted)).unwrap();
        let mode = fs::Permissions::from_mode(0o600);
        fs::set_permissions(beside(&lab.path, "-wal"), mode).unwrap();
        for error in [
            Ledger::open(&lab.path, Options::default()).err(),
            Reader::open(&lab.path).err(),
        ] {
            let error = error.unwrap();
            assert!(matches!(error, LedgerError::OtherLog { .. }), "{error}");
            assert!(error.is_damage());
        }
        remove_sidecars(&lab.path);
    }
    assert_eq!(lab.verify().unwrap().entries, 8);
    // A log of a newer state is what a crash leaves.
    let newer = fs::read(&lab.path).unwrap();
    fs::write(&lab.path, &older).unwrap();
    fs::write(beside(&lab.path, "-wal"), log_of(&newer)).unwrap();
    let mode = fs::Permissions::from_mode(0o600);
    fs::set_permissions(beside(&lab.path, "-wal"), mode).unwrap();
    assert_eq!(lab.verify().unwrap().entries, 8);
}

/// The log is moved into the file page by page, and the process may be killed after any page.
#[test]
fn a_log_that_was_moved_into_the_file_in_part_is_its_own() {
    let lab = Lab::new();
    let older = fs::read(&lab.path).unwrap();
    lab.sample();
    let ledger = lab.ledger();
    let run = ledger.begin_run(&opening("a"), T0).unwrap();
    let events = (0..40).map(event).collect();
    run.finish(events, &closing(), T0).unwrap();
    drop(ledger);
    let expected = lab.verify().unwrap().entries;
    let newer = fs::read(&lab.path).unwrap();
    const PAGE_BYTES: usize = 4096;
    assert!(newer.len() > older.len() + PAGE_BYTES);
    for moved in (0..=newer.len()).step_by(PAGE_BYTES) {
        let rest = older.get(moved..).unwrap_or_default();
        for appends in [false, true] {
            fs::write(&lab.path, [&newer[..moved], rest].concat()).unwrap();
            fs::write(beside(&lab.path, "-wal"), log_of(&newer)).unwrap();
            let mode = fs::Permissions::from_mode(0o600);
            fs::set_permissions(beside(&lab.path, "-wal"), mode).unwrap();
            if appends {
                drop(Ledger::open(&lab.path, Options::default()).unwrap());
            }
            let entries = lab.verify().unwrap().entries;
            assert_eq!(entries, expected, "{moved} bytes moved");
            remove_sidecars(&lab.path);
        }
    }
    // A log of another ledger stays another's, however little of the file can be read.
    let other = Lab::new();
    other.sample();
    let planted = log_of(&fs::read(&other.path).unwrap());
    for moved in (PAGE_BYTES..newer.len()).step_by(PAGE_BYTES) {
        let rest = older.get(moved..).unwrap_or_default();
        fs::write(&lab.path, [&newer[..moved], rest].concat()).unwrap();
        fs::write(beside(&lab.path, "-wal"), &planted).unwrap();
        let opened = Ledger::open(&lab.path, Options::default()).err();
        assert!(matches!(opened, Some(LedgerError::OtherLog { .. })));
        remove_sidecars(&lab.path);
    }
}

#[test]
fn what_is_left_beside_a_name_keeps_a_ledger_from_being_made_there() {
    for suffix in ["-wal", "-shm", "-journal"] {
        let lab = Lab::new();
        fs::remove_file(&lab.path).unwrap();
        let left = beside(&lab.path, suffix);
        fs::write(&left, "").unwrap();
        let error = create(&lab.path, "node", &lab.key.public_key(), T0).unwrap_err();
        let shown = left.display();
        let expected = format!("`{shown}` is left of something else, expected nothing there");
        assert_eq!(error.to_string(), expected);
        assert_eq!(fs::read_dir(&lab.folder).unwrap().count(), 1);
    }
    // SQLite would restore the file from a journal.
    let lab = Lab::new();
    fs::write(beside(&lab.path, "-journal"), "").unwrap();
    assert!(matches!(
        Ledger::open(&lab.path, Options::default()).err(),
        Some(LedgerError::Leftover { .. })
    ));
    assert!(matches!(
        Reader::open(&lab.path).err(),
        Some(LedgerError::Leftover { .. })
    ));
}

#[test]
fn what_others_can_put_beside_or_above_a_ledger_is_not_relied_on() {
    let lab = Lab::new();
    let mode = |mode| {
        let mode = fs::Permissions::from_mode(mode);
        fs::set_permissions(&lab.folder, mode).unwrap();
    };
    mode(0o777);
    let folder = lab.folder.path().canonicalize().unwrap();
    let error = Ledger::open(&lab.path, Options::default()).err().unwrap();
    let shown = folder.display();
    let expected = format!("`{shown}` cannot be relied on: it can be written by others");
    assert_eq!(error.to_string(), expected);
    // In a folder where only owners move what belongs to them, files of others are ignored.
    mode(0o1777);
    drop(lab.ledger());
    let planted = beside(&lab.path, "-wal");
    symlink("elsewhere", &planted).unwrap();
    let error = Ledger::open(&lab.path, Options::default()).err().unwrap();
    let strange = beside(&folder.join("audit.ledger"), "-wal");
    let shown = strange.display();
    let expected = format!("`{shown}` cannot be relied on: it is no regular file");
    assert_eq!(error.to_string(), expected);
    fs::remove_file(&planted).unwrap();
    fs::write(&planted, "").unwrap();
    // Only root can give a file away, so elsewhere this is not tested.
    if std::os::unix::fs::chown(&planted, Some(65_534), None).is_ok() {
        let expected = format!("`{shown}` cannot be relied on: it belongs to another user");
        for error in [
            Ledger::open(&lab.path, Options::default()).err(),
            Reader::open(&lab.path).err(),
        ] {
            assert_eq!(error.unwrap().to_string(), expected);
        }
    }
}
