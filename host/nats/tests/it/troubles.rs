//! What one entry, one app or one answer that is not as it must be does not stop.

use std::fs;

use async_nats::jetstream::{kv, stream};
use fractalaw_events_engine::{App, Apps, Arrival, Exchange, Kind, Message, Put};
use fractalaw_ledger::{LedgerKey, Reader, create, now_unix_ns};

use crate::lab::{Node, Place, until};
use crate::servers::Servers;
use crate::set::{Stranger, apps, message, set};

/// The set does not take it at first, so it is sent again. The ledger gets one entry, not one for each attempt.
#[test]
fn a_checkpoint_that_is_not_taken_is_sent_again_and_not_signed_again() {
    let Some(servers) = Servers::start(1, "") else {
        return;
    };
    let stranger = Stranger::new(&servers);
    let limited = |bytes| kv::Config {
        bucket: "CHECKPOINTS".to_owned(),
        history: 64,
        max_value_size: bytes,
        ..kv::Config::default()
    };
    stranger.runtime.block_on(async {
        let made = stranger.jetstream.create_key_value(limited(1));
        made.await.unwrap();
    });
    let more = "[checkpoints]\nledger = \"audit.ledger\"\nkey = \"audit.key\"\nfolder = \"kept\"\n";
    let place = Place::new("a", &servers, 1, "", more);
    let key = LedgerKey::create(&place.path("audit.key")).unwrap();
    let ledger = place.path("audit.ledger");
    create(&ledger, "a", &key.public_key(), now_unix_ns()).unwrap();
    let node = Node::new(place, Apps::default());
    let _running = node.place.connect();
    until("a refusal", || {
        node.place.log().contains("cannot sign the ledger")
    });
    stranger.runtime.block_on(async {
        let changed = stranger.jetstream.update_key_value(limited(-1));
        changed.await.unwrap();
    });
    let id = Reader::open(&ledger).unwrap().identity().ledger_id;
    let kept = node.place.path("kept").join(id.to_string());
    let names = || -> Vec<String> {
        let files = fs::read_dir(&kept).into_iter().flatten();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".json")).collect()
    };
    until("the checkpoint", || !names().is_empty());
    assert_eq!(names(), [format!("{:020}.json", 2)]);
    assert_eq!(Reader::open(&ledger).unwrap().entry_count(), 2);
}

#[test]
fn an_app_that_is_forgotten_holds_up_no_report() {
    let Some(servers) = Servers::start(1, "") else {
        return;
    };
    let with_gone = apps().with("gone", App::new(1).on("data-ingested"));
    let mut node = Node::new(Place::new("a", &servers, 1, "", ""), with_gone);
    // The program took a delivery, and was killed before it acknowledged it. Then the set forgot the app.
    let mut exchange = Exchange::open(&node.place.path("events.db")).unwrap();
    let message = Message {
        ledger: "x".to_owned(),
        number: 1,
        kind: Kind::Event {
            event_type: "data-ingested".to_owned(),
            source: "import".to_owned(),
            place: fractalaw_events_engine::Place { depth: 0, root: 1 },
        },
        payload: b"payload".to_vec(),
    };
    let arrival = Arrival {
        app: "gone".to_owned(),
        sequence: 1,
        message,
    };
    assert_eq!(exchange.put(&[arrival]).unwrap(), [Put::New]);
    let session = exchange.session().unwrap();
    exchange.vouch(session).unwrap();
    assert_eq!(node.work().as_deref(), Some("event:x-1:gone"));
    assert_eq!(exchange.done().unwrap().len(), 1);
    node.start(apps());
    let _running = node.place.connect();
    until("the end of what was done", || {
        exchange.done().unwrap().is_empty()
    });
}

/// `APPS` can have an entry of a later version, or of somebody who may write there and is no node.
#[test]
fn an_entry_that_is_no_component_holds_up_no_other() {
    let Some(servers) = Servers::start(1, "") else {
        return;
    };
    let nodes = set(&servers, &["a"]);
    let place = &nodes[0].0.place;
    let stranger = Stranger::new(&servers);
    stranger.runtime.block_on(async {
        let bucket = stranger.jetstream.get_key_value("APPS").await.unwrap();
        bucket.put("bad", "no entry".into()).await.unwrap();
    });
    until("the bad entry", || {
        let log = place.log();
        log.contains("cannot fetch the component of `bad`: expected")
    });
    let component = b"\0asm and more";
    fs::write(place.path("new.wasm"), component).unwrap();
    let file = place.path("new.wasm").display().to_string();
    place.ask(&["publish", "watch", &file]).unwrap();
    until("the component", || {
        fs::read(place.path("apps/watch.wasm")).is_ok_and(|found| found == component)
    });
    // It is said once, however often it is tried again, and works when it is right.
    place.ask(&["publish", "bad", &file]).unwrap();
    until("the other component", || {
        fs::read(place.path("apps/bad.wasm")).is_ok_and(|found| found == component)
    });
    let said = "cannot fetch the component of `bad`";
    assert_eq!(place.log().matches(said).count(), 1, "{}", place.log());
}

/// Otherwise the node would own a delivery for ever that nobody has.
#[test]
fn a_message_is_refused_for_good_only_when_its_delivery_is_known_to_be_done() {
    let Some(servers) = Servers::start(1, "") else {
        return;
    };
    let stranger = Stranger::new(&servers);
    // Nothing can be remembered for a time. So the set does not take that a delivery is done.
    let owners = |forgets| stream::Config {
        name: "KV_OWNERS".to_owned(),
        subjects: vec!["$KV.OWNERS.>".to_owned()],
        max_messages_per_subject: 1,
        allow_rollup: true,
        allow_message_ttl: forgets,
        ..stream::Config::default()
    };
    stranger.runtime.block_on(async {
        let made = stranger.jetstream.create_stream(owners(false)).await;
        made.unwrap();
    });
    let nodes = set(&servers, &["a"]);
    let place = &nodes[0].0.place;
    stranger.publish(
        "fx.ev.data-ingested.x-2",
        message(2, "data-ingested", "a\\nb"),
    );
    until("a refusal of the set", || {
        place.log().matches("`watch`: ").count() > 1
    });
    let status = || place.ask(&["status"]).unwrap();
    let waits = status();
    assert!(waits.contains("node a: running, owns 1, "), "{waits}");
    assert!(
        waits.ends_with("\n1 messages are stored, 0 deliveries are remembered as done\n"),
        "{waits}"
    );
    stranger.runtime.block_on(async {
        let changed = stranger.jetstream.update_stream(owners(true)).await;
        changed.unwrap();
    });
    until("the end of the delivery", || {
        let status = status();
        status.contains("node a: running, owns 0, ")
            && status.ends_with("\n0 messages are stored, 1 deliveries are remembered as done\n")
    });
}
