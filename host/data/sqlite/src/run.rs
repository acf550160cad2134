//! One run's use of a database: its calls, its transaction, and how the transaction is settled.

use std::sync::Arc;

use fractalaw_data_call::{Budget, CallError, Code, Failure, Stop};

use crate::call::Call;
use crate::changes::{Changes, TableChanges};
use crate::committed::Committed;
use crate::error::StoreError;
use crate::grants::Grants;
use crate::guard::lock;
use crate::inner::{Conditions, Inner};
use crate::limits::SHORT_SQL_BYTES;
use crate::lost::Lost;
use crate::messages;
use crate::open::Open;
use crate::prepared::Prepared;
use crate::work::Used;

/// A run's session. All its calls are one transaction, which begins with the first call. It sees its own changes,
/// and everything else as it was at that time.
///
/// A run that may write waits in line before its transaction begins, so another writer can never be in its way. A
/// run that may only read never waits. If the session is dropped before it is settled, nothing of it takes
/// effect.
///
/// With [`Conditions::commits_each_call`], each call is a transaction of its own. It is on disk when the call
/// returns, whatever becomes of the run.
pub struct Run {
    store: Arc<Inner>,
    grants: Arc<Grants>,
    conditions: Conditions,
    /// The budget, until the first call.
    budget: Option<Box<dyn Budget>>,
    pub(crate) open: Option<Open>,
    /// SQLite rolled everything back.
    lost: Option<Lost>,
    /// What its calls have committed, in their order, if each call commits.
    committed: Committed,
    /// What its transaction changed, once the run has ended.
    changes: Option<Changes>,
}

/// What a call may do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Does {
    Reads,
    Changes,
}

impl Run {
    pub(crate) fn new(
        store: Arc<Inner>,
        grants: Arc<Grants>,
        conditions: Conditions,
        budget: Box<dyn Budget>,
    ) -> Run {
        Run {
            store,
            grants,
            conditions,
            budget: Some(budget),
            open: None,
            lost: None,
            committed: Committed::default(),
            changes: None,
        }
    }

    /// Returns the rows of one statement that only reads, as an Arrow IPC stream.
    pub fn query(&mut self, sql: &str) -> Result<Vec<u8>, Failure> {
        self.call(Does::Reads, |call| call.query(sql))
    }

    /// Makes a query on a thread that must not be kept long, if the query is short. Otherwise this returns `None` and
    /// nothing has happened: then [`Run::query`] must be called on a thread that may wait.
    ///
    /// A query is short if its transaction has begun, and it takes less than some ten microseconds and little memory.
    pub fn query_if_short(&mut self, sql: &str) -> Option<Result<Vec<u8>, Failure>> {
        if self.lost.is_some() || self.conditions.commits_each_call || sql.len() > SHORT_SQL_BYTES {
            return None;
        }
        let now_ms = self.conditions.now_ms;
        let open = self.open.as_mut().filter(|open| open.in_transaction)?;
        let work = Arc::clone(&open.desk.work);
        let before = lock(&work).begin_trial();
        let result = Call {
            desk: &mut open.desk,
            now_ms,
            is_short: true,
        }
        .query(sql);
        let succeeded = !matches!(result, Err(Failure::Stop(_)));
        if !lock(&work).end_trial(before, succeeded) {
            return None;
        }
        Some(self.checked(result))
    }

    /// Runs one statement that changes rows, and returns how many it changed.
    pub fn execute(&mut self, sql: &str) -> Result<u64, Failure> {
        self.call(Does::Changes, |call| call.execute(sql))
    }

    /// Inserts the rows of an Arrow IPC stream into a table, and returns how many.
    pub fn insert(&mut self, table: &str, stream: &[u8]) -> Result<u64, Failure> {
        self.call(Does::Changes, |call| call.insert(table, stream))
    }

    /// Sets the current time for SQL from here on: see [`Conditions::now_ms`].
    pub fn set_now(&mut self, now_ms: Option<i64>) {
        self.conditions.now_ms = now_ms;
    }

    /// Whether each call is a transaction of its own.
    pub fn commits_each_call(&self) -> bool {
        self.conditions.commits_each_call
    }

    /// What the run's calls have used so far.
    pub fn used(&self) -> Used {
        self.open
            .as_ref()
            .map_or_else(Used::default, |open| lock(&open.desk.work).used())
    }

    fn call<T>(
        &mut self,
        does: Does,
        call: impl FnOnce(&mut Call<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if let Some(lost) = &self.lost {
            return Err(lost.told_again());
        }
        let commits_each_call = self.conditions.commits_each_call;
        let now_ms = self.conditions.now_ms;
        // If each call is a transaction, a call that only reads waits for nobody.
        let may_write = self.grants.writes() && !self.store.read_only;
        let ends_with_call = commits_each_call && !self.conditions.is_measured;
        let writes = may_write && (does == Does::Changes || !ends_with_call);
        if does == Does::Changes && self.store.read_only {
            return Err(messages::read_only().into());
        }
        self.begin(writes)?;
        let Some(open) = &mut self.open else {
            return Err(Stop::Interrupted.into());
        };
        if commits_each_call {
            // Others may have changed the database since its last call.
            lock(&open.desk.work).forget_pages();
        }
        let is_part = commits_each_call && !ends_with_call && does == Does::Changes;
        if is_part {
            open.begin_measured_call()?;
        }
        let result = call(&mut Call {
            desk: &mut open.desk,
            now_ms,
            is_short: false,
        });
        open.in_transaction = !open.desk.engine.is_autocommit();
        if commits_each_call {
            let ended = match &result {
                Ok(_) => open.commit_call(&mut self.committed, ends_with_call),
                Err(_) => Ok(()),
            };
            if is_part {
                open.end_measured_call(result.is_ok() && ended.is_ok())?;
            }
            if ends_with_call {
                // The place goes back to the line, however the call ended.
                open.leave();
            } else {
                lock(&open.desk.touched).watching = writes;
            }
            return ended.and(result);
        }
        self.checked(result)
    }

    /// Finds out whether SQLite has rolled back the run's transaction: because of `OR ROLLBACK`, because of the schema, because the disk
    /// failed, or because the run was stopped while it wrote.
    fn checked<T>(&mut self, result: Result<T, Failure>) -> Result<T, Failure> {
        let Some(open) = &mut self.open else {
            return result;
        };
        open.in_transaction = !open.desk.engine.is_autocommit();
        if open.in_transaction {
            return result;
        }
        let fault = open.desk.engine.last_code();
        let failure = match result {
            Err(failure) => failure,
            // What the host itself reads around a statement failed.
            Ok(_) => CallError::new(Code::Engine, "the database failed").into(),
        };
        let lost = Lost::by(&failure, fault, open.has_used_up_keys());
        // The next writer need not wait for this run any longer.
        open.leave();
        Err(self.lost.insert(lost).told())
    }

    fn begin(&mut self, writes: bool) -> Result<(), Failure> {
        let mut open = match self.open.take() {
            Some(open) => open,
            None => {
                let budget = &mut self.budget;
                let mut look = || budget.as_mut().map_or(Ok(()), |budget| budget.look());
                let open = Open::new(&self.store, &self.grants, &mut look)?;
                if let Some(budget) = self.budget.take() {
                    lock(&open.desk.work).begin(budget, self.conditions.seed);
                }
                open
            }
        };
        let begun = if open.in_transaction {
            Ok(())
        } else {
            open.begin(writes)
        };
        let open = self.open.insert(open);
        if begun.is_err() {
            open.leave();
        }
        begun
    }

    /// Whether what the run did can take effect. The run has ended: it makes no more calls.
    ///
    /// # Errors
    ///
    /// If SQLite has rolled it back, if it is more than one run may change, and if it leaves a foreign key that points to no row. Then
    /// [`discard`](Run::discard) says what it was, as far as that is kept.
    pub fn check(&mut self) -> Result<(), StoreError> {
        if let Some(lost) = &self.lost {
            return Err(lost.clone().into());
        }
        let Some(open) = self.open.as_mut().filter(|open| open.in_transaction) else {
            return Ok(());
        };
        let (changes, fits) = open.changes()?;
        self.changes = Some(changes);
        fits?;
        if open.desk.engine.breaks_deferred_keys() {
            return Err(StoreError::BrokenKeys);
        }
        Ok(())
    }

    /// Prepares what the run did to take effect. It is written to disk and waits there for the ledger's closing
    /// of the run `identity`. Nobody sees it yet, and no other run writes before it is settled.
    ///
    /// Without an identity, there is no ledger that a later start could ask. Then nothing is recorded, and a
    /// crash leaves nothing of the run.
    ///
    /// # Errors
    ///
    /// Those of [`check`](Run::check), and if the disk fails.
    pub fn prepare(mut self, identity: Option<&str>) -> Result<Prepared, StoreError> {
        if self.changes.is_none() {
            self.check()?;
        }
        let changes = self.changes.take().unwrap_or_default();
        let mut shown = std::mem::take(&mut self.committed.tables);
        if let Some(open) = &self.open {
            shown.extend(changes.shown(&open.desk.catalogue));
        }
        let record = (self.store.pending.as_ref().zip(identity)).filter(|_| !changes.is_empty());
        let is_recorded = record.is_some();
        if let Some((pending, identity)) = record {
            let work = self.open.as_ref().map(|open| Arc::clone(&open.desk.work));
            let mut look = || {
                let work = work.as_ref();
                work.map_or(Ok(()), |work| lock(work).ask(|budget| budget.look()))
            };
            lock(pending).write(identity, &changes, &mut look)?;
        }
        Ok(Prepared {
            open: self.open.take(),
            store: Arc::clone(&self.store),
            commits_each_call: self.conditions.commits_each_call,
            changes: shown,
            is_recorded,
            commits: !changes.is_empty(),
        })
    }

    /// Rolls back what the run did, and returns what it was. If each call commits, nothing is rolled back, and what
    /// was committed is returned.
    pub fn discard(mut self) -> Result<Vec<TableChanges>, StoreError> {
        if self.conditions.commits_each_call {
            return Ok(std::mem::take(&mut self.committed.tables));
        }
        let changes = match (self.changes.take(), &mut self.open) {
            (Some(changes), _) => changes,
            (None, Some(open)) if open.in_transaction => open.changes()?.0,
            _ => Changes::default(),
        };
        let catalogue = self.open.as_ref().map(|open| &open.desk.catalogue);
        Ok(catalogue.map_or_else(Vec::new, |catalogue| changes.shown(catalogue)))
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if let Some(open) = self.open.take() {
            open.close();
        }
    }
}
