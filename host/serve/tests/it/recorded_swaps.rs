//! Swaps when the ledger or the disk fails: one that counts is in the ledger once, and a bad version does not stay.

use fractalaw_ledger::Reader;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::lab::*;
use crate::ledger::Book;
use crate::swaps::{ONE, reload};

/// What the ledger says of swaps.
fn swaps(site: &Site) -> Vec<(Option<String>, String, String)> {
    Book::read(&site.file("audit.ledger")).swaps
}

/// The version is taken, so nobody is told that it is not. What the ledger did not take, it gets later.
#[test]
fn a_swap_that_the_ledger_does_not_take_at_once_is_recorded_later_and_once() {
    let site = Site::new(&format!("{ONE}retry = 1\n"));
    site.write("a.wasm", &app(1, TRAP));
    let running = site.start();
    let first = running.digest("a");
    running.emit("go");
    assert_eq!(running.left(), ["a dead 1 trap"]);
    site.write("a.wasm", &app(2, ""));
    // Another program has the ledger for longer than anybody waits for it.
    let other = Connection::open(site.file("audit.ledger")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(reload(&running), Ok(()));
    let second = running.digest("a");
    assert_ne!(first, second);
    assert_eq!(running.app("a").note, None);
    let file = |from: Option<&String>, to: &String| (from.cloned(), to.clone(), "file".to_owned());
    assert_eq!(swaps(&site), [file(None, &first)]);
    other.execute_batch("ROLLBACK").unwrap();
    // The version before left a dead delivery. It is offered again once the swap is recorded.
    until("the end of what was dead", || {
        running.supervisor.look();
        running.left().is_empty()
    });
    let both = [file(None, &first), file(Some(&first), &second)];
    assert_eq!(swaps(&site), both);
    running.supervisor.look();
    running.stop();
    site.start().stop();
    assert_eq!(swaps(&site), both);
}

/// The process ended when the swap counted, and before or after it was recorded.
#[test]
fn a_start_records_the_swaps_that_the_last_process_did_not() {
    for (was_recorded, is_from_before) in [(false, false), (true, false), (false, true)] {
        let site = Site::new(&format!("{ONE}retry = 1\n"));
        site.write("a.wasm", &app(1, TRAP));
        let running = site.start();
        running.emit("go");
        let first = running.digest("a");
        site.write("a.wasm", &app(2, TRAP));
        reload(&running).unwrap();
        // The entry is the last of the ledger, but for the run of what was dead.
        running.ended(2);
        let second = running.digest("a");
        running.stop();
        let recorded = swaps(&site);
        let ledger = Reader::open(&site.file("audit.ledger")).unwrap();
        let entries = if was_recorded || is_from_before {
            0
        } else {
            ledger.entry_count()
        };
        drop(ledger);
        let why = if is_from_before {
            "rolled-back"
        } else {
            "file"
        };
        // As the file was when the process ended.
        let path = site.file(".fractalaw/apps.json");
        let mut state: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let all = json!([
            {"from": null, "to": first, "why": "file", "entries": entries},
            {"from": first, "to": second, "why": why, "entries": entries},
        ]);
        state["apps"]["a"]["swaps"] = all;
        std::fs::write(&path, state.to_string()).unwrap();
        let running = site.start();
        running.ended(1);
        assert_eq!(running.ran(), ["a go from operator 1 trap"]);
        running.stop();
        let mut expected = recorded.clone();
        match (was_recorded, is_from_before) {
            (true, _) => {}
            (_, true) => expected.push((Some(first), second, why.to_owned())),
            _ => expected.extend(recorded),
        }
        assert_eq!(swaps(&site), expected);
        let state: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(state["apps"]["a"]["swaps"], Value::Null);
    }
}

#[test]
fn a_bad_version_is_rolled_back_when_the_disk_works_again() {
    let site = Site::new(&format!("{ONE}retry = 1\n"));
    site.write("a.wasm", &app(1, ""));
    let running = site.start();
    let first = running.digest("a");
    site.write("a.wasm", &app(2, TRAP));
    reload(&running).unwrap();
    let bad = running.digest("a");
    // What is written first cannot be written.
    let in_the_way = site.file(".fractalaw/apps.json.new");
    std::fs::create_dir(&in_the_way).unwrap();
    for _ in 0..3 {
        running.emit("go");
    }
    until("the attempt", || running.app("a").note.is_some());
    let note = running.app("a").note.unwrap();
    assert!(note.starts_with("could not write `"), "{note}");
    assert_eq!(running.digest("a"), bad);
    assert_eq!(running.left(), ["a dead 1 trap"; 3]);
    std::fs::remove_dir(&in_the_way).unwrap();
    running.supervisor.look();
    // The three events, with the version before.
    running.ended(6);
    assert_eq!(running.digest("a"), first);
    assert_eq!(running.app("a").bad, [bad]);
    assert_eq!(running.app("a").note, None);
    assert_eq!(running.left(), [] as [&str; 0]);
    running.stop();
    let why = |(_, _, why): (_, _, String)| why;
    let why: Vec<_> = swaps(&site).into_iter().map(why).collect();
    assert_eq!(why, ["file", "file", "rolled-back"]);
}
