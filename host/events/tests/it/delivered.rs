//! With an engine, what a run stages is delivered after the ledger has the run as completed.

use fractalaw_events_engine::{App, Apps, Delivery, State};
use fractalaw_host::{Host, Run};
use fractalaw_testing::{RUNTIME, component, with_manifest};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::guests::Does::{self, *};
use crate::guests::{guest, manifest};
use crate::lab::{Lab, effects};

const POLICY: &str = "on.\"duty-changed\" = true\non.\"gap-found\" = true\nemits.\"duty-changed\" = true\n\
                      emits.\"gap-found\" = true\nschedules.watch = true\nschedules.analyse = true\n";

fn apps() -> Apps {
    Apps::default()
        .with("watch", App::new(1))
        .with("analyse", App::new(4).on("duty-changed"))
        .with("report", App::new(4).on_from("gap-found", &["analyse"]))
}

fn watch(does: &[Does<'_>]) -> Vec<u8> {
    guest("watch", [&[], &["duty-changed"], &["analyse"]], does)
}

fn analyse(does: &[Does<'_>]) -> Vec<u8> {
    guest("analyse", [&["duty-changed"], &["gap-found"], &[]], does)
}

/// A component that imports nothing of events.
fn report(body: &str) -> Vec<u8> {
    with_manifest(&component("", body), &manifest([&["gap-found"], &[], &[]]))
}

fn keys(claimed: &[Delivery]) -> Vec<String> {
    claimed.iter().map(Delivery::key).collect()
}

#[test]
fn an_event_goes_from_micro_app_to_micro_app() {
    let lab = Lab::new(apps(), POLICY);
    let started = lab.by_hand(&lab.load(&watch(&[Emit("duty-changed", "duty 7")])));
    // The run is entry 2 of the ledger, after the ledger's own.
    let id = (2 << 16) + 1;
    assert_eq!(
        effects(&started),
        [format!(
            r#"[events] emit duty-changed — id {id}, payload "duty 7" (committed)"#
        )]
    );
    let claimed = lab.claim();
    assert_eq!(keys(&claimed), [format!("event:{id}:analyse")]);
    assert_eq!(claimed[0].payload, b"duty 7");
    let analysed = lab.deliver(&lab.load(&analyse(&[Emit("gap-found", "")])), &claimed[0]);
    assert_eq!(analysed.outcome.kind(), "completed");
    let claimed = lab.claim();
    assert_eq!(keys(&claimed), [format!("event:{}:report", (4 << 16) + 1)]);
    // It imports nothing of events, and its delivery is done all the same.
    lab.deliver(&lab.load(&report("")), &claimed[0]);
    assert_eq!(lab.claim(), []);
    assert_eq!(lab.left(), []);
    assert_eq!(lab.ledger.outcomes(), vec![Some("completed".to_owned()); 3]);
}

#[test]
fn the_ledger_has_what_triggered_a_run_and_what_it_did_without_payloads() {
    let lab = Lab::new(apps(), POLICY);
    let task = Schedule("remind", Some("0 6 * * 1"), None, "analyse");
    lab.by_hand(&lab.load(&watch(&[Emit("duty-changed", "duty 7"), task])));
    let failing = [Emit("gap-found", "secret"), Wat("unreachable")];
    lab.deliver(&lab.load(&analyse(&failing)), &lab.claim()[0]);
    let details = lab.ledger.entries().into_iter();
    let details: Vec<Value> = details
        .map(|entry| serde_json::from_str(&entry.detail).unwrap())
        .collect();
    // Each payload by its digest.
    let event =
        json!({ "id": 131_073, "type": "duty-changed", "bytes": 6, "sha256": sha256("duty 7") });
    assert_eq!(details[0]["trigger"], Value::Null);
    assert_eq!(details[1]["events"], json!([event]));
    let scheduled = json!({ "id": 131_074, "name": "remind", "target": "analyse", "cron": "0 6 * * 1",
                            "bytes": 3, "sha256": sha256("now") });
    assert_eq!(details[1]["tasks"], json!([scheduled]));
    assert_eq!(details[1]["effects"], Value::Null);
    let trigger = json!({
        "app": "analyse", "delivery": "event:131073:analyse", "attempt": 1,
        "kind": "event", "event": 131_073, "type": "duty-changed", "source": "watch",
        "sha256": sha256("duty 7"),
    });
    assert_eq!(details[2]["trigger"], trigger);
    assert_eq!(details[2]["grants"]["stdin"]["sha256"], trigger["sha256"]);
    // The variables of a trigger are no grant.
    assert_eq!(details[2]["grants"]["env"], json!([]));
    // What was discarded is there too, beside an outcome that says so.
    assert_eq!(details[3]["outcome"], "trap");
    let event =
        json!({ "id": 262_145, "type": "gap-found", "bytes": 6, "sha256": sha256("secret") });
    assert_eq!(details[3]["events"], json!([event]));
    lab.ledger.verified();
}

fn sha256(text: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(text).into();
    fractalaw_host::Hash(digest).to_string()
}

#[test]
fn what_a_run_stages_is_delivered_only_if_it_completes() {
    for (end, kind) in [
        ("unreachable", "trap"),
        ("(loop (br 0))", "out-of-fuel"),
        ("(i32.store8 (i32.const 16) (i32.const 1))", "guest-error"),
    ] {
        let lab = Lab::new(apps(), POLICY);
        let does = [
            Emit("duty-changed", "duty 7"),
            Schedule("remind", None, Some(0), "analyse"),
            Wat(end),
        ];
        let app = lab.load(&watch(&does));
        let run = Run::new().fuel(10_000_000);
        let report = RUNTIME.block_on(lab.host.run(&app, &run)).unwrap();
        assert_eq!(report.outcome.kind(), kind);
        assert_eq!(report.effects.len(), 2, "{kind}");
        assert_eq!(lab.claim(), [], "{kind}");
        assert_eq!(lab.engine.backlog().deliveries, 0);
    }
}

#[test]
fn what_becomes_of_a_delivery_follows_from_how_its_run_ends() {
    let trap = [Emit("gap-found", ""), Wat("unreachable")];
    let fuel = [Wat("(loop (br 0))")];
    let error = [Wat("(i32.store8 (i32.const 16) (i32.const 1))")];
    for (does, state, kind) in [
        (&trap[..], State::Waiting, "trap"),
        (&fuel, State::Dead, "out-of-fuel"),
        (&error, State::Waiting, "guest-error"),
    ] {
        let lab = Lab::new(apps(), POLICY);
        lab.by_hand(&lab.load(&watch(&[Emit("duty-changed", "")])));
        let app = lab.load(&analyse(does));
        let claimed = lab.claim();
        let run = Run::new().fuel(1_000_000);
        let delivered = lab.events.deliver(&lab.host, &app, run, &claimed[0]);
        let report = RUNTIME.block_on(delivered).unwrap();
        assert_eq!(report.outcome.kind(), kind);
        let left = ("analyse".to_owned(), state, 1, Some(kind.to_owned()));
        assert_eq!(lab.left(), [left]);
    }
}

#[test]
fn a_run_that_is_tried_again_has_the_same_key_and_the_next_attempt() {
    let lab = Lab::new(apps(), POLICY);
    lab.by_hand(&lab.load(&watch(&[Emit("duty-changed", "")])));
    let failing = lab.load(&analyse(&[Wat("unreachable")]));
    let mut tried = Vec::new();
    for _ in 0..5 {
        let claimed = lab.claim();
        tried.push((claimed[0].key(), claimed[0].attempt));
        lab.deliver(&failing, &claimed[0]);
        assert_eq!(lab.claim(), []);
        lab.wait(400);
    }
    let key = format!("event:{}:analyse", (2 << 16) + 1);
    let expected: Vec<_> = (1..=5).map(|attempt| (key.clone(), attempt)).collect();
    assert_eq!(tried, expected);
    assert_eq!(lab.left()[0].1, State::Dead);
    // With another version it goes on.
    assert_eq!(lab.engine.offer_again("analyse").unwrap(), 1);
    lab.deliver(&lab.load(&analyse(&[])), &lab.claim()[0]);
    assert_eq!(lab.left(), []);
}

#[test]
fn a_run_that_the_host_refuses_holds_its_delivery() {
    let lab = Lab::new(apps(), POLICY);
    lab.by_hand(&lab.load(&watch(&[Emit("duty-changed", "")])));
    let greedy = guest("analyse", [&["duty-changed"], &["everything"], &[]], &[]);
    let claimed = lab.claim();
    let report = lab.deliver(&lab.load(&greedy), &claimed[0]);
    assert_eq!(report.outcome.kind(), "refused");
    let held = (
        "analyse".to_owned(),
        State::Held,
        0,
        Some("refused".to_owned()),
    );
    assert_eq!(lab.left(), [held]);
}

#[test]
fn a_run_without_a_claim_and_a_host_without_a_ledger_do_not_begin() {
    let lab = Lab::new(apps(), POLICY);
    lab.by_hand(&lab.load(&watch(&[Emit("duty-changed", "")])));
    let app = lab.load(&analyse(&[]));
    let claimed = lab.claim();
    lab.deliver(&app, &claimed[0]);
    let again = lab.events.deliver(&lab.host, &app, Run::new(), &claimed[0]);
    let error = RUNTIME.block_on(again).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(
        source,
        format!("the delivery `{}` was not claimed", claimed[0].key())
    );
    let without = Host::builder().slots(1).offer(lab.events.clone()).build();
    let error = without.map(drop).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "events are delivered only with a ledger");
}

#[test]
fn after_a_crash_the_ledger_says_what_takes_effect() {
    let lab = Lab::new(apps(), POLICY);
    lab.by_hand(&lab.load(&watch(&[Emit("duty-changed", "")])));
    let claimed = lab.claim();
    assert_eq!(claimed.len(), 1);
    // Whatever was claimed can be claimed again.
    let lab = Lab::over(lab.end(), apps(), POLICY);
    assert_eq!(keys(&lab.claim()), keys(&claimed));
}

#[test]
fn a_task_of_an_earlier_run_is_cancelled_by_its_owner_only() {
    let lab = Lab::new(apps(), POLICY);
    let task = Schedule("remind", None, Some(2_000_000_000), "analyse");
    lab.by_hand(&lab.load(&watch(&[task])));
    let id = (2 << 16) + 1;
    let other = guest("analyse", [&[], &[], &[]], &[Cancel(id)]);
    let report = lab.by_hand(&lab.load(&other));
    assert_eq!(
        report.outcome.to_string(),
        format!("guest error: 13: task {id} belongs to `watch`")
    );
    let report = lab.by_hand(&lab.load(&watch(&[Cancel(id)])));
    assert_eq!(
        effects(&report),
        [format!("[events] cancel {id} (committed)")]
    );
    assert_eq!(
        lab.engine
            .tasks(fractalaw_events_engine::TaskId(0), 9)
            .unwrap(),
        []
    );
}

#[test]
fn subscriptions_are_what_is_declared_and_granted() {
    let policy =
        "on.\"duty-changed\" = { from = [\"watch\"] }\non.\"gap-found\" = true\non.other = true\n";
    let lab = Lab::new(apps(), policy);
    let app = lab.load(&guest(
        "analyse",
        [&["duty-changed", "gap-found"], &[], &[]],
        &[],
    ));
    let found = fractalaw_events::Events::subscriptions(&lab.host, &app, &Run::new()).unwrap();
    let watch = std::collections::BTreeSet::from(["watch".to_owned()]);
    let expected = [
        ("duty-changed".to_owned(), Some(watch)),
        ("gap-found".to_owned(), None),
    ];
    assert_eq!(found, expected.into());
}
