//! A set of nodes whose engines the test runs itself, step by step.

use std::fs;

use async_nats::jetstream;
use async_nats::jetstream::consumer::{self, DeliverPolicy};
use fractalaw_events_engine::*;
use fractalaw_provenance::{SecretKey, Signatures, Subject, sha256};

use crate::lab::{Node, Place, Running, until};
use crate::servers::Servers;

pub(crate) fn apps() -> Apps {
    Apps::default()
        .with("picky", App::new(1).on_from("data-ingested", &["somebody"]))
        .with("watch", App::new(1).on("data-ingested"))
}

pub(crate) fn set(servers: &Servers, names: &[&str]) -> Vec<(Node, Running)> {
    let nodes = names.iter().map(|name| {
        let node = Node::new(Place::new(name, servers, 1, "", ""), apps());
        let running = node.place.connect();
        (node, running)
    });
    let nodes: Vec<_> = nodes.collect();
    // A subscription counts from when it is made.
    until("the apps", || {
        let status = nodes[0].0.place.ask(&["status"]).unwrap();
        status.contains("app picky:") && status.contains("app watch:")
    });
    until("the nodes", || {
        nodes
            .iter()
            .all(|(node, _)| node.place.log().contains("the engine may run"))
    });
    nodes
}

#[test]
fn an_event_of_one_node_is_run_once_in_the_set() {
    let Some(servers) = Servers::start(1, "") else {
        return;
    };
    let mut nodes = set(&servers, &["a", "b"]);
    let big = vec![7; limits::PAYLOAD_BYTES as usize];
    for at in 0..10 {
        nodes[at % 2].0.accept("data-ingested", &big);
        nodes[0].0.accept("nobody-wants", b"x");
    }
    let mut keys = Vec::new();
    until("ten runs", || {
        keys.extend(nodes.iter_mut().filter_map(|(node, _)| node.work()));
        keys.len() >= 10
    });
    let of = |ledger: &str| keys.iter().filter(|key| key.starts_with(ledger)).count();
    assert_eq!((of("event:ledger-a-"), of("event:ledger-b-")), (5, 5));
    let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
    assert_eq!(distinct.len(), 10, "{keys:?}");
    // Everything is reported and forgotten, also what nobody wanted.
    until("the end", || {
        let status = nodes[0].0.place.ask(&["status"]).unwrap();
        status.ends_with("\n0 messages are stored, 10 deliveries are remembered as done\n")
    });
    for (node, _) in &nodes {
        until("an empty file", || {
            let connection = rusqlite::Connection::open(node.place.path("events.db")).unwrap();
            let sql = "SELECT (SELECT count(*) FROM incoming) + (SELECT count(*) FROM outgoing)";
            connection
                .query_row(sql, (), |row| row.get::<_, i64>(0))
                .unwrap()
                == 0
        });
    }
}

fn signed(component: &[u8]) -> String {
    let subject = Subject {
        name: "watch".to_owned(),
        digest: sha256(component),
    };
    let mut signatures = Signatures::default();
    let key = SecretKey::from_seed(&[1; 32]);
    signatures.sign(subject, "release", &key).unwrap();
    signatures.text()
}

#[test]
fn a_component_reaches_all_nodes() {
    let Some(servers) = Servers::start(1, "") else {
        return;
    };
    let nodes = set(&servers, &["a", "b"]);
    let place = &nodes[0].0.place;
    let mut last = Vec::new();
    // The second is longer than a part of an object.
    for length in [10, 300_000] {
        last = b"\0asm".to_vec();
        last.resize(length, 1);
        fs::write(place.path("new.wasm"), &last).unwrap();
        let signed = signed(&last);
        fs::write(place.path("new.wasm.sig"), &signed).unwrap();
        let file = place.path("new.wasm").display().to_string();
        place.ask(&["publish", "watch", &file]).unwrap();
        for (node, _) in &nodes {
            until("the component", || {
                fs::read(node.place.path("apps/watch.wasm")).is_ok_and(|found| found == last)
            });
            // They are there when the component is.
            let found = fs::read_to_string(node.place.path("apps/watch.wasm.sig"));
            assert_eq!(found.unwrap(), signed);
        }
    }
    let status = place.ask(&["status"]).unwrap();
    assert!(status.contains("\ncomponent watch: "), "{status}");
    assert!(status.contains(", 300000 bytes\n"), "{status}");
    // A file that somebody changed is as it was after the next start.
    let (mut node, running) = nodes.into_iter().next().unwrap();
    drop(running);
    fs::write(node.place.path("apps/watch.wasm"), "changed").unwrap();
    node.start(apps());
    let _running = node.place.connect();
    until("the component", || {
        fs::read(node.place.path("apps/watch.wasm")).is_ok_and(|found| found == last)
    });
    fs::write(node.place.path("no.wasm"), "text").unwrap();
    let file = node.place.path("no.wasm").display().to_string();
    let said = node.place.ask(&["publish", "watch", &file]).unwrap_err();
    assert!(
        said.contains("is not WebAssembly\nhint: name the file of a component"),
        "{said}"
    );
    let said = node.place.ask(&["publish", "../x", &file]).unwrap_err();
    assert!(said.contains("`../x` is not the name of an app"), "{said}");
}

/// Somebody who may write into the stream, and is no node.
pub(crate) struct Stranger {
    pub(crate) runtime: tokio::runtime::Runtime,
    pub(crate) jetstream: jetstream::Context,
}

impl Stranger {
    pub(crate) fn new(servers: &Servers) -> Stranger {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let jetstream = runtime.block_on(async {
            let client = async_nats::connect(servers.first()).await;
            jetstream::new(client.unwrap())
        });
        Stranger { runtime, jetstream }
    }

    pub(crate) fn publish(&self, subject: &str, payload: String) {
        self.runtime.block_on(async {
            let sent = self.jetstream.publish(subject.to_owned(), payload.into());
            sent.await.unwrap().await.unwrap();
        });
    }

    /// The consumer of an app, as the server has it.
    fn consumer(&self, name: &str) -> consumer::Config {
        self.runtime.block_on(async {
            let found: Result<consumer::PullConsumer, _> = self
                .jetstream
                .get_consumer_from_stream(name, "EVENTS")
                .await;
            found.unwrap().cached_info().config.clone()
        })
    }
}

/// An event as a node sends it.
pub(crate) fn message(number: u64, event_type: &str, source: &str) -> String {
    format!(
        "{{\"fractalaw\":1,\"ledger\":\"x\",\"number\":{number},\"event\":{{\"type\":\"{event_type}\",\
         \"source\":\"{source}\",\"depth\":0,\"root\":1}}}}\npayload"
    )
}

#[test]
fn a_subscription_counts_from_when_it_is_made_and_keeps_its_place_when_it_changes() {
    let Some(servers) = Servers::start(1, "") else {
        return;
    };
    let mut nodes = set(&servers, &["a"]);
    let (mut node, running) = nodes.pop().unwrap();
    drop(running);
    let stranger = Stranger::new(&servers);
    let publish = |number, event_type: &str| {
        let subject = format!("fx.ev.{event_type}.x-{number}");
        stranger.publish(&subject, message(number, event_type, "somebody"));
    };
    publish(1, "data-ingested");

    node.start(
        Apps::default()
            .with("late", App::new(1).on("data-ingested"))
            .with("watch", App::new(1).on("data-ingested").on("data-deleted")),
    );
    let _running = node.place.connect();
    until("the apps", || {
        let status = node.place.ask(&["status"]).unwrap();
        let log = node.place.log();
        status.contains("app late:") && log.matches("the engine may run").count() == 2
    });
    // An event of a type that nobody wants is not kept.
    until("the new filters", || {
        let watch = stranger.consumer("app-watch");
        // A leader that is elected later starts at the same place.
        let start = DeliverPolicy::ByStartSequence { start_sequence: 1 };
        assert_eq!(watch.deliver_policy, start);
        watch.filter_subjects.len() == 3
    });
    publish(2, "data-deleted");
    publish(3, "data-ingested");
    let mut keys = Vec::new();
    until("four runs and the end", || {
        keys.extend(node.work());
        let status = node.place.ask(&["status"]).unwrap();
        keys.len() >= 4 && status.contains("\n2 messages are stored, 4 deliveries")
    });
    keys.sort();
    // The app that is new does not get what was sent before. What is stored waits for the one that is gone.
    assert_eq!(
        keys,
        [
            "event:x-1:watch",
            "event:x-2:watch",
            "event:x-3:late",
            "event:x-3:watch"
        ]
    );
}

/// Whoever may write into the stream could send anything.
#[test]
fn what_no_node_sends_is_not_run_and_not_kept() {
    let Some(servers) = Servers::start(1, "") else {
        return;
    };
    let mut nodes = set(&servers, &["a"]);
    let said = [
        ("fx.ev.data-ingested.x-1", "no message at all".to_owned()),
        (
            "fx.ev.data-ingested.x-2",
            message(2, "data-ingested", "a\\nb"),
        ),
        (
            "fx.ev.data-ingested.x-3",
            message(3, "data-ingested", "import"),
        ),
        // An engine could not keep count of its chain.
        (
            "fx.ev.data-ingested.x-4",
            message(4, "data-ingested", "import")
                .replace("\"depth\":0,\"root\":1", "\"depth\":1,\"root\":0"),
        ),
    ];
    let stranger = Stranger::new(&servers);
    for (subject, payload) in said {
        stranger.publish(subject, payload);
    }
    let (node, _) = &mut nodes[0];
    let mut keys = Vec::new();
    until("the end", || {
        keys.extend(node.work());
        let status = node.place.ask(&["status"]).unwrap();
        status.contains("\n0 messages are stored") && !keys.is_empty()
    });
    assert_eq!(keys, ["event:x-3:watch"]);
    let log = node.place.log();
    assert!(
        log.contains("`fx.ev.data-ingested.x-1` is not a message: it has no first line"),
        "{log}"
    );
    assert!(
        log.contains("`fx.ev.data-ingested.x-2` is nothing that a node sends"),
        "{log}"
    );
    until("the last refusal", || {
        let log = node.place.log();
        log.contains("`fx.ev.data-ingested.x-4` is nothing that a node sends")
    });
}
