//! A ledger of format 1 is read and verified as before, and becomes one of format 2 with its first entry of a
//! supervisor.

use std::fs;
use std::path::{Path, PathBuf};

use fractalaw_ledger::*;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::lab::{T0, app, closing, opening};

/// A ledger that a host of format 1 wrote: three runs, a checkpoint, and a run that was refused.
const FORMAT_1: &[u8] = include_bytes!("../ledgers/format-1.ledger");

/// What its program printed when it signed.
const KEPT: &str = r#"{"fractalaw_checkpoint":1,"ledger_id":"2eef5a1a2bb433a2da3641959d7fb6e1","entry_count":10,"head_hash":"ec3947bdda02a0314fd0b6c926d3748ec3073b3da7c5b8d49ca209261497cbb0","time_unix_ns":1795698546809796008,"public_key":"7c73a85f806d400ea81123a34128a02aa97935fc238557f2f88b4ff36137c16d","signature":"aad4eb358a3c023dd5750ae324932dfa3c3ef5b19673af4c6131459875d15ee1c406b208c714f50bdd7ee414c89c7b10bd3efc449af3598cd2c9dfa3ec09fd0e"}"#;

fn old() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.ledger");
    fs::write(&path, FORMAT_1).unwrap();
    (folder, path)
}

fn format(path: &Path) -> i64 {
    let connection = Connection::open(path).unwrap();
    let format = connection.pragma_query_value(None, "user_version", |row| row.get(0));
    format.unwrap()
}

fn verified(path: &Path) -> Verified {
    let kept: Checkpoint = serde_json::from_str(KEPT).unwrap();
    let trust = Trust {
        checkpoints: vec![kept],
        ..Trust::default()
    };
    verify(&Reader::open(path).unwrap(), &trust).unwrap()
}

fn noted() -> [Note; 4] {
    [
        Note::EventAccepted(Accepted {
            event_type: "data-ingested".to_owned(),
            source: "import".to_owned(),
            bytes: 7,
            sha256: Hash([1; 32]),
        }),
        Note::DeliveryDead(Dead {
            app: "watch".to_owned(),
            delivery: "event:65537:watch".to_owned(),
            attempts: 5,
            outcome: "trap".to_owned(),
            dropped: false,
        }),
        Note::AppSwapped(Swapped {
            app: "watch".to_owned(),
            from: None,
            to: Hash([2; 32]),
            why: "file".to_owned(),
        }),
        Note::TicksMissed(Missed {
            app: "watch".to_owned(),
            task: 9,
            name: "remind".to_owned(),
            missed: 3,
        }),
    ]
}

#[test]
fn an_old_ledger_verifies_and_is_appended_to_as_before() {
    let (_folder, path) = old();
    let before = verified(&path);
    assert_eq!((before.entries, before.runs), (12, 4));
    let head = "210789bc5253c1c8b349c1e66a39c24f954c9e65bb7a7b2fef0c9574a01409c0";
    assert_eq!(before.head_hash.to_string(), head);
    assert_eq!(fs::read(&path).unwrap(), FORMAT_1);
    let outcomes = runs(&Reader::open(&path).unwrap()).unwrap();
    let outcomes: Vec<_> = outcomes
        .into_iter()
        .map(|run| run.closed.unwrap().closing.unwrap())
        .map(|closing| (closing.outcome, closing.deeds.is_empty()))
        .collect();
    let expected = ["completed", "guest-error", "guest-error", "refused"];
    assert_eq!(outcomes, expected.map(|outcome| (outcome.to_owned(), true)));
    let ledger = Ledger::open(&path, Options::default()).unwrap();
    let run = ledger.begin_run(&opening("watch"), T0).unwrap();
    run.finish(Vec::new(), &closing(), T0).unwrap();
    drop(ledger);
    assert_eq!(verified(&path).entries, 14);
    assert_eq!(format(&path), 1);
}

#[test]
fn entries_of_a_supervisor_make_it_a_ledger_of_format_2() {
    let (_folder, path) = old();
    let ledger = Ledger::open(&path, Options::default()).unwrap();
    for (number, note) in (13..).zip(noted()) {
        assert_eq!(ledger.note(&note, T0).unwrap(), number);
    }
    drop(ledger);
    assert_eq!(verified(&path).entries, 16);
    assert_eq!(format(&path), 2);
    let mut details = Vec::new();
    let reader = Reader::open(&path).unwrap();
    let read = reader.visit(13, |entry| {
        assert_eq!((entry.actor_role, entry.run_id), (Role::Host, None));
        details.push(format!(
            "{} {} {}",
            entry.event_type, entry.resource, entry.detail
        ));
        Ok::<_, LedgerError>(())
    });
    read.unwrap();
    let (ones, twos) = ("01".repeat(32), "02".repeat(32));
    assert_eq!(
        details,
        [
            format!(
                r#"event-accepted data-ingested {{"type":"data-ingested","source":"import","bytes":7,"sha256":"{ones}"}}"#
            ),
            r#"delivery-dead watch {"app":"watch","delivery":"event:65537:watch","attempts":5,"outcome":"trap"}"#
                .to_owned(),
            format!(r#"app-swapped watch {{"app":"watch","from":null,"to":"{twos}","why":"file"}}"#),
            r#"ticks-missed watch {"app":"watch","task":9,"name":"remind","missed":3}"#.to_owned(),
        ]
    );
}

/// What is hashed is the text, so these texts must not change.
#[test]
fn trigger_and_deeds_are_in_the_entries_of_a_run() {
    let (_folder, path) = old();
    let ledger = Ledger::open(&path, Options::default()).unwrap();
    let mut opening = opening("watch");
    opening.trigger = Some(Trigger {
        app: "watch".to_owned(),
        delivery: "event:65537:watch".to_owned(),
        attempt: 2,
        ledger: None,
        cause: Cause::Event {
            event: 65_537,
            event_type: "data-ingested".to_owned(),
            source: "import".to_owned(),
            sha256: Hash([1; 32]),
        },
    });
    let mut closing = closing();
    closing.deeds = Deeds {
        events: vec![Emitted {
            id: 851_969,
            event_type: "duty-changed".to_owned(),
            bytes: 0,
            sha256: Hash([2; 32]),
        }],
        cancelled: vec![7],
        ..Deeds::default()
    };
    let run = ledger.begin_run(&opening, T0).unwrap();
    run.finish(Vec::new(), &closing, T0).unwrap();
    drop(ledger);
    let reader = Reader::open(&path).unwrap();
    let mut details = Vec::new();
    let read = reader.visit(13, |entry| {
        assert_eq!(entry.resource, app("watch"));
        details.push(entry.detail);
        Ok::<_, LedgerError>(())
    });
    read.unwrap();
    let ones = "01".repeat(32);
    let trigger = format!(
        r#""trigger":{{"app":"watch","delivery":"event:65537:watch","attempt":2,"kind":"event","event":65537,"type":"data-ingested","source":"import","sha256":"{ones}"}}}}"#
    );
    assert!(details[0].ends_with(&trigger), "{}", details[0]);
    let twos = "02".repeat(32);
    let deeds = format!(
        r#""events":[{{"id":851969,"type":"duty-changed","bytes":0,"sha256":"{twos}"}}],"cancelled":[7],"entries":0}}"#
    );
    assert!(details[1].ends_with(&deeds), "{}", details[1]);
    let read: Opening = serde_json::from_str(&details[0]).unwrap();
    assert_eq!(read, opening);
    let read = closing_of(&reader, 13).unwrap().unwrap();
    assert_eq!(read, closing);
    let mut closed = Vec::new();
    closings(&reader, 9, |run, outcome| {
        closed.push((run, outcome.to_owned()))
    })
    .unwrap();
    let expected = [(11, "refused"), (13, "completed")];
    assert_eq!(
        closed,
        expected.map(|(run, outcome)| (run, outcome.to_owned()))
    );
}
