//! Many threads and several processes use one ledger: there is one chain, with every run complete in it.

use std::collections::BTreeMap;
use std::fs;
use std::sync::mpsc::channel;
use std::thread;

use fractalaw_ledger::*;
use rusqlite::Connection;

use crate::child::{self, trail};
use crate::lab::*;

#[test]
fn threads_of_one_process_make_one_chain() {
    for durability in [Durability::Entry, Durability::Run, Durability::Group] {
        let lab = Lab::new();
        let ledger = lab.ledger_with(durability);
        thread::scope(|scope| {
            for thread in 0..8 {
                let ledger = ledger.clone();
                let key = &lab.key;
                scope.spawn(move || {
                    for number in 0..5 {
                        let run = ledger.begin_run(&opening("load"), T0).unwrap();
                        finish(run, durability, trail(number));
                    }
                    if thread == 0 {
                        ledger.checkpoint(key, T0).unwrap();
                    }
                });
            }
        });
        drop(ledger);
        // After it was closed, it is one file.
        assert_eq!(std::fs::read_dir(&lab.folder).unwrap().count(), 1);
        let verified = lab.verify().unwrap();
        // The creation and a checkpoint; 8 × 5 runs of two entries, and 0 + 1 + 2 + 3 + 4 of their own.
        assert_eq!(verified.entries, 2 + 8 * (5 * 2 + 10));
        assert_eq!((verified.runs, verified.open_runs), (40, vec![]));
    }
}

/// A function of one caller that panics is that caller's fault alone.
#[test]
fn an_answer_that_panics_stops_no_other() {
    let lab = Lab::new();
    let ledger = lab.ledger_with(Durability::Run);
    ledger.begin_run_then(&opening("panics"), T0, |opened| {
        panic!("run {} is not wanted", opened.unwrap().run_id());
    });
    let run = ledger.begin_run(&opening("goes-on"), T0).unwrap();
    finish(run, Durability::Run, trail(1));
    drop(ledger);
    let verified = lab.verify().unwrap();
    // A run has the number of its first entry, and the ledger's own is the first.
    assert_eq!((verified.runs, verified.open_runs), (2, vec![2]));
}

#[test]
fn several_processes_make_one_chain() {
    let lab = Lab::new();
    let children: Vec<_> = ["entry", "run", "group", "group"]
        .map(|durability| child::appends(&lab.path, durability, 10))
        .into();
    let mut acknowledged = 0;
    for child in children {
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        let text = String::from_utf8(output.stdout).unwrap();
        acknowledged += text.matches("ack finished ").count();
    }
    assert_eq!(acknowledged, 4 * 30);
    let verified = lab.verify().unwrap();
    assert_eq!((verified.runs, verified.open_runs), (120, vec![]));
    let of_runs = runs(&Reader::open(&lab.path).unwrap()).unwrap();
    let mut lengths: BTreeMap<u64, usize> = BTreeMap::new();
    for run in of_runs {
        *lengths.entry(run.entries).or_default() += 1;
    }
    // Numbers 0 to 29 in each process, modulo five.
    assert_eq!(lengths, (0..5).map(|length| (length, 24)).collect());
}

/// While another program has the lock, requests gather. Then all of them are one transaction, beside the one that waited.
#[test]
fn what_waits_shares_a_transaction() {
    for durability in [Durability::Entry, Durability::Run, Durability::Group] {
        let lab = Lab::new();
        let ledger = lab.ledger_with(durability);
        let other = Connection::open(&lab.path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let (sender, begun) = channel();
        for _ in 0..20 {
            let sender = sender.clone();
            let then = move |begun: Result<RunHandle, _>| sender.send(begun.unwrap()).unwrap();
            ledger.begin_run_then(&opening("load"), T0, then);
        }
        other.execute_batch("COMMIT").unwrap();
        let ids: Vec<u64> = begun.iter().take(20).map(|run| run.run_id()).collect();
        assert_eq!(ids, Vec::from_iter(2..22));
        assert!(transactions(&lab) <= 2, "{durability:?}");
    }
}

/// The number of transactions in the ledger's log, as SQLite's file format has it: after a head come frames, and the last
/// frame of a transaction has the number of pages of the file after it.
fn transactions(lab: &Lab) -> usize {
    let log = fs::read(lab.path.with_extension("ledger-wal")).unwrap();
    let (head, frames) = log.split_at(32);
    let page = u32::from_be_bytes(head[8..12].try_into().unwrap()) as usize;
    let ends = |frame: &&[u8]| frame[4..8] != [0; 4];
    frames.chunks_exact(24 + page).filter(ends).count()
}

#[test]
fn a_handle_that_nobody_waits_for_any_more_ends_the_writer_and_not_the_process() {
    let lab = Lab::new();
    let ledger = lab.ledger();
    let other = Connection::open(&lab.path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (sender, begun) = channel();
    // The answer holds the last handle, and drops it on the writer's thread.
    ledger.begin_run_then(&opening("load"), T0, move |handle| {
        sender.send(handle.map(|run| run.run_id())).unwrap();
    });
    drop(ledger);
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(begun.recv().unwrap().unwrap(), 2);
    assert_eq!(lab.verify().unwrap().open_runs, [2]);
}
