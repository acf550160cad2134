//! Three nodes and a set that is three lists, with everything that can go wrong between them: messages that are sent
//! twice, come twice or come to another node, lost acknowledgements, processes that end at any step, and deliveries that
//! are given to another node while theirs is down.
//!
//! `FRACTALAW_TEST_SEQUENCES` sets ten times how many random sequences there are, because they are long.

mod verdict;

use std::collections::{BTreeMap, BTreeSet};

use fractalaw_events_engine::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::node::Node;
use crate::lab::{all, cron};

const SEQUENCES: u64 = 6;
const STEPS: usize = 250;
const NODES: usize = 3;

/// An app and the key of a message.
type Key = (String, String);

struct Set {
    random: ChaCha8Rng,
    nodes: Vec<Node>,
    /// The messages that were ever stored, by their keys.
    stored: BTreeMap<String, Message>,
    /// Those that are there: a message goes when all apps have acknowledged it.
    stream: BTreeSet<String>,
    /// What each app has not acknowledged.
    pending: BTreeSet<Key>,
    /// Who owns a delivery, and whether it is done.
    owners: BTreeMap<Key, (usize, bool)>,
    completed: BTreeMap<Key, u64>,
    /// What completed runs and events from outside must have sent.
    made: BTreeSet<String>,
    seen: BTreeMap<&'static str, u64>,
}

fn apps() -> Apps {
    let app = |concurrency, on: &str| App {
        attempts: Some(u32::MAX),
        ..App::new(concurrency).on(on)
    };
    Apps::default()
        .with("first", app(2, "x"))
        .with("second", app(1, "y"))
        .with("third", app(3, "y"))
        .with("ticker", app(1, "none"))
}

#[test]
fn each_delivery_completes_once_in_the_whole_set() {
    let sequences = std::env::var("FRACTALAW_TEST_SEQUENCES");
    let sequences = sequences.map_or(SEQUENCES, |text| text.parse::<u64>().unwrap() / 10);
    let next = std::sync::atomic::AtomicU64::new(0);
    let total = std::sync::Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if seed >= sequences {
                        return;
                    }
                    for (what, count) in sequence(seed) {
                        *total.lock().unwrap().entry(what).or_insert(0_u64) += count;
                    }
                }
            });
        }
    });
    let total = total.into_inner().unwrap();
    eprintln!("{sequences} sequences: {total:?}");
    let seen: Vec<&str> = total.keys().copied().collect();
    let expected = [
        "accepted",
        "came again after it was done",
        "came to another node",
        "came twice",
        "completed",
        "crashed",
        "failed",
        "forgotten",
        "given away",
        "sent again",
        "sent again when it was gone",
        "tick of another node",
        "withdrawn",
    ];
    assert_eq!(seen, expected);
}

fn sequence(seed: u64) -> BTreeMap<&'static str, u64> {
    let mut set = Set::new(seed);
    for _ in 0..STEPS {
        set.step();
        set.check();
    }
    set.drain();
    set.verdict(seed);
    set.seen
}

impl Set {
    fn new(seed: u64) -> Set {
        let nodes = ["n0", "n1", "n2"].map(|name| Node::new(name, apps()));
        let mut set = Set {
            random: ChaCha8Rng::seed_from_u64(seed),
            nodes: nodes.into(),
            stored: BTreeMap::new(),
            stream: BTreeSet::new(),
            pending: BTreeSet::new(),
            owners: BTreeMap::new(),
            completed: BTreeMap::new(),
            made: BTreeSet::new(),
            seen: BTreeMap::new(),
        };
        for node in &mut set.nodes {
            let id = node.run_id();
            let mut run = node.engine().run(id, "config", all(), node.now);
            run.schedule(cron("quarterly", "*/15 * * * *", "ticker"))
                .unwrap();
            node.end(run, "completed");
        }
        set
    }

    fn below(&mut self, most: usize) -> usize {
        (self.random.next_u64() % most.max(1) as u64) as usize
    }

    fn see(&mut self, what: &'static str) {
        *self.seen.entry(what).or_default() += 1;
    }

    fn step(&mut self) {
        let at = self.below(NODES);
        match self.below(100) {
            0..10 => self.accept(at),
            10..28 => self.send(at),
            28..52 => self.pull(at),
            52..75 => self.work(at),
            75..87 => self.report(at),
            87..92 => self.vouch(at),
            92..95 => self.crash(at),
            95..97 => self.give_away(at),
            _ => self.pass_time(),
        }
    }

    fn accept(&mut self, at: usize) {
        self.see("accepted");
        let id = self.nodes[at].accept("x", b"from outside");
        self.made.insert(format!("event:n{at}-{}", id.0));
    }

    /// What goes out is stored once. The process may end before it has removed what it sent.
    fn send(&mut self, at: usize) {
        let outgoing = self.nodes[at].exchange.outgoing().unwrap();
        for outgoing in &outgoing {
            let message = &outgoing.message;
            let key = message.key();
            if let Some(stored) = self.stored.get(&key) {
                let is_own = stored.ledger == message.ledger;
                self.see(match (is_own, self.stream.contains(&key)) {
                    (true, true) => "sent again",
                    (true, false) => "sent again when it was gone",
                    (false, _) => "tick of another node",
                });
            }
            if self.stream.contains(&key) {
                continue;
            }
            for app in receivers(message) {
                self.pending.insert((app, message.key()));
            }
            self.stream.insert(key.clone());
            // Nobody wants it.
            self.clean(&key);
            self.stored.entry(key).or_insert_with(|| message.clone());
        }
        if self.below(4) > 0 {
            self.nodes[at].exchange.sent(&outgoing).unwrap();
        }
    }

    /// A message comes to a node, as long as it is not acknowledged.
    fn pull(&mut self, at: usize) {
        let which = self.below(self.pending.len());
        let Some(key) = self.pending.iter().nth(which).cloned() else {
            return;
        };
        let (owner, is_done) = *self.owners.entry(key.clone()).or_insert((at, false));
        if is_done {
            self.see("came again after it was done");
        } else if owner != at {
            return self.see("came to another node");
        } else if self.below(8) > 0 {
            // Otherwise the process ends between the two steps.
            let arrival = Arrival {
                app: key.0.clone(),
                sequence: 1,
                message: self.stored[&key.1].clone(),
            };
            let put = self.nodes[at].exchange.put(&[arrival]).unwrap();
            if put == [Put::Known] {
                self.see("came twice");
            }
        } else {
            return;
        }
        // Acknowledgements may be lost, and so may the note that one was confirmed.
        if self.below(3) > 0 {
            self.pending.remove(&key);
            self.clean(&key.1);
        }
    }

    fn clean(&mut self, key: &str) {
        if !self.pending.iter().any(|(_, pending)| pending == key) {
            self.stream.remove(key);
        }
    }

    /// One delivery is run, or not even begun.
    fn work(&mut self, at: usize) {
        let outcome = ["completed", "completed", "trap", "interrupted", ""][self.below(5)];
        let node = &mut self.nodes[at];
        let Some(claim) = node.engine().claim(node.now, 1).unwrap().pop() else {
            return;
        };
        let delivery = claim.delivery().clone();
        let id = node.run_id();
        let (mut run, _) = claim.start(id, all(), node.now).unwrap();
        let mut sent = Vec::new();
        if delivery.app == "first" {
            for _ in 0..2 {
                let id = run.emit("y", "first", vec![1; 9]).unwrap();
                sent.push(format!("event:n{at}-{}", id.0));
            }
        }
        if outcome.is_empty() {
            return self.crash(at);
        }
        node.ledger.0.insert(id, outcome);
        if outcome == "completed" {
            run.prepare(true).unwrap();
            let key = key_in_set(&delivery);
            *self.completed.entry((delivery.app, key)).or_default() += 1;
            self.made.extend(sent);
        }
        self.see(if outcome == "completed" {
            "completed"
        } else {
            "failed"
        });
        if self.below(6) == 0 {
            // The closing is written, and the next start settles it.
            drop(run);
            return self.crash(at);
        }
        self.nodes[at].end(run, outcome);
    }

    /// The set learns what is done, and the node forgets it.
    fn report(&mut self, at: usize) {
        let done = self.nodes[at].exchange.done().unwrap();
        let of = |held: &Held| (held.app.clone(), held.key.clone());
        let is_acknowledged = |held: &&Held| !self.pending.contains(&of(held));
        let confirmed: Vec<Held> = done.iter().filter(is_acknowledged).cloned().collect();
        for held in &confirmed {
            let owner = self.owners.get_mut(&of(held)).unwrap();
            assert_eq!(owner.0, at);
            owner.1 = true;
        }
        if self.below(3) > 0 {
            self.see("forgotten");
            self.nodes[at].exchange.forget(&confirmed).unwrap();
        }
    }

    /// What the node holds and does not own any more is withdrawn before the engine may claim.
    fn vouch(&mut self, at: usize) {
        let session = self.nodes[at].exchange.session().unwrap();
        if session.is_vouched {
            return;
        }
        let held = self.nodes[at].exchange.held(None).unwrap();
        let is_gone = |held: &&Held| {
            let owner = self.owners[&(held.app.clone(), held.key.clone())];
            owner.0 != at
        };
        let gone: Vec<_> = held.iter().filter(is_gone).cloned().collect();
        for _ in &gone {
            self.see("withdrawn");
        }
        self.nodes[at].exchange.withdraw(&gone).unwrap();
        self.nodes[at].exchange.vouch(session).unwrap();
    }

    fn crash(&mut self, at: usize) {
        self.see("crashed");
        self.nodes[at].crash();
    }

    /// A node that is down loses what it has not begun to another one.
    fn give_away(&mut self, from: usize) {
        self.crash(from);
        let to = (from + 1) % NODES;
        let held = self.nodes[from].exchange.held(None).unwrap();
        for held in held.into_iter().take(3) {
            let key = (held.app, held.key);
            let owner = self.owners.get_mut(&key).unwrap();
            if owner.0 != from || owner.1 {
                continue;
            }
            owner.0 = to;
            self.see("given away");
            let arrival = Arrival {
                app: key.0.clone(),
                sequence: 1,
                message: self.stored[&key.1].clone(),
            };
            self.nodes[to].exchange.put(&[arrival]).unwrap();
        }
    }

    fn pass_time(&mut self) {
        let seconds = [1, 60, 400, 900][self.below(4)];
        for node in &mut self.nodes {
            node.now = Time::from_unix_s(node.now.unix_s() + seconds);
        }
    }

    /// What is counted is what is there.
    fn check(&self) {
        for node in &self.nodes {
            node.engine().next(node.now).unwrap();
            let [counted, there] = node.counts();
            assert_eq!(counted, there);
            let backlog = node.engine().backlog();
            let total = |at: usize| (there[at] + there[at + 2] + there[at + 4]) as u64;
            assert_eq!((backlog.deliveries, backlog.bytes), (total(0), total(1)));
        }
    }
}

/// The apps that get a message.
fn receivers(message: &Message) -> Vec<String> {
    match &message.kind {
        Kind::Event {
            event_type, source, ..
        } => {
            let apps = apps();
            let all = apps.subscribers(event_type, source);
            all.map(str::to_owned).collect()
        }
        Kind::Tick { target, .. } => vec![target.clone()],
    }
}

fn key_in_set(delivery: &Delivery) -> String {
    let ledger = delivery.ledger.as_ref().unwrap();
    match &delivery.trigger {
        Trigger::Event { id, .. } => format!("event:{ledger}-{}", id.0),
        Trigger::Cron {
            name,
            scheduled_for,
            ..
        } => format!("tick:{name}:{}", scheduled_for.unix_s()),
        Trigger::At { .. } => panic!("{delivery:?}"),
    }
}
