//! What somebody who can write the file can do. Each change is detected, some only by a kept checkpoint.

use fractalaw_ledger::*;

use crate::lab::*;

#[test]
fn a_whole_ledger_verifies_and_says_what_vouches_for_it() {
    let lab = Lab::new();
    let checkpoint = lab.sample();
    let verified = lab.verify_with(&checkpoint).unwrap();
    let entries = lab.entries();
    assert_eq!(entries.len(), 8);
    assert_eq!(
        verified,
        Verified {
            entries: 8,
            head_hash: entries[7].hash(),
            runs: 3,
            open_runs: vec![6, 8],
            signed_entries: 7,
        }
    );
    assert_eq!(checkpoint.entry_count, 7);
    assert_eq!(entries[6].signature, Some(checkpoint.signature));
    assert_eq!(entries[3].resource, "act/2");
    assert_eq!(entries[3].detail, event(2).detail);
    assert_eq!(entries[3].actor_id, app("duty-finder"));
}

/// Ledgers of earlier versions have the first 12 digits of digests.
#[test]
fn a_ledger_with_short_digests_is_read_verified_and_appended_to() {
    let lab = Lab::new();
    lab.sample();
    let id = Reader::open(&lab.path).unwrap().identity().ledger_id;
    let short = |text: &mut String| {
        let end = text.find(&"ab".repeat(32)).map_or(text.len(), |at| at + 12);
        text.truncate(end);
    };
    lab.tamper(|db| {
        let mut entries = lab.entries();
        entries.remove(6);
        entries.iter_mut().for_each(|entry| {
            short(&mut entry.actor_id);
            short(&mut entry.resource);
        });
        rechain(&mut entries, id);
        replace_all(db, &entries);
    });
    assert_eq!(lab.entries()[3].actor_id, "duty-finder@abababababab");
    assert_eq!(lab.verify().unwrap().runs, 3);
    drop(lab.ledger().begin_run(&opening("next"), T0).unwrap());
    let runs = runs(&Reader::open(&lab.path).unwrap()).unwrap();
    let apps: Vec<_> = runs.into_iter().map(|run| run.app).collect();
    let next = app("next");
    let expected = [
        "duty-finder@abababababab",
        "cut-off@abababababab",
        "later@abababababab",
        &next,
    ];
    assert_eq!(apps, expected);
    assert_eq!(lab.verify().unwrap().runs, 4);
}

#[test]
fn a_removed_entry_is_a_gap() {
    let lab = Lab::new();
    lab.sample();
    lab.tamper(|db| {
        db.execute_batch("DELETE FROM entries WHERE entry_id = 3")
            .unwrap()
    });
    let expected = Flaw::Gap {
        expected: 3,
        found: 4,
    };
    assert_flaw(lab.verify(), &expected);
    assert_eq!(expected.to_string(), "entry 4 stands where entry 3 belongs");
}

#[test]
fn a_removed_entry_whose_place_is_taken_breaks_the_chain() {
    let lab = Lab::new();
    lab.sample();
    let whole = lab.entries();
    lab.tamper(|db| {
        db.execute_batch(
            "DELETE FROM entries WHERE entry_id = 3;
             UPDATE entries SET entry_id = entry_id - 1 WHERE entry_id > 3",
        )
        .unwrap();
    });
    let expected = Flaw::HashMismatch {
        entry_id: 2,
        found: whole[1].hash(),
        expected: whole[2].hash(),
        by: Witness::Entry(3),
    };
    assert_flaw(lab.verify(), &expected);
}

#[test]
fn entries_that_changed_places_break_the_chain() {
    let lab = Lab::new();
    lab.sample();
    let whole = lab.entries();
    lab.tamper(|db| {
        let mut entries = whole.clone();
        entries.swap(2, 3);
        (entries[2].entry_id, entries[3].entry_id) = (3, 4);
        replace_all(db, &entries);
    });
    let expected = Flaw::HashMismatch {
        entry_id: 2,
        found: whole[1].hash(),
        expected: whole[2].hash(),
        by: Witness::Entry(3),
    };
    assert_flaw(lab.verify(), &expected);
}

#[test]
fn an_inserted_entry_breaks_the_chain() {
    let lab = Lab::new();
    lab.sample();
    let mut inserted = lab.entries()[2].clone();
    inserted.entry_id = 9;
    inserted.run_id = Some(8);
    lab.tamper(|db| {
        let entries = [lab.entries(), vec![inserted]].concat();
        replace_all(db, &entries);
    });
    let entries = lab.entries();
    let expected = Flaw::HashMismatch {
        entry_id: 8,
        found: entries[7].hash(),
        expected: entries[8].prev_hash,
        by: Witness::Entry(9),
    };
    assert_flaw(lab.verify(), &expected);
}

/// By somebody who knows the format and has no key.
#[test]
fn a_chain_that_was_made_anew_fails_at_its_own_signature_and_at_a_kept_checkpoint() {
    let lab = Lab::new();
    let checkpoint = lab.sample();
    let mut forged = lab.entries();
    forged[2].detail = "nothing was found".to_owned();
    rechain(&mut forged, checkpoint.ledger_id);
    lab.tamper(|db| replace_all(db, &forged));
    assert_flaw(lab.verify(), &Flaw::BadSignature { entry_id: 7 });

    // Without its own checkpoint the ledger shows nothing, but the kept one does.
    forged[6] = forged[7].clone();
    forged.pop();
    rechain(&mut forged, checkpoint.ledger_id);
    lab.tamper(|db| replace_all(db, &forged));
    assert_eq!(lab.verify().unwrap().signed_entries, 0);
    let expected = Flaw::HashMismatch {
        entry_id: 7,
        found: forged[6].hash(),
        expected: checkpoint.head_hash,
        by: Witness::Checkpoint(7),
    };
    assert_flaw(lab.verify_with(&checkpoint), &expected);
}

/// By somebody who makes a whole new ledger with another key.
#[test]
fn another_ledger_under_the_same_name_is_found_by_key_and_by_checkpoint() {
    let lab = Lab::new();
    let checkpoint = lab.sample();
    std::fs::remove_file(&lab.path).unwrap();
    let other_key = LedgerKey::from_seed(&[8; 32]);
    let other = create(&lab.path, "node-1", &other_key.public_key(), T0).unwrap();
    lab.verify().unwrap();
    let expected = Flaw::OtherLedger {
        found: checkpoint.ledger_id,
        expected: other,
    };
    assert_flaw(lab.verify_with(&checkpoint), &expected);
    let trust = Trust {
        checkpoints: Vec::new(),
        public_key: Some(lab.key.public_key()),
    };
    let expected = Flaw::OtherKey {
        what: "the ledger",
        found: other_key.public_key(),
        expected: lab.key.public_key(),
    };
    assert_flaw(verify_file(&lab.path, &trust), &expected);
}

#[test]
fn a_tail_that_was_cut_off_is_seen_by_the_head_and_with_a_forged_head_by_the_checkpoint() {
    let lab = Lab::new();
    let checkpoint = lab.sample();
    lab.tamper(|db| {
        db.execute_batch("DELETE FROM entries WHERE entry_id > 6")
            .unwrap()
    });
    let expected = Flaw::Count {
        found: 6,
        expected: 8,
        by: Witness::Head,
    };
    assert_flaw(lab.verify(), &expected);

    let rest = lab.entries();
    lab.tamper(|db| replace_all(db, &rest));
    assert_eq!(lab.verify().unwrap().entries, 6);
    let expected = Flaw::Count {
        found: 6,
        expected: 7,
        by: Witness::Checkpoint(7),
    };
    assert_flaw(lab.verify_with(&checkpoint), &expected);
    assert_eq!(
        expected.to_string(),
        "there are 6 entries, expected 7, as the checkpoint at 7 entries says"
    );
}

/// `LEDGER.md` says that nothing can detect this. The test makes sure that this stays true.
#[test]
fn what_was_cut_off_after_the_last_checkpoint_is_not_seen() {
    let lab = Lab::new();
    let checkpoint = lab.sample();
    let entries = lab.entries();
    lab.tamper(|db| replace_all(db, &entries[..7]));
    assert_eq!(lab.verify_with(&checkpoint).unwrap().entries, 7);
}

#[test]
fn nothing_is_appended_to_a_ledger_whose_end_was_changed() {
    let lab = Lab::new();
    lab.sample();
    let sql = "UPDATE entries SET detail = 'x' WHERE entry_id = 8";
    lab.tamper(|db| db.execute_batch(sql).unwrap());
    let ended = lab.ledger().begin_run(&opening("next"), T0);
    assert!(matches!(ended, Err(LedgerError::Head { last: 8, .. })));
    assert_eq!(lab.entries().len(), 8);
}

#[test]
fn honest_programs_are_kept_from_changing_anything() {
    let lab = Lab::new();
    lab.sample();
    let connection = rusqlite::Connection::open(&lab.path).unwrap();
    for sql in [
        "UPDATE entries SET detail = 'x'",
        "DELETE FROM entries",
        "DELETE FROM entries WHERE entry_id = 8",
        "REPLACE INTO entries SELECT * FROM entries WHERE entry_id = 3",
        "INSERT INTO entries SELECT NULL, run_id, timestamp, node_id, actor_id, actor_role, event_type, \
         resource, detail, prev_hash, signature FROM entries WHERE entry_id = 3",
        "DELETE FROM ledger",
        "UPDATE ledger SET entry_count = 7",
        "UPDATE ledger SET ledger_id = zeroblob(16), entry_count = 9",
    ] {
        let error = connection.execute(sql, ()).unwrap_err().to_string();
        assert_eq!(error, "the ledger is append-only", "{sql}");
    }
    drop(connection);
    lab.verify().unwrap();
}

#[test]
fn a_schema_that_was_altered_is_neither_read_nor_appended_to() {
    for (sql, expected) in [
        (
            "DROP TRIGGER entries_never_go",
            "`ledger` instead of `entries_never_go`",
        ),
        (
            "CREATE INDEX a ON entries (run_id)",
            "`a` instead of `entries`",
        ),
        ("CREATE VIEW z AS SELECT 1", "`z` does not belong to it"),
        (
            "DROP TRIGGER ledger_only_grows; CREATE TRIGGER ledger_only_grows AFTER INSERT ON entries \
             BEGIN UPDATE entries SET detail = ''; END",
            "`ledger_only_grows` is not as it was made",
        ),
        (
            "DROP TRIGGER ledger_only_grows",
            "`ledger_only_grows` is missing",
        ),
    ] {
        let lab = Lab::new();
        let connection = rusqlite::Connection::open(&lab.path).unwrap();
        connection.execute_batch(sql).unwrap();
        drop(connection);
        for error in [
            Reader::open(&lab.path).err(),
            Ledger::open(&lab.path, Options::default()).err(),
        ] {
            let error = error.unwrap();
            assert!(error.is_damage());
            let shown = lab.path.display();
            let message = format!("the schema of `{shown}` was altered: {expected}");
            assert_eq!(error.to_string(), message);
        }
    }
}

/// Entries that only the rules of the format refuse: the chain itself is complete.
#[test]
fn what_cannot_stand_where_it_does_is_found() {
    type Change = fn(&mut Vec<Entry>);
    let cases: [(&str, Change); 6] = [
        ("the run is not open", |entries| {
            let late = entries[2].clone();
            entries.push(late);
        }),
        ("the run is not open", |entries| {
            let twice = entries[4].clone();
            entries.push(twice);
        }),
        ("a ledger is created once", |entries| {
            let twice = entries[0].clone();
            entries.push(twice);
        }),
        ("another micro-app opened the run", |entries| {
            entries[7].resource = app("x");
            let mut entry = entries[2].clone();
            entry.run_id = Some(8);
            entries.push(entry);
        }),
        ("it is of no run", |entries| {
            let mut entry = entries[2].clone();
            entry.run_id = None;
            entries.push(entry);
        }),
        // A host's entry without a run is one of a supervisor, and a closing is none.
        ("it is of no run", |entries| {
            let mut entry = entries[4].clone();
            entry.run_id = None;
            entries.push(entry);
        }),
    ];
    for (expected, change) in cases {
        let lab = Lab::new();
        let checkpoint = lab.sample();
        let mut entries = lab.entries();
        change(&mut entries);
        rechain(&mut entries, checkpoint.ledger_id);
        lab.tamper(|db| replace_all(db, &entries));
        let expected = Flaw::OutOfPlace {
            entry_id: 9,
            why: expected,
        };
        assert_flaw(lab.verify(), &expected);
    }
}

fn assert_flaw(found: Result<Verified, VerifyError>, expected: &Flaw) {
    match found {
        Err(VerifyError::Flaw(found)) => assert_eq!(&found, expected),
        other => panic!("expected {expected:?}, found {other:?}"),
    }
}
