//! The end of a sequence: everything that was begun ends, and each delivery has completed once.

use std::collections::BTreeMap;

use fractalaw_events_engine::*;

use super::{Key, NODES, Set, receivers};
use crate::set::node::Node;

impl Set {
    /// Everything goes on until nothing is left, without time passing for the tasks.
    pub(super) fn drain(&mut self) {
        loop {
            for at in 0..NODES {
                self.vouch(at);
                self.send(at);
                self.pull(at);
                self.work(at);
                self.report(at);
                // Retries become due. Ticks do as well, but few.
                let node = &mut self.nodes[at];
                if let Next::At(time) = node.engine().next(node.now).unwrap() {
                    let is_retry = !node
                        .engine()
                        .deliveries(DeliveryId(0), 1)
                        .unwrap()
                        .is_empty();
                    node.now = if is_retry { time } else { node.now };
                }
            }
            let is_empty = |node: &Node| {
                node.settled_backlog().deliveries == 0 && node.exchange.done().unwrap().is_empty()
            };
            if self.pending.is_empty() && self.nodes.iter().all(is_empty) {
                return;
            }
        }
    }

    pub(super) fn verdict(&self, seed: u64) {
        for key in &self.made {
            assert!(self.stored.contains_key(key), "seed {seed}: {key} is lost");
        }
        let events = self.stored.keys().filter(|key| key.starts_with("event:"));
        let unmade: Vec<_> = events.filter(|key| !self.made.contains(*key)).collect();
        assert_eq!(unmade, [""; 0], "seed {seed}");
        let all = self.stored.values().flat_map(|message| {
            let key = message.key();
            receivers(message)
                .into_iter()
                .map(move |app| (app, key.clone()))
        });
        let expected: BTreeMap<Key, u64> = all.map(|key| (key, 1)).collect();
        assert_eq!(self.completed, expected, "seed {seed}");
    }
}
