//! A connection that one run uses, and the transaction on it.

use std::sync::Arc;
use std::time::Instant;

use fractalaw_data_call::{CallError, Code, Failure, Quota, Stop};
use rusqlite::{Error, Result as Sqlite};

use crate::bounds;
use crate::busy::Busy;
use crate::changes::{self, Changes};
use crate::committed::Committed;
use crate::desk::Desk;
use crate::error::StoreError;
use crate::grants::Grants;
use crate::guard::lock;
use crate::inner::Inner;
use crate::limits::{COLUMNS, LINE_LOOK, OTHERS_WAIT, TABLE_COLUMNS};
use crate::line::Place;
use crate::messages;
use crate::others::{Look, while_busy};

pub(crate) struct Open {
    store: Arc<Inner>,
    grants: Arc<Grants>,
    pub(crate) desk: Desk,
    /// The first place in line, while the run may write.
    place: Option<Place>,
    pub(crate) in_transaction: bool,
}

impl Open {
    pub(crate) fn new(
        store: &Arc<Inner>,
        grants: &Arc<Grants>,
        look: &mut Look<'_>,
    ) -> Result<Open, Failure> {
        let mut desk = store.desk(grants, look).map_err(|error| engine(&error))?;
        desk.engine.forget();
        desk.is_warm = false;
        Ok(Open {
            store: Arc::clone(store),
            grants: Arc::clone(grants),
            desk,
            place: None,
            in_transaction: false,
        })
    }

    fn execute(&self, sql: &str) -> Sqlite<()> {
        self.desk.engine.connection().execute_batch(sql)
    }

    /// Begins a transaction. A writer waits in line, and then for other processes.
    pub(crate) fn begin(&mut self, writes: bool) -> Result<(), Failure> {
        loop {
            if writes {
                self.take_lock()?;
                self.desk.warm_writing();
            } else {
                // Readers see what was committed when they first read.
                self.execute("BEGIN")
                    .map_err(|error| messages::engine(&error))?;
            }
            // This is the first read.
            let work = Arc::clone(&self.desk.work);
            let mut look = || lock(&work).ask(|budget| budget.look());
            let is_current = while_busy(OTHERS_WAIT, &mut look, || self.desk.is_current())?;
            if is_current.map_err(|error| messages::engine(&error))? {
                self.in_transaction = true;
                lock(&self.desk.touched).watching = writes;
                return Ok(());
            }
            // The tables' definitions have changed. A connection that is set up again knows them.
            self.roll_back();
            let fresh = self.store.new_desk(&self.grants, &mut look);
            let fresh = fresh.map_err(|error| engine(&error))?;
            std::mem::swap(&mut *lock(&fresh.work), &mut *lock(&self.desk.work));
            self.desk = fresh;
        }
    }

    /// Takes the write lock. Another process may hold it: a run of another host, or somebody's tool.
    fn take_lock(&mut self) -> Result<(), Failure> {
        let work = Arc::clone(&self.desk.work);
        let look = || lock(&work).ask(|budget| budget.look());
        if self.place.is_none() {
            self.place = Some(self.store.line.enter(look)?);
        }
        let began = Instant::now();
        loop {
            let is_last = began.elapsed() > OTHERS_WAIT;
            match self.execute("BEGIN IMMEDIATE") {
                Ok(()) if self.is_settled() => return Ok(()),
                // The host of that run may be about to empty the record, or it is gone.
                Ok(()) => {
                    self.roll_back();
                    self.settle_left(began, &mut { look })?;
                }
                Err(error) if error.is_busy() => {}
                Err(error) => return Err(messages::engine(&error)),
            }
            look()?;
            if is_last {
                return Err(messages::busy().into());
            }
            std::thread::sleep(LINE_LOOK);
        }
    }

    /// Whether no run waits to be settled.
    fn is_settled(&self) -> bool {
        let pending = self.store.pending.as_ref();
        pending.is_none_or(|pending| lock(pending).check_empty().is_ok())
    }

    /// Settles the run that waits, unless its host is alive and does it.
    fn settle_left(&self, began: Instant, look: &mut Look<'_>) -> Result<(), Failure> {
        let Some(pending) = &self.store.pending else {
            return Ok(());
        };
        let settled = lock(pending).settle_for_writer(began, look);
        settled.map_err(|error| engine(&error))
    }

    /// What the transaction changed, and an error if it may not take effect. The run's budget may be used up. If a call went over a limit, it
    /// was undone, and the rows of the calls before it are known.
    pub(crate) fn changes(&mut self) -> Result<(Changes, Result<(), Stop>), StoreError> {
        lock(&self.desk.work).is_settling = true;
        let changes = self.read_changes();
        lock(&self.desk.work).is_settling = false;
        changes
    }

    fn read_changes(&mut self) -> Result<(Changes, Result<(), Stop>), StoreError> {
        let failed = |cause| StoreError::Sqlite {
            path: self.store.path.clone(),
            cause,
        };
        // This makes virtual tables write what they still hold.
        self.execute("SAVEPOINT last; RELEASE last")
            .map_err(failed)?;
        let (checked, touched) = {
            let mut touched = lock(&self.desk.touched);
            (touched.check(), touched.take())
        };
        let connection = self.desk.engine.connection();
        // A table may have more columns than a result of the guest's.
        bounds::columns(connection, TABLE_COLUMNS).map_err(failed)?;
        let net = changes::net(connection, &self.desk.catalogue, touched);
        bounds::columns(connection, COLUMNS).map_err(failed)?;
        let over = Stop::Quota(Quota::ChangedBytes);
        let changes = net.map_err(failed)?.ok_or(StoreError::Stop(over))?;
        let fits = match changes.is_whole() {
            true => Ok(()),
            false => Err(over),
        };
        Ok((changes, checked.and(fits)))
    }

    /// Commits a call that is a transaction by itself. If this fails, the call must be rolled back. If the call is only
    /// measured, its transaction goes on instead.
    pub(crate) fn commit_call(
        &mut self,
        committed: &mut Committed,
        commits: bool,
    ) -> Result<(), Failure> {
        let (changes, fits) = self.changes().map_err(|error| engine(&error))?;
        fits?;
        if changes.is_empty() {
            return Ok(());
        }
        if self.desk.engine.breaks_deferred_keys() {
            return Err(broken_keys().into());
        }
        committed.count(&changes)?;
        if commits {
            if let Some(pending) = &self.store.pending {
                lock(pending).stay_empty().map_err(|error| engine(&error))?;
            }
            self.commit().map_err(|error| messages::engine(&error))?;
        }
        committed.tables.extend(changes.shown(&self.desk.catalogue));
        Ok(())
    }

    /// Begins a call that would be a transaction of its own, and is a part of one because the run is only measured.
    pub(crate) fn begin_measured_call(&self) -> Result<(), Failure> {
        let begun = self.execute("SAVEPOINT measured");
        begun.map_err(|error| messages::engine(&error))
    }

    /// Ends it. If it would not have been committed, it is undone.
    pub(crate) fn end_measured_call(&self, is_committed: bool) -> Result<(), Failure> {
        if self.desk.engine.is_autocommit() {
            return Ok(());
        }
        let ended = self.execute(match is_committed {
            true => "RELEASE measured",
            false => "ROLLBACK TO measured; RELEASE measured",
        });
        ended.map_err(|error| messages::engine(&error))
    }

    pub(crate) fn commit(&mut self) -> Result<(), Error> {
        self.execute("COMMIT")?;
        self.in_transaction = false;
        Ok(())
    }

    pub(crate) fn roll_back(&mut self) {
        // This fails only if there is no transaction.
        let _ = self.execute("ROLLBACK");
        self.in_transaction = false;
    }

    /// Whether a table has given its largest automatic key, in this run or before. For SQLite, the database is then full.
    pub(crate) fn has_used_up_keys(&self) -> bool {
        let sql = format!(
            "SELECT 1 FROM main.sqlite_sequence WHERE seq = {}",
            i64::MAX
        );
        let found = self.desk.engine.connection().prepare(&sql);
        // Without automatic keys, the table does not exist.
        lock(&self.desk.touched).has_largest_rowid()
            || found.is_ok_and(|mut found| found.exists(()).unwrap_or(false))
    }

    /// Rolls back what is open, and gives the place in line to the next writer, who may have more time.
    pub(crate) fn leave(&mut self) {
        if !self.desk.engine.is_autocommit() {
            self.roll_back();
        }
        self.in_transaction = false;
        lock(&self.desk.touched).take();
        self.place = None;
    }

    /// Gives back the connection. What is open is rolled back.
    pub(crate) fn close(mut self) {
        if self.in_transaction {
            self.roll_back();
        }
        lock(&self.desk.touched).take();
        lock(&self.desk.work).budget = None;
        if self.desk.engine.is_autocommit() && !self.desk.is_used_up {
            self.store.put_back(self.desk, &self.grants);
        }
        drop(self.place);
    }
}

fn broken_keys() -> CallError {
    CallError::new(
        Code::Constraint,
        "a deferred foreign key points to no row when the call ends",
    )
    .hint("insert the row that it points to with an earlier call")
}

/// An engine error for the guest, without the path, which is the operator's own.
fn engine(error: &StoreError) -> Failure {
    match error {
        StoreError::Stop(stop) => (*stop).into(),
        StoreError::Unsettled { .. } => messages::unsettled().into(),
        error if error.needs_a_person() => messages::stays_unsettled().into(),
        StoreError::Sqlite { cause, .. } | StoreError::Open { cause, .. } => {
            messages::engine(cause)
        }
        _ => CallError::new(Code::Engine, "the database cannot be used").into(),
    }
}
