//! `verify-set`: the ledgers of two nodes, of which one emits what the other runs.

use std::fs;

use fractalaw_ledger::*;

use crate::lab::{Lab, Said, T0, key, opening};

/// A second node.
struct Other {
    path: std::path::PathBuf,
    id: LedgerId,
}

fn digest(byte: u8) -> Hash {
    Hash([byte; 32])
}

fn other(lab: &Lab) -> Other {
    let path = lab.folder.path().join("other.ledger");
    let id = create(&path, "node-2", &key().public_key(), T0).unwrap();
    Other { path, id }
}

/// A run that an event started, with how it ended and what it emitted. Returns its number.
fn run(
    path: &std::path::Path,
    of: Option<LedgerId>,
    event: u64,
    sha256: Hash,
    outcome: &str,
    emitted: Option<Hash>,
) -> u64 {
    let ledger = Ledger::open(path, Options::default()).unwrap();
    let named = of.map_or(String::new(), |of| format!("{of}-"));
    let trigger = Trigger {
        app: "watch".to_owned(),
        delivery: format!("event:{named}{event}:watch"),
        attempt: 1,
        ledger: of.map(|of| of.to_string()),
        cause: Cause::Event {
            event,
            event_type: "data-ingested".to_owned(),
            source: "import".to_owned(),
            sha256,
        },
    };
    let opening = Opening {
        trigger: Some(trigger),
        ..opening("watch")
    };
    let run = ledger.begin_run(&opening, T0).unwrap();
    let id = run.run_id();
    let events = emitted.into_iter().map(|sha256| Emitted {
        id: id << 16 | 1,
        event_type: "duty-changed".to_owned(),
        bytes: 1,
        sha256,
    });
    let closing = Closing {
        outcome: outcome.to_owned(),
        message: None,
        fuel: Fuel {
            budget: 9,
            consumed: 1,
            certainty: "exact".to_owned(),
        },
        deeds: Deeds {
            events: events.collect(),
            ..Deeds::default()
        },
    };
    run.finish(Vec::new(), &closing, T0).unwrap();
    id
}

/// An event from outside. Returns its number.
fn accept(lab: &Lab, sha256: Hash) -> u64 {
    let note = Note::EventAccepted(Accepted {
        event_type: "data-ingested".to_owned(),
        source: "import".to_owned(),
        bytes: 1,
        sha256,
    });
    lab.ledger().note(&note, T0).unwrap() << 16 | 1
}

fn say(lab: &Lab, other: &Other) -> Said {
    let mut said = lab.say("verify-set audit.ledger other.ledger");
    said.out = said.out.replace(&other.id.to_string(), "OTHER");
    said
}

#[test]
fn ledgers_that_agree_verify_together() {
    let lab = Lab::new();
    let other = other(&lab);
    let event = accept(&lab, digest(1));
    // The first attempt fails on one node. Then it is given to the other one, which completes it and emits.
    run(
        &lab.path,
        Some(lab.id),
        event,
        digest(1),
        "trap",
        Some(digest(9)),
    );
    let id = run(
        &other.path,
        Some(lab.id),
        event,
        digest(1),
        "completed",
        Some(digest(2)),
    );
    run(
        &lab.path,
        Some(other.id),
        id << 16 | 1,
        digest(2),
        "completed",
        None,
    );
    // Both nodes had an event with this number before they were a set, and ran it themselves.
    let own = accept(&lab, digest(3));
    run(&lab.path, None, own, digest(3), "completed", None);
    let said = say(&lab, &other);
    assert_eq!((said.code, &*said.err), (Some(0), ""));
    assert_eq!(
        said.out,
        "the ledgers verify together\n\
         ledgers     2\n\
         entries     12\n\
         runs        4, 0 cut off or under way\n\
         events      3\n\
         deliveries  3 completed\n"
    );
    let said = lab.say("verify-set --json audit.ledger other.ledger");
    let line = said.out.replace(&other.id.to_string(), "OTHER");
    assert_eq!(
        line,
        "{\"ledgers\":[{\"ledger_id\":\"ID\",\"entries\":9,\"runs\":3,\"open_runs\":[]},\
         {\"ledger_id\":\"OTHER\",\"entries\":3,\"runs\":1,\"open_runs\":[]}],\
         \"events\":3,\"deliveries\":3,\"flaws\":[]}\n"
    );
}

#[test]
fn what_contradicts_is_named() {
    let lab = Lab::new();
    let other = other(&lab);
    let event = accept(&lab, digest(1));
    run(
        &other.path,
        Some(lab.id),
        event,
        digest(1),
        "completed",
        None,
    );
    // The same delivery on the other node.
    run(&lab.path, Some(lab.id), event, digest(1), "completed", None);
    // Another payload.
    run(
        &other.path,
        Some(lab.id),
        event + (5 << 16),
        digest(1),
        "trap",
        None,
    );
    run(&other.path, Some(lab.id), event, digest(2), "trap", None);
    // What a run emitted that did not complete takes no effect.
    let failed = run(
        &lab.path,
        Some(lab.id),
        event,
        digest(1),
        "trap",
        Some(digest(4)),
    );
    run(
        &other.path,
        Some(lab.id),
        failed << 16 | 1,
        digest(4),
        "trap",
        None,
    );
    // A ledger that is not there.
    let third = LedgerId([0x33; 16]);
    run(&other.path, Some(third), 65_537, digest(1), "trap", None);
    // Its own event, which it does not have.
    run(&other.path, None, 65_537, digest(1), "trap", None);
    let said = say(&lab, &other);
    assert_eq!(said.code, Some(1));
    assert_eq!(
        said.err,
        "error: the ledgers contradict each other, or themselves, in 6 places\n\
         hint: keep all files as they are; checkpoints that other nodes kept say which ledger was changed\n"
    );
    let third = third.to_string();
    let expected = format!(
        "run 4 of ledger OTHER was started by event {} of ledger ID, which nothing there made\n\
         run 6 of ledger OTHER was started by event 131073 of ledger ID with the digest {}, expected {}\n\
         run 8 of ledger OTHER was started by event {} of ledger ID, which nothing there made\n\
         run 10 of ledger OTHER was started by event 65537 of ledger {third}, which is not among these\n\
         run 12 of ledger OTHER was started by event 65537 of ledger OTHER, which nothing there made\n\
         delivery `event:ID-131073:watch` was completed by run 3 of ledger ID and run 2 of ledger OTHER\n\
         ledgers     2\n\
         entries     19\n\
         runs        8, 0 cut off or under way\n\
         events      1\n\
         deliveries  1 completed\n",
        event + (5 << 16),
        digest(2),
        digest(1),
        failed << 16 | 1,
    );
    assert_eq!(said.out, expected);
}

#[test]
fn each_ledger_must_verify_by_itself() {
    let lab = Lab::new();
    let other = other(&lab);
    lab.run("hello", 2);
    fs::copy(&lab.path, lab.folder.path().join("copy.ledger")).unwrap();
    let said = lab.say("verify-set audit.ledger copy.ledger");
    assert_eq!(said.code, Some(3));
    assert_eq!(
        said.err,
        "error: `copy.ledger` is ledger ID, as one before it\nhint: name each ledger once\n"
    );
    let text = fs::read(&other.path).unwrap();
    fs::write(&other.path, &text[..text.len() / 2]).unwrap();
    let said = say(&lab, &other);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.starts_with("error: `other.ledger`: "), "{said:?}");
    assert_eq!(lab.say("verify-set").code, Some(2));
}
