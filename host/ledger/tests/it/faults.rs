//! Files that cannot be used: each gives a typed error with a hint, and nothing is half written.

use std::fs;
use std::path::Path;
use std::time::Duration;

use fractalaw_ledger::*;
use rusqlite::Connection;

use crate::child;
use crate::lab::*;

fn both(path: &Path) -> [LedgerError; 2] {
    [
        Reader::open(path).err().unwrap(),
        Ledger::open(path, Options::default()).err().unwrap(),
    ]
}

#[test]
fn what_is_no_ledger_says_what_it_is() {
    let lab = Lab::new();
    let path = lab.folder.path().join("other");
    let say = |expected: &str| {
        for error in both(&path) {
            let shown = path.display();
            assert_eq!(
                error.to_string(),
                expected.replace("PATH", &shown.to_string())
            );
            assert!(!error.is_damage() || expected.contains("damaged"));
        }
    };
    say("there is no ledger `PATH`");
    fs::write(&path, "").unwrap();
    say("`PATH` is no ledger: it is empty");
    fs::write(
        &path,
        "not a database at all, but a text that is long enough to be asked".repeat(9),
    )
    .unwrap();
    say("`PATH` is no ledger: it is no SQLite database");
    fs::remove_file(&path).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE t (a)").unwrap();
    say("`PATH` is no ledger: it is another database");
    drop(other);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    say("`PATH` is no ledger: it is no regular file");
}

#[test]
fn another_format_is_named() {
    let lab = Lab::new();
    let connection = Connection::open(&lab.path).unwrap();
    connection.pragma_update(None, "user_version", 3).unwrap();
    drop(connection);
    for error in both(&lab.path) {
        let shown = lab.path.display();
        assert_eq!(
            error.to_string(),
            format!("`{shown}` has format 3, expected 2")
        );
    }
}

#[test]
fn a_ledger_is_never_made_over_another_file() {
    let lab = Lab::new();
    let key = lab.key.public_key();
    let before = fs::read(&lab.path).unwrap();
    let ended = create(&lab.path, "node-2", &key, T0);
    assert!(matches!(ended, Err(LedgerError::Exists { .. })));
    assert_eq!(fs::read(&lab.path).unwrap(), before);
    let missing = lab.folder.path().join("nowhere").join("audit.ledger");
    assert!(create(&missing, "node-2", &key, T0).is_err());
    // Nothing is left of a ledger that could not be made.
    assert_eq!(fs::read_dir(lab.folder.path()).unwrap().count(), 1);
}

#[test]
fn a_locked_ledger_is_waited_for_and_then_named() {
    let lab = Lab::new();
    let options = Options {
        busy_timeout: Duration::from_millis(20),
        ..Options::default()
    };
    let ledger = Ledger::open(&lab.path, options).unwrap();
    let other = Connection::open(&lab.path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = ledger.begin_run(&opening("a"), T0).err().unwrap();
    let shown = lab.path.display();
    let expected = format!("`{shown}` is locked by another program, waited 20ms");
    assert_eq!(error.to_string(), expected);
    other.execute_batch("ROLLBACK").unwrap();
    drop(ledger.begin_run(&opening("b"), T0).unwrap());
    drop(ledger);
    let entries = lab.entries();
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[1].resource, app("b"));
    lab.verify().unwrap();
}

#[test]
fn a_field_that_is_too_long_is_refused_before_anything_is_written() {
    let lab = Lab::new();
    let ledger = lab.ledger();
    let run = ledger.begin_run(&opening("a"), T0).unwrap();
    let longest = Event {
        detail: "x".repeat(FIELD_BYTES),
        ..event(1)
    };
    let too_long = Event {
        detail: "x".repeat(FIELD_BYTES + 1),
        ..event(1)
    };
    let ended = run.finish(vec![longest.clone(), too_long], &closing(), T0);
    assert!(matches!(
        ended,
        Err(LedgerError::TooLong { field: "detail", bytes, limit: FIELD_BYTES }) if bytes == FIELD_BYTES + 1
    ));
    let run = ledger.begin_run(&opening("a"), T0).unwrap();
    run.finish(vec![longest], &closing(), T0).unwrap();
    let late = ledger.begin_run(&opening("a"), 1 << 63);
    assert!(matches!(
        late,
        Err(LedgerError::TooLarge {
            field: "timestamp",
            ..
        })
    ));
    drop(ledger);
    assert_eq!(lab.verify().unwrap().open_runs, [2]);
    assert_eq!(lab.entries().len(), 5);
}

#[test]
fn each_durability_writes_the_same() {
    for durability in [Durability::Entry, Durability::Run, Durability::Group] {
        let lab = Lab::new();
        let options = Options {
            durability,
            node_id: Some("node-9".to_owned()),
            ..Options::default()
        };
        let ledger = Ledger::open(&lab.path, options).unwrap();
        let mut run = ledger.begin_run(&opening("a"), T0).unwrap();
        let mut events = vec![event(1), event(2)];
        // Another connection sees exactly what is written.
        assert_eq!(lab.entries().len(), 2);
        if durability == Durability::Entry {
            run.record(events.remove(0)).unwrap();
            assert_eq!(lab.entries().len(), 3);
        }
        run.finish(events, &closing(), T0).unwrap();
        let entries = lab.entries();
        let details: Vec<&str> = entries[2..4].iter().map(|e| &*e.resource).collect();
        assert_eq!(details, ["act/1", "act/2"]);
        assert_eq!(entries[4].node_id, "node-9");
        assert_eq!(
            entries[4].detail,
            r#"{"outcome":"completed","message":null,"fuel":{"budget":1000000000,"consumed":1707,"certainty":"exact"},"entries":2}"#
        );
        assert_eq!(
            entries[1].detail,
            format!(
                r#"{{"name":"a","version":"1.2.0","sha256":"{}","tier":"standard","limits":{{"fuel":1000000000,"deadline_us":30000000,"memory_bytes":67108864}},"grants":{{"args":["site-7"],"env":["LANGUAGE"],"stdin":null,"dirs":[]}}}}"#,
                "ab".repeat(32)
            )
        );
        lab.verify().unwrap();
    }
}

#[test]
fn runs_say_how_they_ended_or_that_they_did_not() {
    let lab = Lab::new();
    lab.sample();
    let runs = runs(&Reader::open(&lab.path).unwrap()).unwrap();
    let found: Vec<_> = runs
        .iter()
        .map(|run| (run.run_id, &*run.app, run.entries, run.closed.clone()))
        .collect();
    let closed = Closed {
        time_unix_ns: T0 + 4,
        closing: Some(closing()),
    };
    assert_eq!(
        found,
        [
            (2, &*app("duty-finder"), 2, Some(closed)),
            (6, &*app("cut-off"), 0, None),
            (8, &*app("later"), 0, None),
        ]
    );
}

/// By another user, because permissions do not restrict root.
#[cfg(target_os = "linux")]
#[test]
fn a_read_only_ledger_is_read_and_not_appended_to() {
    use std::os::unix::fs::PermissionsExt;
    let lab = Lab::new();
    lab.sample();
    let folder = lab.folder.path();
    let mode =
        |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    // A read-only file and folder; then a writable file in a read-only folder.
    for file_mode in [0o444, 0o666] {
        mode(&lab.path, file_mode);
        mode(folder, 0o555);
        let said = child::opens(&lab.path);
        let shown = lab.path.display();
        let expected =
            format!("append: `{shown}` is read-only, expected to append to it\nread: 8 entries\n");
        assert_eq!(said, expected);
    }
    // Entries that are only in the log must not be skipped.
    mode(folder, 0o755);
    let copy = folder.join("copy");
    let ledger = lab.ledger();
    drop(ledger.begin_run(&opening("a"), T0).unwrap());
    let log = folder.join("audit.ledger-wal");
    fs::copy(&lab.path, &copy).unwrap();
    fs::copy(&log, folder.join("copy-wal")).unwrap();
    mode(&copy, 0o444);
    mode(&folder.join("copy-wal"), 0o444);
    mode(folder, 0o555);
    let said = child::opens(&copy);
    mode(folder, 0o755);
    let shown = copy.display();
    let expected = format!(
        "append: `{shown}` is read-only, expected to append to it\n\
         read: the newest entries of `{shown}` are in its `-wal` file, and its folder cannot be written\n"
    );
    assert_eq!(said, expected);
}
