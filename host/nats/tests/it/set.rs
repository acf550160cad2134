//! A set of nodes whose engines the test runs itself, step by step.

use std::fs;

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

/// Whoever may write into the stream could send anything.
#[test]
fn what_no_node_sends_is_not_run_and_not_kept() {
    let Some(servers) = Servers::start(1, "") else {
        return;
    };
    let mut nodes = set(&servers, &["a"]);
    let head = |number: u64, source: &str| {
        format!(
            "{{\"fractalaw\":1,\"ledger\":\"x\",\"number\":{number},\"event\":{{\"type\":\"data-ingested\",\
             \"source\":\"{source}\",\"depth\":0,\"root\":1}}}}\npayload"
        )
    };
    let messages = [
        ("fx.ev.data-ingested.x-1", "no message at all".to_owned()),
        ("fx.ev.data-ingested.x-2", head(2, "a\\nb")),
        ("fx.ev.data-ingested.x-3", head(3, "import")),
    ];
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let client = async_nats::connect(servers.first()).await.unwrap();
        let jetstream = async_nats::jetstream::new(client);
        for (subject, payload) in messages {
            let sent = jetstream.publish(subject, payload.into()).await;
            sent.unwrap().await.unwrap();
        }
    });
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
}
