//! One run's use of a database: its calls, its transaction, and how the transaction is settled.

use std::sync::Arc;

use fractalaw_data_call::{Budget, CallError, Code, Failure, Quota, Stop};
use rusqlite::{Error, ErrorCode};

use crate::call::Call;
use crate::changes::{self, Changes, TableChanges};
use crate::desk::Desk;
use crate::error::StoreError;
use crate::ffi::Entered;
use crate::grants::Grants;
use crate::guard::lock;
use crate::inner::{Conditions, Inner};
use crate::limits::{CALL_MEMORY_BYTES, LINE_LOOK};
use crate::line::Place;
use crate::work::Used;

/// A run's session. All its calls are one transaction, which begins with the first call. It sees its own changes,
/// and everything else as it was at that time.
///
/// A run that may write waits in line before its transaction begins, so another writer can never be in its way. A
/// run that may only read never waits. If the session is dropped before it is settled, nothing of it takes
/// effect.
pub struct Run {
    store: Arc<Inner>,
    grants: Arc<Grants>,
    conditions: Conditions,
    /// The budget, until the first call.
    budget: Option<Box<dyn Budget>>,
    open: Option<Open>,
    /// A statement of the run rolled everything back.
    lost: bool,
    /// What it has committed, if each call takes effect at once.
    committed: Vec<TableChanges>,
}

/// A transaction, on a connection that only this run uses.
struct Open {
    desk: Desk,
    /// The first place in line, if the run may write.
    place: Option<Place>,
    in_transaction: bool,
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
            lost: false,
            committed: Vec::new(),
        }
    }

    /// Returns the rows of one statement that only reads, as an Arrow IPC stream.
    pub fn query(&mut self, sql: &str) -> Result<Vec<u8>, Failure> {
        self.call(|call| call.query(sql))
    }

    /// Runs one statement that changes rows, and returns how many it changed.
    pub fn execute(&mut self, sql: &str) -> Result<u64, Failure> {
        self.call(|call| call.execute(sql))
    }

    /// Inserts the rows of an Arrow IPC stream into a table, and returns how many.
    pub fn insert(&mut self, table: &str, stream: &[u8]) -> Result<u64, Failure> {
        self.call(|call| call.insert(table, stream))
    }

    /// Sets the current time for SQL from here on: see [`Conditions::now_ms`].
    pub fn set_now(&mut self, now_ms: Option<i64>) {
        self.conditions.now_ms = now_ms;
    }

    /// What the run's calls have used so far.
    pub fn used(&self) -> Used {
        self.open
            .as_ref()
            .map_or_else(Used::default, |open| lock(&open.desk.work).used())
    }

    fn call<T>(
        &mut self,
        call: impl FnOnce(&mut Call<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if self.lost {
            return Err(lost().into());
        }
        let commits_each_call = self.conditions.commits_each_call;
        let now_ms = self.conditions.now_ms;
        let open = self.begin()?;
        let result = call(&mut Call {
            desk: &mut open.desk,
            now_ms,
        });
        let is_open = !open.desk.engine.is_autocommit();
        open.in_transaction = is_open;
        if !is_open {
            // The statement had `OR ROLLBACK`, or SQLite rolled back because the run was stopped while it wrote.
            lock(&open.desk.touched).take();
            self.lost = true;
            return result.map_err(|failure| match failure {
                Failure::Call(error) => error.hint(OR_ABORT).into(),
                stop => stop,
            });
        } else if commits_each_call {
            self.end_call(result.is_ok())?;
        }
        result
    }

    fn begin(&mut self) -> Result<&mut Open, Failure> {
        if self.open.is_none() {
            let mut desk = self
                .store
                .desk(&self.grants)
                .map_err(|error| engine(&error))?;
            if let Some(budget) = self.budget.take() {
                lock(&desk.work).begin(budget, self.conditions.seed);
            }
            desk.engine.forget();
            desk.is_warm = false;
            self.open = Some(Open {
                desk,
                place: None,
                in_transaction: false,
            });
        }
        if self.open.as_ref().is_some_and(|open| !open.in_transaction) {
            self.begin_transaction()?;
        }
        self.open.as_mut().ok_or_else(|| lost().into())
    }

    fn begin_transaction(&mut self) -> Result<(), Failure> {
        loop {
            let Some(open) = &mut self.open else {
                return Ok(());
            };
            let work = Arc::clone(&open.desk.work);
            let look = || lock(&work).ask(|budget| budget.look());
            if self.grants.writes() {
                if open.place.is_none() {
                    open.place = Some(self.store.line.enter(look)?);
                }
                if let Err(failure) = take_lock(&open.desk, look) {
                    // The next writer may have more time.
                    open.place = None;
                    return Err(failure);
                }
                if let Some(pending) = &self.store.pending
                    && let Err(error) = lock(pending).check_empty()
                {
                    rollback(&open.desk);
                    return Err(CallError::new(Code::Busy, error.to_string()).into());
                }
            } else {
                // Readers see what was committed when they first read.
                open.desk
                    .engine
                    .connection()
                    .execute_batch("BEGIN")
                    .map_err(|error| sqlite(&error))?;
            }
            // This is the first read.
            if open.desk.is_current().map_err(|error| sqlite(&error))? {
                open.in_transaction = true;
                lock(&open.desk.touched).watching = self.grants.writes();
                return Ok(());
            }
            // The tables' definitions have changed. A connection that is set up again knows them.
            rollback(&open.desk);
            let fresh = self
                .store
                .new_desk(&self.grants)
                .map_err(|error| engine(&error))?;
            std::mem::swap(&mut *lock(&fresh.work), &mut *lock(&open.desk.work));
            open.desk = fresh;
        }
    }

    /// Ends a call that takes effect by itself.
    fn end_call(&mut self, succeeded: bool) -> Result<(), Failure> {
        let changes = if succeeded {
            self.changes().map_err(|error| failure(&error))?
        } else {
            None
        };
        let Some(open) = &mut self.open else {
            return Ok(());
        };
        if let Some(changes) = changes.filter(|changes| !changes.is_empty()) {
            let _at_work = Entered::new(CALL_MEMORY_BYTES, None);
            open.desk
                .engine
                .connection()
                .execute_batch("COMMIT")
                .map_err(|error| sqlite(&error))?;
            self.committed.extend(changes.shown(&open.desk.catalogue));
        } else {
            rollback(&open.desk);
            lock(&open.desk.touched).take();
        }
        open.in_transaction = false;
        open.place = None;
        Ok(())
    }

    /// What the run's transaction changed.
    fn changes(&mut self) -> Result<Option<Changes>, StoreError> {
        let Some(open) = self.open.as_mut().filter(|open| open.in_transaction) else {
            return Ok(None);
        };
        let failed = |source| StoreError::Sqlite {
            path: self.store.path.clone(),
            source,
        };
        // This makes virtual tables write what they still hold.
        open.desk
            .engine
            .connection()
            .execute_batch("SAVEPOINT last; RELEASE last")
            .map_err(failed)?;
        let (is_over, touched) = {
            let mut touched = lock(&open.desk.touched);
            (touched.is_over(), touched.take())
        };
        if is_over {
            return Err(Stop::Quota(Quota::Memory).into());
        }
        let net = changes::net(open.desk.engine.connection(), &open.desk.catalogue, touched);
        net.map_err(failed)?
            .map(Some)
            .ok_or(StoreError::Stop(Stop::Quota(Quota::Memory)))
    }

    /// Prepares what the run did to take effect. It is written to disk and waits there for the ledger's closing
    /// of the run `identity`. Nobody sees it yet, and no other run writes before it is settled.
    ///
    /// Without an identity, there is no ledger that a later start could ask. Then nothing is recorded, and a
    /// crash leaves nothing of the run.
    pub fn prepare(mut self, identity: Option<&str>) -> Result<Prepared, StoreError> {
        let changes = self.changes()?.unwrap_or_default();
        let open = self.open.as_ref();
        if open.is_some_and(|open| open.desk.engine.breaks_deferred_keys()) {
            return Err(StoreError::BrokenKeys);
        }
        let mut shown = std::mem::take(&mut self.committed);
        if let Some(open) = &self.open {
            shown.extend(changes.shown(&open.desk.catalogue));
        }
        let record = (self.store.pending.as_ref().zip(identity)).filter(|_| !changes.is_empty());
        let is_recorded = record.is_some();
        if let Some((pending, identity)) = record {
            lock(pending).write(identity, &changes)?;
        }
        Ok(Prepared {
            run: self,
            changes: shown,
            is_recorded,
            commits: !changes.is_empty(),
        })
    }

    /// Rolls back what the run did, and returns what it was. What a call committed by itself is not in it.
    pub fn discard(mut self) -> Result<Vec<TableChanges>, StoreError> {
        let changes = match self.changes() {
            Ok(changes) => changes.unwrap_or_default(),
            // There were more changes than are kept. They are rolled back all the same.
            Err(StoreError::Stop(_)) => Changes::default(),
            Err(error) => return Err(error),
        };
        let catalogue = self.open.as_ref().map(|open| &open.desk.catalogue);
        Ok(catalogue.map_or_else(Vec::new, |catalogue| changes.shown(catalogue)))
    }
}

/// A run whose changes wait for the ledger. If it is dropped before it is settled, they are rolled back and the
/// record stays for the next start, because nobody here knows what the ledger says.
pub struct Prepared {
    run: Run,
    changes: Vec<TableChanges>,
    is_recorded: bool,
    commits: bool,
}

impl Prepared {
    /// What the run changed, by table. Tables whose rows are as before are left out.
    pub fn changes(&self) -> &[TableChanges] {
        &self.changes
    }

    /// Settles the run after the ledger's closing is on disk. What it did takes effect if the closing says that
    /// it completed.
    pub fn settle(mut self, completed: bool) -> Result<Vec<TableChanges>, StoreError> {
        if let Some(open) = &mut self.run.open
            && open.in_transaction
        {
            if completed && self.commits {
                open.desk
                    .engine
                    .connection()
                    .execute_batch("COMMIT")
                    .map_err(|source| StoreError::Sqlite {
                        path: self.run.store.path.clone(),
                        source,
                    })?;
            } else {
                rollback(&open.desk);
            }
            open.in_transaction = false;
        }
        // The place in line is still held, because the next writer looks at the record.
        if let Some(pending) = self.run.store.pending.as_ref().filter(|_| self.is_recorded) {
            lock(pending).clear()?;
        }
        Ok(std::mem::take(&mut self.changes))
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let Some(open) = self.open.take() else {
            return;
        };
        if open.in_transaction {
            rollback(&open.desk);
        }
        lock(&open.desk.touched).take();
        let is_idle = open.desk.engine.is_autocommit();
        lock(&open.desk.work).budget = None;
        if is_idle {
            self.store.put_back(open.desk, &self.grants);
        }
        drop(open.place);
    }
}

fn rollback(desk: &Desk) {
    // This fails only if there is no transaction.
    let _ = desk.engine.connection().execute_batch("ROLLBACK");
}

/// Takes the write lock. Another process may hold it: a run of another host, or somebody's tool.
fn take_lock(desk: &Desk, mut look: impl FnMut() -> Result<(), Stop>) -> Result<(), Failure> {
    loop {
        match desk.engine.connection().execute_batch("BEGIN IMMEDIATE") {
            Ok(()) => return Ok(()),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                look()?;
                std::thread::sleep(LINE_LOOK);
            }
            Err(error) => return Err(sqlite(&error)),
        }
    }
}

const OR_ABORT: &str = "all that this run did to data was rolled back: `OR ABORT` undoes the statement alone, instead of `OR ROLLBACK`";

fn lost() -> CallError {
    CallError::new(
        Code::Constraint,
        "a statement rolled back all that this run did to data, and it goes no further",
    )
    .hint(OR_ABORT)
}

fn sqlite(error: &Error) -> Failure {
    CallError::new(
        Code::Engine,
        format!("the database cannot be used: {error}"),
    )
    .into()
}

/// An engine error for the guest, without the path, which is the operator's own.
fn engine(error: &StoreError) -> Failure {
    let text = match error {
        StoreError::Sqlite { source, .. } | StoreError::Open { source, .. } => source.to_string(),
        other => other.to_string(),
    };
    CallError::new(Code::Engine, format!("the database cannot be used: {text}")).into()
}

fn failure(error: &StoreError) -> Failure {
    match error {
        StoreError::Stop(stop) => (*stop).into(),
        other => engine(other),
    }
}
