//! A node that is part of a set: what goes out, and what comes in, beside the engine in the same file.

mod arrivals;
mod model;
mod node;

use fractalaw_events_engine::*;
use node::Node;

use crate::lab::{T0, all, cron, once};

fn apps() -> Apps {
    Apps::default()
        .with("picky", App::new(2).on_from("duty-changed", &["watch"]))
        .with("watch", App::new(1).on("data-ingested"))
}

fn event(number: u64, event_type: &str, source: &str, payload: &[u8]) -> Message {
    Message {
        ledger: "far".to_owned(),
        number,
        kind: Kind::Event {
            event_type: event_type.to_owned(),
            source: source.to_owned(),
            place: Place {
                depth: 0,
                root: 1 << 62 | 7,
            },
        },
        payload: payload.to_vec(),
    }
}

fn arrival(app: &str, message: &Message) -> Arrival {
    Arrival {
        app: app.to_owned(),
        sequence: 1,
        message: message.clone(),
    }
}

#[test]
fn what_takes_effect_goes_out_and_not_to_own_apps() {
    let mut node = Node::new("near", apps());
    node.vouch();
    assert_eq!(node.accept("data-ingested", b"42 rows"), EventId(65_537));
    let mut run = node.engine().run(RunId(2), "watch", all(), node.now);
    run.emit("duty-changed", "watch", b"7".to_vec()).unwrap();
    run.emit("nobody-wants", "watch", b"".to_vec()).unwrap();
    node.end(run, "completed");
    let mut run = node.engine().run(RunId(3), "watch", all(), node.now);
    run.emit("duty-changed", "watch", b"8".to_vec()).unwrap();
    node.end(run, "trap");

    let out = node.exchange.outgoing().unwrap();
    let seen: Vec<_> = out
        .iter()
        .map(|out| (out.message.key(), out.message.payload.clone()))
        .collect();
    let expected: [(String, Vec<u8>); 3] = [
        ("event:near-65537".to_owned(), b"42 rows".to_vec()),
        ("event:near-131073".to_owned(), b"7".to_vec()),
        ("event:near-131074".to_owned(), Vec::new()),
    ];
    assert_eq!(seen, expected);
    assert_eq!(
        node.engine().backlog(),
        Backlog {
            deliveries: 3,
            bytes: 8
        }
    );
    assert!(node.engine().claim(node.now, 9).unwrap().is_empty());

    // What is sent is gone, and is not sent again.
    node.exchange.sent(&out[..2]).unwrap();
    node.exchange.sent(&out[..1]).unwrap();
    assert_eq!(node.exchange.outgoing().unwrap(), out[2..]);
    assert_eq!(
        node.settled_backlog(),
        Backlog {
            deliveries: 1,
            bytes: 0
        }
    );
}

#[test]
fn an_event_that_waits_to_be_sent_is_known() {
    let mut node = Node::new("near", apps());
    let id = node.accept("data-ingested", b"42 rows");
    let event = Outside {
        id,
        event_type: "data-ingested".to_owned(),
        source: "outside".to_owned(),
        payload: b"42 rows".to_vec(),
    };
    assert_eq!(node.engine().accept(event).unwrap(), Ok(Accepted::Known));
    assert_eq!(node.exchange.outgoing().unwrap().len(), 1);
}

#[test]
fn nothing_is_claimed_before_the_node_is_vouched_for() {
    let mut node = Node::new("near", apps());
    node.vouch();
    let messages: Vec<_> = (1..=3)
        .map(|number| event(number, "data-ingested", "import", b"x"))
        .collect();
    let arrivals: Vec<_> = messages.iter().map(|m| arrival("watch", m)).collect();
    node.exchange.put(&arrivals).unwrap();
    let claim = node.claim();
    drop(claim);
    node.crash();
    assert!(node.engine().claim(node.now, 9).unwrap().is_empty());
    assert_eq!(node.engine().next(node.now).unwrap(), Next::Never);

    // The set gave the second to another node while this one was down.
    let held = node.exchange.held(None).unwrap();
    assert_eq!(held.len(), 3);
    assert_eq!(node.exchange.held(Some(&held[1])).unwrap(), held[2..]);
    node.exchange.withdraw(&held[1..2]).unwrap();
    // It has not seen the start after this one.
    let session = node.exchange.session().unwrap();
    node.crash();
    node.exchange.vouch(session).unwrap();
    assert!(node.engine().claim(node.now, 9).unwrap().is_empty());
    node.vouch();
    let mut seen = Vec::new();
    while let Some(claim) = node.engine().claim(node.now, 1).unwrap().pop() {
        seen.push(claim.delivery().key());
        let (run, _) = claim
            .start(RunId(50 + seen.len() as u64), all(), node.now)
            .unwrap();
        node.end(run, "completed");
    }
    assert_eq!(seen, ["event:far-1:watch", "event:far-3:watch"]);
    assert_eq!(node.settled_backlog(), Backlog::default());
    // In a session that is vouched for, runs may go on: nothing is withdrawn.
    node.exchange.put(&arrivals[1..2]).unwrap();
    let held = node.exchange.held(None).unwrap();
    node.exchange.withdraw(&held).unwrap();
    assert_eq!(node.exchange.held(None).unwrap(), held);
}

#[test]
fn a_tick_of_the_configuration_goes_out_and_others_do_not() {
    let mut node = Node::new("near", apps());
    node.vouch();
    let mut run = node.engine().run(RunId(1), "config", all(), node.now);
    run.schedule(cron("hourly", "0 * * * *", "watch")).unwrap();
    run.schedule(once("at", T0 + 60, "watch")).unwrap();
    node.end(run, "completed");
    let mut run = node.engine().run(RunId(2), "watch", all(), node.now);
    run.schedule(cron("own", "0 * * * *", "watch")).unwrap();
    node.end(run, "completed");

    node.now = Time::from_unix_s(T0 + 3 * 3600);
    let claims = node.engine().claim(node.now, 9).unwrap();
    let keys: Vec<_> = claims.iter().map(|claim| claim.delivery().key()).collect();
    assert_eq!(keys, ["tick:65538:1772366460"]);
    drop(claims);
    let out = node.exchange.outgoing().unwrap();
    assert_eq!(out.len(), 1);
    let message = &out[0].message;
    assert_eq!(message.key(), "tick:hourly:1772377200");
    assert_eq!(
        message.kind,
        Kind::Tick {
            target: "watch".to_owned(),
            name: "hourly".to_owned(),
            scheduled_for: Time::from_unix_s(T0 + 3 * 3600),
            missed: 2,
        }
    );
    // It comes back, to this node or another.
    node.exchange.put(&[arrival("watch", message)]).unwrap();
    let mut found = Vec::new();
    while let Some(claim) = node.engine().claim(node.now, 1).unwrap().pop() {
        let delivery = claim.delivery().clone();
        found.push((delivery.key(), delivery.trigger, delivery.place));
        let (run, _) = claim
            .start(RunId(9 + found.len() as u64), all(), node.now)
            .unwrap();
        node.end(run, "completed");
    }
    let expected = Trigger::Cron {
        task: TaskId(65_537),
        name: "hourly".to_owned(),
        scheduled_for: Time::from_unix_s(T0 + 3 * 3600),
        missed: 2,
    };
    assert_eq!(
        found.last(),
        Some(&("tick:near-65537:1772377200".to_owned(), expected, None))
    );
    let standing = node.engine().tasks(TaskId(0), 9).unwrap();
    assert_eq!(standing.len(), 2, "{standing:?}");
}

#[test]
fn subscriptions_can_be_read_while_the_engine_runs() {
    let mut node = Node::new("near", apps());
    assert_eq!(node.exchange.apps().unwrap(), apps());
    let other = Apps::default().with("other", App::new(0).on("x"));
    let before = node.exchange.version().unwrap();
    node.engine().set_apps(other.clone()).unwrap();
    assert_ne!(node.exchange.version().unwrap(), before);
    assert_eq!(node.exchange.apps().unwrap(), other);
    // A node that leaves the set has none.
    node.leave().unwrap();
    assert_eq!(node.exchange.apps().unwrap(), Apps::default());
}

#[test]
fn a_node_does_not_leave_before_all_is_sent_and_known_to_be_done() {
    let mut node = Node::new("near", apps());
    let refused = |node: &mut Node, outgoing: u64, incoming: u64| {
        let error = node.leave().unwrap_err();
        let (_, error) = error.split_once("` is of a node of a set: ").unwrap();
        assert_eq!(
            error,
            format!(
                "{outgoing} to be sent to it, and {incoming} from it that it does not know to be done\n\
                 hint: start it as a node of the set until `fractalaw-nats` has moved them"
            )
        );
        node.come_back();
        node.vouch();
    };
    node.vouch();
    node.accept("data-ingested", b"42 rows");
    refused(&mut node, 1, 0);
    let out = node.exchange.outgoing().unwrap();
    node.exchange.sent(&out).unwrap();
    let message = event(9 << 16 | 1, "data-ingested", "import", b"");
    node.exchange.put(&[arrival("watch", &message)]).unwrap();
    refused(&mut node, 0, 1);
    let (run, _) = node.claim().start(RunId(5), all(), node.now).unwrap();
    node.end(run, "completed");
    refused(&mut node, 0, 1);
    node.exchange
        .acknowledged([("watch", &*message.key())])
        .unwrap();
    let done = node.exchange.done().unwrap();
    node.exchange.forget(&done).unwrap();
    node.leave().unwrap();
}

#[test]
fn the_supervisor_is_woken() {
    let mut node = Node::new("near", apps());
    assert_eq!(node.woken(), 0);
    node.vouch();
    node.wait_until_woken(1);
    let message = event(1, "data-ingested", "import", b"x");
    node.exchange.put(&[arrival("watch", &message)]).unwrap();
    node.wait_until_woken(2);
    assert_eq!(node.engine().backlog().deliveries, 1);
}

#[test]
fn a_file_that_no_engine_made_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let refused = |path: &std::path::Path| Exchange::open(path).err().unwrap().to_string();
    assert!(refused(&path).ends_with("No such file or directory (os error 2)"));
    assert!(!path.exists());
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE x (y)")
        .unwrap();
    assert!(refused(&path).contains("it is another database"));
}
