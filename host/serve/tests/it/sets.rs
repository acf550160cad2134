//! A supervisor that is a node of a set. The test is the process that connects it.

use fractalaw_events_engine::{Arrival, Exchange, Put};
use fractalaw_ledger::{Reader, verify_set};
use fractalaw_serve::SetStatus;
use fractalaw_serve::request::Request;

use crate::lab::*;

const ONE: &str = "[apps.a]\nsource = \"a.wasm\"\n\
                   [[apps.a.cron]]\nname = \"hourly\"\nschedule = \"0 * * * *\"\n";

#[test]
fn events_and_ticks_go_to_the_set_and_what_comes_from_it_is_run() {
    let site = Site::new(ONE);
    site.configure("slots = 4\ngrace = \"0s\"\nset = true", ONE);
    site.write("a.wasm", &app(1, ""));
    let running = site.start();
    let said = running.ask(Request::Emit {
        event_type: "go".to_owned(),
        payload: Vec::new(),
        wait: true,
    });
    let expected = "a node of a set does not know when the runs of an event have ended: they may be on other nodes";
    assert_eq!(said, Err(expected.to_owned()));
    let stands = || running.supervisor.status().unwrap().set.unwrap();
    let waits = SetStatus {
        connected: false,
        outgoing: 0,
    };
    assert_eq!(stands(), waits);
    let event = running.send("go");
    let waits = SetStatus {
        outgoing: 1,
        ..waits
    };
    assert_eq!(stands(), waits);
    assert_eq!(
        waits.text(),
        "node of a set, nothing runs before `fractalaw-nats` has connected it, to be sent: 1"
    );
    let mut exchange = Exchange::open(&site.file("events.db")).unwrap();
    let outgoing = exchange.outgoing().unwrap();
    assert_eq!(outgoing.len(), 1);
    let message = outgoing[0].message.clone();
    assert_eq!(message.number, event.0);
    let apps = exchange.apps().unwrap();
    assert!(apps.0["a"].on.contains_key("go"), "{apps:?}");

    // It comes back, and is run as soon as the set has vouched for the node.
    let arrival = |message: &fractalaw_events_engine::Message| Arrival {
        app: "a".to_owned(),
        sequence: 1,
        message: message.clone(),
    };
    assert_eq!(exchange.put(&[arrival(&message)]).unwrap(), [Put::New]);
    let session = exchange.session().unwrap();
    exchange.vouch(session).unwrap();
    running.ended(1);
    let connected = SetStatus {
        connected: true,
        ..waits
    };
    assert_eq!(stands(), connected);
    assert_eq!(exchange.put(&[arrival(&message)]).unwrap(), [Put::Known]);

    // A tick of the file goes out, and its run comes from the set.
    exchange.sent(&outgoing).unwrap();
    running.at(3600);
    let mut tick = None;
    until("the tick", || {
        tick = exchange.outgoing().unwrap().pop();
        tick.is_some()
    });
    let tick = tick.unwrap();
    assert_eq!(tick.message.key(), "tick:hourly:1772370000");
    exchange.put(&[arrival(&tick.message)]).unwrap();
    running.ended(2);
    let mut ran = running.ran();
    ran.sort();
    assert_eq!(
        ran,
        [
            "a go from test 1 completed",
            "a hourly, by cron 1 completed"
        ]
    );
    let done = exchange.done().unwrap();
    assert_eq!(done.len(), 2);
    running.stop();
    // The openings quote the ledger that numbered the event.
    let path = site.file("audit.ledger");
    let id = Reader::open(&path)
        .unwrap()
        .identity()
        .ledger_id
        .to_string();
    assert_eq!(message.ledger, id);
    let set = verify_set(&[path]).unwrap();
    assert_eq!((set.events, set.deliveries, set.flaws), (1, 2, vec![]));
}
