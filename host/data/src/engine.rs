//! The engine that answers the calls of one run: SQLite in this process, or a database with an ADBC driver, which has a
//! program of its own.

use fractalaw_data_call::Failure;
use fractalaw_host::{Effect, Settled};
use fractalaw_sqlite::{Prepared, StoreError};

use crate::adbc::{self, AdbcRun, NotCommitted};
use crate::effect::effects;
use crate::statement::Done;

/// A run that has made a call.
pub(crate) enum Engine {
    /// On SQLite.
    Sqlite(Box<fractalaw_sqlite::Run>),
    /// Behind an ADBC driver.
    Adbc(Box<AdbcRun>),
}

/// A run that has ended and can take effect.
pub(crate) enum Ready {
    /// The transaction is open. What happens to it depends on the ledger.
    Sqlite(Box<Prepared>),
    /// The transaction is committed, because a database may refuse to, and then the run has not completed.
    Committed(Box<adbc::Changes>),
}

/// Why a run cannot take effect.
pub(crate) enum NotReady {
    /// What the run did is rolled back.
    Sqlite(Box<StoreError>, Vec<Effect>),
    Adbc(NotCommitted),
}

impl Engine {
    /// Sets the time that statements see, in a deterministic run. Behind a driver, they see the database's own time.
    pub(crate) fn set_now(&mut self, now_ms: Option<i64>) {
        match self {
            Engine::Sqlite(run) => run.set_now(now_ms),
            Engine::Adbc(_) => {}
        }
    }

    /// What was done for the run so far.
    pub(crate) fn done(&self) -> Done {
        match self {
            Engine::Sqlite(run) => Done {
                steps: Some(run.used().steps),
                rows: run.used().rows,
            },
            Engine::Adbc(run) => Done {
                steps: None,
                rows: run.rows(),
            },
        }
    }

    pub(crate) fn query(&mut self, sql: &str) -> Result<Vec<u8>, Failure> {
        match self {
            Engine::Sqlite(run) => run.query(sql),
            Engine::Adbc(run) => run.query(sql),
        }
    }

    /// Makes a query on a thread that must not be kept long, or returns `None` if it may take longer or wait.
    pub(crate) fn query_if_short(&mut self, sql: &str) -> Option<Result<Vec<u8>, Failure>> {
        match self {
            Engine::Sqlite(run) => run.query_if_short(sql),
            Engine::Adbc(_) => None,
        }
    }

    pub(crate) fn execute(&mut self, sql: &str) -> Result<u64, Failure> {
        match self {
            Engine::Sqlite(run) => run.execute(sql),
            Engine::Adbc(run) => run.execute(sql),
        }
    }

    pub(crate) fn insert(&mut self, table: &str, stream: &[u8]) -> Result<u64, Failure> {
        match self {
            Engine::Sqlite(run) => run.insert(table, stream),
            Engine::Adbc(run) => run.insert(table, stream),
        }
    }

    /// Whether what was prepared can still be taken back.
    pub(crate) fn can_take_back(&self) -> bool {
        matches!(self, Engine::Sqlite(_))
    }

    /// Makes what the run did ready to take effect.
    pub(crate) fn prepare(self, identity: Option<&str>) -> Result<(Ready, Vec<Effect>), NotReady> {
        match self {
            Engine::Sqlite(mut run) => {
                let failed = |error| NotReady::Sqlite(Box::new(error), Vec::new());
                if let Err(error) = run.check() {
                    let settled = discarded(run.commits_each_call());
                    let undone = run.discard().map_err(failed)?;
                    return Err(NotReady::Sqlite(Box::new(error), effects(&undone, settled)));
                }
                let prepared = run.prepare(identity).map_err(failed)?;
                let effects = effects(prepared.changes(), Settled::Committed);
                Ok((Ready::Sqlite(Box::new(prepared)), effects))
            }
            Engine::Adbc(run) => {
                let changes = run.commit().map_err(NotReady::Adbc)?;
                let effects = changes.effects(Settled::Committed);
                Ok((Ready::Committed(Box::new(changes)), effects))
            }
        }
    }

    /// Takes back what the run did, and says what that was.
    pub(crate) fn discard(self) -> Result<Vec<Effect>, StoreError> {
        match self {
            Engine::Sqlite(run) => {
                let settled = discarded(run.commits_each_call());
                Ok(effects(&run.discard()?, settled))
            }
            Engine::Adbc(run) => Ok(run.roll_back().effects(Settled::Discarded)),
        }
    }
}

impl Ready {
    /// Takes back what the run did, if that is still possible. Behind a driver it is not, and the effects say so.
    pub(crate) fn discard(self) -> Result<Vec<Effect>, StoreError> {
        match self {
            Ready::Sqlite(prepared) => {
                let settled = discarded(prepared.commits_each_call());
                Ok(effects(&prepared.settle(false)?, settled))
            }
            Ready::Committed(changes) => Ok(changes.effects(Settled::Committed)),
        }
    }
}

/// What became of the changes of a run that did not complete.
fn discarded(commits_each_call: bool) -> Settled {
    match commits_each_call {
        true => Settled::Committed,
        false => Settled::Discarded,
    }
}
