//! What a node knows of the set that it is part of.

use crate::room::Backlog;

/// What a node that is part of a set knows of it.
pub struct Member {
    /// The owner of the tasks that all nodes have, because they are in the configuration of each. A tick of them runs
    /// on one node. Tasks that micro-apps schedule run on the node on which they were scheduled.
    pub configuration: String,
    /// Called by the engine's thread when something came from the set that may be claimed. It must not call the engine.
    pub wake: Box<dyn Fn() + Send>,
}

/// How a node of a set stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InSet {
    /// Whether the other process has said, since the start, what this node still owns. Before that, nothing is claimed.
    pub is_vouched: bool,
    /// Events and ticks that wait to be sent.
    pub outgoing: u64,
}

/// What a store knows of its set.
pub(crate) struct Membership {
    pub(crate) member: Member,
    pub(crate) ledger_id: String,
    /// The row of `exchange` at the begin of the transaction, with what has changed since.
    pub(crate) exchange: Counts,
    pub(crate) written: Counts,
    /// Whether the other process has said in this session which deliveries are still this node's.
    pub(crate) is_vouched: bool,
    /// SQLite's number of what other connections have committed, when everything in `incoming` had been looked at.
    pub(crate) seen: Option<i64>,
    /// Whether this transaction made something ready.
    pub(crate) has_arrived: bool,
}

/// What is counted in `exchange`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) queue: Backlog,
    pub(crate) incoming: Backlog,
    pub(crate) outgoing: Backlog,
}

impl Membership {
    pub(crate) fn new(ledger_id: &str, member: Member) -> Membership {
        Membership {
            member,
            ledger_id: ledger_id.to_owned(),
            exchange: Counts::default(),
            written: Counts::default(),
            is_vouched: false,
            seen: None,
            has_arrived: false,
        }
    }
}
