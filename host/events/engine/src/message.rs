//! What nodes of a set give each other: events, and ticks of tasks that all of them have.

use sha2::{Digest, Sha256};

use crate::step::Place;
use crate::time::Time;

/// An event or a tick on its way from one node to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The ledger of the node that it comes from.
    pub ledger: String,
    /// The number of the event or task in that ledger.
    pub number: u64,
    /// Which of the two it is.
    pub kind: Kind,
    /// The input of the runs.
    pub payload: Vec<u8>,
}

/// What a message is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An event, for each app in the set that is subscribed to it.
    Event {
        /// Its type.
        event_type: String,
        /// Who emitted it.
        source: String,
        /// Its place in its chain. The root has the same number on all nodes.
        place: Place,
    },
    /// A tick of a task that all nodes have, for one app.
    Tick {
        /// The app.
        target: String,
        /// The name of the task.
        name: String,
        /// The time of the tick.
        scheduled_for: Time,
        /// How many earlier ticks it also stands for.
        missed: u64,
    },
}

impl Message {
    /// What tells it from every other message for the same app: `event:LEDGER-EVENT`, or `tick:TASK:TIME` with the
    /// task's name and the time in seconds. So a tick has the same key, whichever node fires it.
    pub fn key(&self) -> String {
        match &self.kind {
            Kind::Event { .. } => format!("event:{}-{}", self.ledger, self.number),
            Kind::Tick {
                name,
                scheduled_for,
                ..
            } => format!("tick:{name}:{}", scheduled_for.unix_s()),
        }
    }

    /// The app that gets it, if it is for one only.
    pub(crate) fn target(&self) -> &str {
        match &self.kind {
            Kind::Event { .. } => "",
            Kind::Tick { target, .. } => target,
        }
    }
}

/// Marks the roots of chains that may reach several nodes. No run has a number that is so large.
const OF_SET: u64 = 1 << 62;

/// The number of a root on all nodes. Ledgers number from 1, so the number of a root in its ledger says too little.
pub(crate) fn root_in_set(ledger: &str, root: u64) -> u64 {
    if root & OF_SET != 0 {
        return root;
    }
    let digest = Sha256::digest(format!("{ledger}-{root}"));
    let first = digest.iter().take(8);
    let number = first.fold(0, |number, &byte| (number << 8) | u64::from(byte));
    OF_SET | (number % OF_SET)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_keeps_its_number_from_node_to_node() {
        let root = root_in_set("ledger-1", 65_537);
        assert_eq!(root, 6_538_420_245_397_472_534);
        assert_eq!(root_in_set("ledger-2", root), root);
        assert_ne!(root_in_set("ledger-2", 65_537), root);
        assert!(i64::try_from(root).is_ok());
    }
}
