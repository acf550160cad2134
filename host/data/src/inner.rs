//! What all runs of one database share.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use crate::desk::Desk;
use crate::error::StoreError;
use crate::grants::Grants;
use crate::guard::lock;
use crate::limits::IDLE_CONNECTIONS;
use crate::line::Line;
use crate::pending::Pending;

pub(crate) struct Inner {
    pub(crate) path: PathBuf,
    pub(crate) read_only: bool,
    pub(crate) durable: bool,
    pub(crate) line: Arc<Line>,
    pub(crate) idle: Mutex<HashMap<Grants, Vec<Desk>>>,
    /// Where a run waits for the ledger; none where nothing outlives the process.
    pub(crate) pending: Option<Mutex<Pending>>,
    /// Of a database that is gone with the store. Dropped last.
    pub(crate) _folder: Option<TempDir>,
}

/// What a run begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// What SQL is told for now, in milliseconds since 1970; nothing for the machine's clock.
    pub now_ms: Option<i64>,
    /// What `random()` and `randomblob()` draw from: the run's own, or one that the host drew.
    pub seed: u64,
    /// Whether each call takes effect at once, instead of all when the run completes.
    pub commits_each_call: bool,
}

impl Inner {
    pub(crate) fn new_desk(&self, grants: &Grants) -> Result<Desk, StoreError> {
        Desk::new(&self.path, self.read_only, grants, self.durable)
    }

    /// A connection for these grants, used before or not.
    pub(crate) fn desk(&self, grants: &Grants) -> Result<Desk, StoreError> {
        let idle = lock(&self.idle).get_mut(grants).and_then(Vec::pop);
        idle.map_or_else(|| self.new_desk(grants), Ok)
    }

    /// Takes back a connection on which no transaction is open.
    pub(crate) fn put_back(&self, desk: Desk, grants: &Grants) {
        let mut idle = lock(&self.idle);
        if idle.values().map(Vec::len).sum::<usize>() < IDLE_CONNECTIONS {
            idle.entry(grants.clone()).or_default().push(desk);
        }
    }
}
