//! Many threads and several processes use one ledger: there is one chain, with every run complete in it.

use std::collections::BTreeMap;
use std::thread;

use fractalaw_ledger::*;

use crate::child::{self, trail};
use crate::lab::*;

#[test]
fn threads_of_one_process_make_one_chain() {
    for durability in [Durability::Entry, Durability::Run, Durability::Group] {
        let lab = Lab::new();
        let options = Options {
            durability,
            ..Options::default()
        };
        let ledger = Ledger::open(&lab.path, options).unwrap();
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
