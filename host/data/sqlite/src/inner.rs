//! What all runs of one database share.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use crate::desk::Desk;
use crate::error::StoreError;
use crate::grants::Grants;
use crate::guard::lock;
use crate::limits::{IDLE_CONNECTIONS, OTHERS_WAIT};
use crate::line::Line;
use crate::others::{Look, while_busy};
use crate::pending::Pending;

pub(crate) struct Inner {
    pub(crate) path: PathBuf,
    pub(crate) read_only: bool,
    pub(crate) durable: bool,
    pub(crate) line: Arc<Line>,
    pub(crate) idle: Mutex<HashMap<Grants, Vec<Desk>>>,
    /// The record of a run that waits for the ledger. `None` if the database does not outlive the process.
    pub(crate) pending: Option<Mutex<Pending>>,
    /// The folder of a database that is removed with the store. It is dropped last.
    pub(crate) _folder: Option<TempDir>,
}

/// What a run begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// The current time for SQL, in milliseconds since 1970. `None` is the machine's clock.
    pub now_ms: Option<i64>,
    /// The seed of `random()` and `randomblob()`: the run's own, or one that the host has drawn.
    pub seed: u64,
    /// Whether each call is a transaction of its own, which is committed before the call returns.
    pub commits_each_call: bool,
    /// Whether the run is only measured, and is never settled. Then calls that would be transactions of their own are
    /// parts of one, which is rolled back. They cost the same.
    pub is_measured: bool,
}

impl Inner {
    /// A new connection. Its first read can meet a program that opens or closes the database.
    pub(crate) fn new_desk(
        &self,
        grants: &Grants,
        look: &mut Look<'_>,
    ) -> Result<Desk, StoreError> {
        while_busy(OTHERS_WAIT, look, || {
            Desk::new(&self.path, self.read_only, grants, self.durable)
        })?
    }

    /// A connection for these grants, new or used before.
    pub(crate) fn desk(&self, grants: &Grants, look: &mut Look<'_>) -> Result<Desk, StoreError> {
        let idle = lock(&self.idle).get_mut(grants).and_then(Vec::pop);
        idle.map_or_else(|| self.new_desk(grants, look), Ok)
    }

    /// Takes back a connection that has no open transaction.
    pub(crate) fn put_back(&self, desk: Desk, grants: &Grants) {
        let mut idle = lock(&self.idle);
        if idle.values().map(Vec::len).sum::<usize>() < IDLE_CONNECTIONS {
            idle.entry(grants.clone()).or_default().push(desk);
        }
    }
}
