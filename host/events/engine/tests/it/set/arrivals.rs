//! What comes in from the set: once, whole, and no more than there is room for.

use fractalaw_events_engine::*;

use super::node::Node;
use super::{apps, arrival, event};
use crate::lab::{T0, all};

#[test]
fn what_comes_in_is_run_once_however_often_it_comes() {
    let mut node = Node::new("near", apps());
    node.vouch();
    let message = event(9 << 16 | 1, "data-ingested", "import", b"42 rows");
    let put = |node: &mut Node| node.exchange.put(&[arrival("watch", &message)]).unwrap();
    assert_eq!(put(&mut node), [Put::New]);
    assert_eq!(put(&mut node), [Put::Known]);

    let claim = node.claim();
    let delivery = claim.delivery().clone();
    assert_eq!(
        delivery,
        Delivery {
            id: DeliveryId(1),
            app: "watch".to_owned(),
            attempt: 1,
            trigger: Trigger::Event {
                id: EventId(589_825),
                event_type: "data-ingested".to_owned(),
                source: "import".to_owned(),
            },
            payload: b"42 rows".to_vec(),
            place: Some(Place {
                depth: 0,
                root: 1 << 62 | 7
            }),
            ledger: Some("far".to_owned()),
        }
    );
    assert_eq!(delivery.key(), "event:far-589825:watch");
    let standing = node.engine().deliveries(DeliveryId(0), 9).unwrap();
    assert_eq!(standing[0].event, Some(EventId(589_825)));
    assert_eq!(standing[0].ledger.as_deref(), Some("far"));

    // While it runs, after it is done, and after the node has started again.
    let (run, _) = claim.start(RunId(5), all(), node.now).unwrap();
    assert_eq!(put(&mut node), [Put::Known]);
    node.end(run, "completed");
    assert_eq!(put(&mut node), [Put::Known]);
    node.crash();
    node.vouch();
    assert_eq!(put(&mut node), [Put::Known]);
    assert!(node.engine().claim(node.now, 9).unwrap().is_empty());
    assert_eq!(node.settled_backlog(), Backlog::default());

    // The set knows that it is done, and does not deliver it again: it may be forgotten.
    let done = node.exchange.done().unwrap();
    assert_eq!(done.len(), 1);
    assert!(!done[0].is_acknowledged);
    node.exchange
        .acknowledged([("watch", &*message.key())])
        .unwrap();
    assert!(node.exchange.done().unwrap()[0].is_acknowledged);
    node.exchange.forget(&done).unwrap();
    assert!(!node.exchange.has("watch", &message.key()).unwrap());
}

/// Both ledgers number from 1, so two events may have the same number. Each app gets its own copy.
#[test]
fn numbers_of_other_ledgers_are_not_mixed_up() {
    let mut node = Node::new("near", apps());
    node.vouch();
    let one = event(65_537, "data-ingested", "import", b"one");
    let mut two = one.clone();
    two.ledger = "farther".to_owned();
    two.payload = b"two".to_vec();
    let put = [
        arrival("watch", &one),
        arrival("watch", &two),
        arrival("picky", &one),
    ];
    assert_eq!(node.exchange.put(&put).unwrap(), [Put::New; 3]);
    node.accept("data-ingested", b"own");
    let mut seen = Vec::new();
    for run in 100..103 {
        let claim = node.claim();
        let delivery = claim.delivery();
        let payload = String::from_utf8(delivery.payload.clone()).unwrap();
        seen.push(format!("{} {payload}", delivery.key()));
        let (run, _) = claim.start(RunId(run), all(), node.now).unwrap();
        node.end(run, "completed");
    }
    assert_eq!(
        seen,
        [
            "event:far-65537:watch one",
            "event:farther-65537:watch two",
            "event:far-65537:picky one"
        ]
    );
}

#[test]
fn what_no_engine_sends_does_not_come_in() {
    let mut node = Node::new("near", apps());
    let good = event(1, "data-ingested", "import", b"x");
    let tick = |target: &str, name: &str| Message {
        kind: Kind::Tick {
            target: target.to_owned(),
            name: name.to_owned(),
            scheduled_for: Time::from_unix_s(T0),
            missed: 0,
        },
        ..good.clone()
    };
    let with = |change: fn(&mut Message)| {
        let mut message = good.clone();
        change(&mut message);
        message
    };
    let cases = [
        (good.clone(), Put::New),
        (tick("watch", "daily"), Put::New),
        (tick("picky", "other"), Put::Malformed),
        (tick("watch", ""), Put::Malformed),
        (event(2, "Data Ingested", "import", b""), Put::Malformed),
        (event(2, "data-ingested", "a\nb", b""), Put::Malformed),
        (with(|m| m.ledger = String::new()), Put::Malformed),
        (with(|m| m.number = u64::MAX), Put::Malformed),
        (placed(2, 1, 0), Put::Malformed),
        (placed(2, 0, 0), Put::Malformed),
        (placed(2, 1, u64::MAX), Put::Malformed),
        (placed(2, 1, 1), Put::New),
        (
            with(|m| (m.number, m.payload) = (3, vec![0; 1 << 20])),
            Put::New,
        ),
        (
            with(|m| (m.number, m.payload) = (4, vec![0; (1 << 20) + 1])),
            Put::Malformed,
        ),
    ];
    for (message, expected) in cases {
        let put = node.exchange.put(&[arrival("watch", &message)]).unwrap();
        assert_eq!(put, [expected], "{}", message.key());
    }
}

/// An event at a place in a chain.
fn placed(number: u64, depth: u32, root: u64) -> Message {
    Message {
        kind: Kind::Event {
            event_type: "data-ingested".to_owned(),
            source: "import".to_owned(),
            place: Place { depth, root },
        },
        ..event(number, "data-ingested", "import", b"xyz")
    }
}

/// Earlier versions took it into the file, where it is after an update.
#[test]
fn an_event_without_a_root_that_is_in_the_file_stops_nothing() {
    let mut node = Node::new("near", apps());
    let arrivals = [1, 2].map(|number| arrival("watch", &placed(number, 1, 1)));
    node.exchange.put(&arrivals).unwrap();
    node.without_root("event:far-1");
    node.crash();
    node.vouch();
    let claim = node.claim();
    assert_eq!(claim.delivery().key(), "event:far-2:watch");
    let (run, _) = claim.start(RunId(1), all(), node.now).unwrap();
    node.end(run, "completed");
    assert!(node.engine().claim(node.now, 9).unwrap().is_empty());
    assert_eq!(node.settled_backlog(), Backlog::default());
    let [counted, found] = node.counts();
    assert_eq!(counted, found);
    // The set learns that both are done.
    let done = node.exchange.done().unwrap();
    let keys: Vec<_> = done.iter().map(|held| &*held.key).collect();
    assert_eq!(keys, ["event:far-1", "event:far-2"]);
    node.exchange.forget(&done).unwrap();
    assert!(node.exchange.held(None).unwrap().is_empty());
}

#[test]
fn the_backlog_bounds_what_comes_in() {
    let mut node = Node::new("near", apps());
    assert_eq!(node.exchange.room("watch").unwrap(), 256);
    let messages: Vec<_> = (1..=300)
        .map(|number| event(number, "data-ingested", "import", b"x"))
        .collect();
    let arrivals: Vec<_> = messages.iter().map(|m| arrival("watch", m)).collect();
    node.exchange.put(&arrivals[..200]).unwrap();
    assert_eq!(node.exchange.room("watch").unwrap(), 56);
    assert_eq!(node.exchange.room("picky").unwrap(), 256);
    node.vouch();
    assert_eq!(node.settled_backlog().deliveries, 200);
    assert_eq!(node.exchange.room("watch").unwrap(), 56);

    // Nine tenths of all that may be in the file, also of what goes out.
    node.fill(899_700);
    assert_eq!(node.exchange.room("picky").unwrap(), 100);
    let put = node.exchange.put(&arrivals[200..]).unwrap();
    let mut expected = [Put::New; 100];
    assert_eq!(put, expected);
    assert_eq!(node.exchange.room("watch").unwrap(), 0);
    let more = event(999, "data-ingested", "import", b"x");
    assert_eq!(
        node.exchange.put(&[arrival("watch", &more)]).unwrap(),
        [Put::NoRoom]
    );
    expected.fill(Put::Known);
    assert_eq!(node.exchange.put(&arrivals[200..]).unwrap(), expected);
}

#[test]
fn an_app_that_is_refused_pulls_no_more() {
    let mut node = Node::new("near", apps());
    node.vouch();
    let messages: Vec<_> = (1..=256)
        .map(|number| event(number, "data-ingested", "import", b"x"))
        .collect();
    let arrivals: Vec<_> = messages.iter().map(|m| arrival("watch", m)).collect();
    node.exchange.put(&arrivals).unwrap();
    while let Some(claim) = node.engine().claim(node.now, 1).unwrap().pop() {
        claim
            .give_back(Ending::Refused, "refused", node.now)
            .unwrap();
    }
    assert_eq!(node.exchange.room("watch").unwrap(), 0);
    assert_eq!(node.exchange.room("picky").unwrap(), 256);
}
