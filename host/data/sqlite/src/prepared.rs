//! A run between its end and the ledger's closing.

use std::sync::Arc;

use crate::changes::TableChanges;
use crate::error::StoreError;
use crate::guard::lock;
use crate::inner::Inner;
use crate::open::Open;
use crate::pending::Verdict;

/// A run whose changes wait for the ledger. If it is dropped before it is settled, they are rolled back and the
/// record stays for the next start, because nobody here knows what the ledger says.
pub struct Prepared {
    pub(crate) open: Option<Open>,
    pub(crate) store: Arc<Inner>,
    pub(crate) changes: Vec<TableChanges>,
    pub(crate) is_recorded: bool,
    pub(crate) commits: bool,
    pub(crate) commits_each_call: bool,
}

impl Prepared {
    /// What the run changed, by table. Tables whose rows are as before are left out.
    pub fn changes(&self) -> &[TableChanges] {
        &self.changes
    }

    /// Whether each call was a transaction of its own. Then nothing is left to settle.
    pub fn commits_each_call(&self) -> bool {
        self.commits_each_call
    }

    /// Settles the run after the ledger's closing is on disk. What it did takes effect if the closing says that
    /// it completed.
    ///
    /// # Errors
    ///
    /// If the disk fails. The record stays, and the store settles the run before the next one writes, or when it is opened again.
    pub fn settle(mut self, completed: bool) -> Result<Vec<TableChanges>, StoreError> {
        let settled = self.try_to_settle(completed);
        if let (Err(_), Some(pending), true) = (&settled, &self.store.pending, self.is_recorded) {
            lock(pending).owe(match completed {
                true => Verdict::Completed,
                false => Verdict::NotCompleted,
            });
        }
        settled?;
        Ok(std::mem::take(&mut self.changes))
    }

    fn try_to_settle(&mut self, completed: bool) -> Result<(), StoreError> {
        let open = self.open.as_mut().filter(|open| open.in_transaction);
        let commits = completed && self.commits;
        if let Some(open) = open.filter(|_| commits) {
            if let Some(pending) = self.store.pending.as_ref().filter(|_| !self.is_recorded) {
                lock(pending).stay_empty()?;
            }
            open.commit().map_err(|cause| StoreError::Sqlite {
                path: self.store.path.clone(),
                cause,
            })?;
        }
        // The place in line is still held, because the next writer looks at the record. So is the write lock of what is rolled back,
        // because writers of other hosts look at it too. They wait a moment for the record of what was committed.
        if let Some(pending) = self.store.pending.as_ref().filter(|_| self.is_recorded) {
            lock(pending).clear()?;
        }
        if let Some(open) = self.open.as_mut().filter(|open| open.in_transaction) {
            open.roll_back();
        }
        Ok(())
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        if let Some(open) = self.open.take() {
            open.close();
        }
    }
}
