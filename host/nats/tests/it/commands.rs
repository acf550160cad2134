//! What an operator does when a node is gone.

use std::fs;

use fractalaw_ledger::{Checkpoint, LedgerKey, Reader, Trust, create, now_unix_ns, verify};

use crate::lab::{Node, Place, stop, until};
use crate::servers::Servers;
use crate::set::set;

#[test]
fn deliveries_of_a_node_that_is_gone_are_taken_and_run_once() {
    let Some(servers) = Servers::start(1, "") else {
        return;
    };
    let mut nodes = set(&servers, &["a", "b"]);
    let (mut b, b_running) = nodes.pop().unwrap();
    let (mut a, a_running) = nodes.pop().unwrap();
    // Only `b` is connected, so it owns what it has accepted.
    drop(a_running);
    for _ in 0..5 {
        a.accept("data-ingested", b"x");
    }
    b.accept("data-ingested", b"x");
    until("its own", || b.queue() == 1);
    let a_running = a.place.connect();
    until("all deliveries", || a.queue() + b.queue() == 6);
    let on_b = b.queue();
    let said = a.place.ask(&["take", "b"]).unwrap_err();
    assert!(
        said.contains("node `b` is running\nhint: stop its supervisor"),
        "{said}"
    );
    let said = a.place.ask(&["take", "a"]).unwrap_err();
    assert!(said.contains("`a` is this node"), "{said}");
    let said = a.place.ask(&["take", "c"]).unwrap_err();
    assert!(said.contains("the set has no node `c`"), "{said}");

    // It stops: the engine, and the program as a stop of the system does.
    b.engine = None;
    stop(b_running);
    let said = a.place.ask(&["remove", "b"]).unwrap_err();
    assert!(
        said.contains(&format!("node `b` owns {on_b} deliveries")),
        "{said}"
    );
    let said = a.place.ask(&["take", "b"]).unwrap();
    assert_eq!(
        said,
        format!("{on_b} deliveries were taken, 0 are of apps that this node does not have\n")
    );
    assert!(
        a.place
            .ask(&["take", "b"])
            .unwrap()
            .starts_with("0 deliveries were taken")
    );
    let mut keys = Vec::new();
    until("six runs", || {
        keys.extend(a.work());
        keys.len() == 6
    });
    // The other one comes back, and learns it before it runs anything.
    b.start(crate::set::apps());
    assert!(b.work().is_none());
    let b_running = b.place.connect();
    until("the end of the comparison", || {
        b.place.log().matches("the engine may run").count() == 2
    });
    until("an empty queue", || b.queue() == 0);
    assert!(b.work().is_none());
    let expected = format!("{on_b} deliveries are no longer those of this node");
    assert!(b.place.log().contains(&expected), "{}", b.place.log());
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 6);
    until("that all is done", || {
        let status = a.place.ask(&["status"]).unwrap();
        status.ends_with("6 deliveries are remembered as done\n")
    });
    stop(b_running);
    assert_eq!(a.place.ask(&["remove", "b"]).unwrap(), "`b` is removed\n");
    let status = a.place.ask(&["status"]).unwrap();
    assert!(!status.contains("node b"), "{status}");
    assert!(
        status.starts_with("node a: running, owns 0, ledger ledger-a\n"),
        "{status}"
    );
    assert_eq!(
        a.place.ask(&["forget", "picky"]).unwrap(),
        "`picky` is forgotten, with 0 events that waited for it\n"
    );
    let said = a.place.ask(&["forget", "nothing"]).unwrap_err();
    assert!(said.contains("the set has no app `nothing`"), "{said}");
    drop(a_running);
}

#[test]
fn each_node_keeps_the_checkpoints_of_the_others() {
    let Some(servers) = Servers::start(1, "") else {
        return;
    };
    let more = "[checkpoints]\nledger = \"audit.ledger\"\nkey = \"audit.key\"\nfolder = \"kept\"\n";
    let nodes = ["a", "b"].map(|name| {
        let place = Place::new(name, &servers, 1, "", more);
        let key = LedgerKey::create(&place.path("audit.key")).unwrap();
        create(
            &place.path("audit.ledger"),
            name,
            &key.public_key(),
            now_unix_ns(),
        )
        .unwrap();
        Node::new(place, Default::default())
    });
    let running = nodes.each_ref().map(|node| node.place.connect());
    for (own, other) in [(0, 1), (1, 0)] {
        let ledger = Reader::open(&nodes[own].place.path("audit.ledger")).unwrap();
        let kept = nodes[other]
            .place
            .path("kept")
            .join(ledger.identity().ledger_id.to_string());
        until("a checkpoint", || {
            fs::read_dir(&kept).is_ok_and(|mut files| {
                files.any(|file| {
                    file.unwrap()
                        .path()
                        .extension()
                        .is_some_and(|e| e == "json")
                })
            })
        });
        let file = kept.join(format!("{:020}.json", 2));
        let checkpoint = Checkpoint::load(&file).unwrap();
        assert_eq!(checkpoint.public_key, ledger.identity().public_key);
        let ledger = Reader::open(&nodes[own].place.path("audit.ledger")).unwrap();
        let trust = Trust {
            checkpoints: vec![checkpoint],
            ..Trust::default()
        };
        assert_eq!(verify(&ledger, &trust).unwrap().entries, 2);
    }
    drop(running);
}
