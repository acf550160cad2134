//! A node that does not know for too long whether the set has what it sent.

use std::time::{SystemTime, UNIX_EPOCH};

use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy};

use crate::lab::{Node, Place, until};
use crate::servers::Servers;
use crate::set::{Stranger, apps};

const DAY_S: u64 = 24 * 60 * 60;

/// The entry of node `a`, as if it had last run so many seconds ago.
fn last_ran(stranger: &Stranger, seconds_ago: u64) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seen = now.as_secs() - seconds_ago;
    let entry = format!("{{\"ledger\":\"ledger-a\",\"seen_unix_s\":{seen}}}");
    stranger.runtime.block_on(async {
        let config = async_nats::jetstream::kv::Config {
            bucket: "NODES".to_owned(),
            history: 1,
            ..Default::default()
        };
        let nodes = stranger.jetstream.create_key_value(config).await.unwrap();
        nodes.put("a", entry.into()).await.unwrap();
    });
}

fn node(servers: &Servers) -> Node {
    let mut node = Node::new(
        Place::new("a", servers, 1, "", "remember-days = 1\n"),
        apps(),
    );
    node.accept("data-ingested", b"batch");
    node
}

/// The program ends by itself with this error.
fn refuses(node: &Node, what: &str) {
    let mut running = node.place.connect();
    until("the end of the program", || {
        running.0.try_wait().unwrap().is_some()
    });
    assert_eq!(running.0.wait().unwrap().code(), Some(1));
    let expected = format!(
        "error: node `a` {what} for 1 days, and the set remembers for 1 days what is done\nhint: events wait to be sent, \
         and the first of them may have been sent before: start with `--send-again` to send all\n"
    );
    let log = node.place.log();
    assert!(log.ends_with(&expected), "{log}");
}

#[test]
fn a_node_that_was_away_for_too_long_does_not_send_by_itself() {
    let Some(servers) = Servers::start(1, "") else {
        return;
    };
    let stranger = Stranger::new(&servers);
    last_ran(&stranger, DAY_S + 60);
    let node = node(&servers);
    refuses(&node, "was away");
    let sent = || node.place.log().contains("the engine may run");
    assert!(!sent());
    let _running = node.place.connect_with(&["run", "--send-again"]);
    until("the connection", sent);
}

/// It runs on, and gets no answer to what it sends.
#[test]
fn a_node_that_gets_no_answer_for_too_long_ends_and_does_not_send_by_itself() {
    let Some(servers) = Servers::start(1, "") else {
        return;
    };
    let stranger = Stranger::new(&servers);
    // The stream takes nothing as long as its messages may have one byte.
    let events = |most| Config {
        name: "EVENTS".to_owned(),
        subjects: vec!["fx.>".to_owned()],
        retention: RetentionPolicy::Interest,
        max_messages_per_subject: 1,
        discard: DiscardPolicy::New,
        discard_new_per_subject: true,
        max_message_size: most,
        ..Config::default()
    };
    stranger.runtime.block_on(async {
        let made = stranger.jetstream.create_stream(events(1)).await;
        made.unwrap();
    });
    let node = node(&servers);
    // It starts a few seconds before it is too late.
    last_ran(&stranger, DAY_S - 5);
    refuses(&node, "got no answer to what it sent");
    assert!(node.place.log().contains("cannot send"));
    // It was connected, so it was seen. What it sent is as old as before.
    stranger.runtime.block_on(async {
        let changed = stranger.jetstream.update_stream(events(-1)).await;
        changed.unwrap();
    });
    refuses(&node, "was away");
}
