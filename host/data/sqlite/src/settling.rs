//! A run that waits to be settled is settled by the next host that comes, if its own is gone: when that host opens the database, and when
//! a run of it wants to write. So a host that runs for years need not be started again when another one dies.

use std::thread;
use std::time::{Duration, Instant};

use fractalaw_data_call::Stop;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::busy::Busy;
use crate::desk;
use crate::error::StoreError;
use crate::functions;
use crate::limits::{LINE_LOOK, OPEN_WAIT, OTHERS_WAIT};
use crate::others::{Look, while_busy};
use crate::pending::{Pending, Verdict};
use crate::redo::{State, do_again, state};

impl Pending {
    /// Settles the run in the record when a store is opened, if there is one and its host is gone. Waits for a host that is alive to
    /// settle it.
    ///
    /// # Errors
    ///
    /// If a record stays, and if the disk or the database fails.
    pub(crate) fn settle_left(&mut self, look: &mut Look<'_>) -> Result<(), StoreError> {
        self.settle(OPEN_WAIT, Instant::now(), look)
    }

    /// The same for a run that wants to write, since `began`. If another one writes first, this run has to look again. Whoever runs the
    /// host is told why a run stays unsettled.
    pub(crate) fn settle_for_writer(
        &mut self,
        began: Instant,
        look: &mut Look<'_>,
    ) -> Result<(), StoreError> {
        let settled = self.settle(Duration::ZERO, began, look);
        if let Err(problem) = &settled
            && problem.needs_a_person()
        {
            (self.ledgers.unsettled)(problem);
        }
        settled
    }

    fn settle(
        &mut self,
        patience: Duration,
        began: Instant,
        look: &mut Look<'_>,
    ) -> Result<(), StoreError> {
        if self.check_empty().is_ok() {
            return Ok(());
        }
        if matches!(&self.own, Some((_, Verdict::Unknown))) {
            // The closing may come to the disk yet, or be lost with the power. Only a new start can tell.
            let path = self.path.clone();
            return Err(StoreError::OwnUnsettled { path });
        }
        let connection = self.connect(look)?;
        let met = Instant::now();
        loop {
            let transaction = alone(&connection, patience, look)?;
            let Some(transaction) = transaction.map_err(|cause| self.sqlite(cause))? else {
                // A writer of another host is alive. It settles what it wrote.
                return Ok(());
            };
            // The host may be alive and about to empty the record of what it has committed.
            let path = self.path.clone();
            let stays = if self.check_empty().is_ok() {
                None
            } else if self.is_left(met.elapsed()) {
                let unknown = self.settle_alone(transaction);
                if self.own.is_none() {
                    self.unlock();
                }
                unknown?.map(|run| StoreError::Unknown { path, run })
            } else {
                drop(transaction);
                Some(StoreError::Unsettled { path })
            };
            match stays {
                None => return Ok(()),
                Some(error) if began.elapsed() > OTHERS_WAIT => return Err(error),
                Some(_) => {}
            }
            look()?;
            thread::sleep(LINE_LOOK);
        }
    }

    fn sqlite(&self, cause: rusqlite::Error) -> StoreError {
        StoreError::Sqlite {
            path: self.database.clone(),
            cause,
        }
    }

    /// A connection that writes rows as they are, without triggers and checks of foreign keys.
    fn connect(&self, look: &mut Look<'_>) -> Result<Connection, StoreError> {
        let connection = desk::connect(&self.database, false)?;
        let set_up = || {
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, false)?;
            // SQLite reads the schema for it.
            connection.execute_batch("PRAGMA synchronous = FULL")?;
            // A check or an index may call it.
            functions::install_distance(&connection)
        };
        while_busy(OPEN_WAIT, look, set_up)?.map_err(|cause| self.sqlite(cause))?;
        Ok(connection)
    }

    /// Settles the run in the record, while nobody else can write. Returns the run if its ledger cannot be asked.
    fn settle_alone(&mut self, transaction: Transaction<'_>) -> Result<Option<String>, StoreError> {
        // It is read only now, because nobody can write it any more.
        if let Some((run, changes)) = self.read()? {
            let failed = |cause| self.sqlite(cause);
            match self.verdict(&run) {
                Verdict::Unknown => return Ok(Some(run)),
                Verdict::NotCompleted => {}
                Verdict::Completed => match state(&transaction, &changes).map_err(failed)? {
                    State::After => {}
                    State::Before => {
                        do_again(&transaction, &changes).map_err(failed)?;
                        transaction.commit().map_err(failed)?;
                    }
                    State::Neither(table) => {
                        return Err(StoreError::Diverged {
                            path: self.database.clone(),
                            pending: self.path.clone(),
                            run,
                            table,
                        });
                    }
                },
            }
        }
        self.clear()?;
        Ok(None)
    }

    /// What the ledger says of a run. This store knows it of its own run. A person can have emptied the record of that one meanwhile, and
    /// another host can have written one.
    fn verdict(&self, run: &str) -> Verdict {
        match &self.own {
            Some((own, verdict)) if own == run => *verdict,
            _ => (self.ledgers.verdict)(run),
        }
    }
}

/// The write lock, or `None` if somebody who is alive holds it for longer than this.
fn alone<'c>(
    connection: &'c Connection,
    patience: Duration,
    look: &mut Look<'_>,
) -> Result<rusqlite::Result<Option<Transaction<'c>>>, Stop> {
    let begin = || Transaction::new_unchecked(connection, TransactionBehavior::Immediate);
    Ok(match while_busy(patience, look, begin)? {
        Err(error) if error.is_busy() => Ok(None),
        taken => taken.map(Some),
    })
}
