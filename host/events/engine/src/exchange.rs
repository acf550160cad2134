//! The file of a node as the process sees it that connects the node to its set. It works beside the engine.
//!
//! It takes what goes out, and puts what comes in. Each method is one transaction of SQLite, so it may be called at any
//! moment, and a process that is killed leaves nothing half done.

pub(crate) mod incoming;
pub(crate) mod outgoing;

use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};

use crate::apps::{App, Apps};
use crate::database::{attach, sqlite};
use crate::error::EngineError;
use crate::limits::EXCHANGE_WAIT;

/// The rows of `events.db` that go out to a set of nodes, and those that come from it.
pub struct Exchange {
    connection: Connection,
    path: PathBuf,
    ledger_id: String,
}

/// Whether the deliveries that a node had when its engine started are still its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// The number of the start of the engine.
    pub number: u64,
    /// Whether [`Exchange::vouch`] was called for it. Until then the engine claims nothing.
    pub is_vouched: bool,
}

impl Exchange {
    /// Opens the file, which an engine must have made. The engine may be running.
    ///
    /// # Errors
    ///
    /// If it is not a file of events, or cannot be read.
    pub fn open(path: &Path) -> Result<Exchange, EngineError> {
        let (connection, ledger_id) = attach(path)?;
        let exchange = Exchange {
            connection,
            path: path.to_owned(),
            ledger_id,
        };
        exchange.map(exchange.connection.busy_timeout(EXCHANGE_WAIT))?;
        Ok(exchange)
    }

    /// The ledger of the node, which numbers its events.
    pub fn ledger_id(&self) -> &str {
        &self.ledger_id
    }

    /// A number that changes when the engine has written something. Asking reads shared memory, and no file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn version(&self) -> Result<i64, EngineError> {
        let version = self
            .connection
            .query_row("PRAGMA data_version", (), |row| row.get(0));
        self.map(version)
    }

    /// The apps of the node with their subscriptions. There are none while the engine is not part of a set.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn apps(&self) -> Result<Apps, EngineError> {
        let sql = "SELECT app, type, sources, concurrency FROM subscribed";
        let mut apps = Apps::default();
        let read = self.connection.prepare(sql).and_then(|mut read| {
            let mut rows = read.query(())?;
            while let Some(row) = rows.next()? {
                let (name, event_type): (String, String) = (row.get(0)?, row.get(1)?);
                let app = apps.0.entry(name).or_default();
                app.concurrency = row.get(3)?;
                if event_type.is_empty() {
                    continue;
                }
                let sources: Option<String> = row.get(2)?;
                let sources =
                    sources.map(|sources| sources.split('\n').map(str::to_owned).collect());
                let App { on, .. } = app;
                on.insert(event_type, sources);
            }
            Ok(())
        });
        self.map(read)?;
        Ok(apps)
    }

    /// The last start of the engine.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn session(&self) -> Result<Session, EngineError> {
        let sql = "SELECT session, vouched = session FROM exchange";
        self.map(self.connection.query_row(sql, (), |row| {
            Ok(Session {
                number: row.get::<_, i64>(0)? as u64,
                is_vouched: row.get(1)?,
            })
        }))
    }

    /// Says that everything that the node still holds is its own: the engine may claim. Everything that is not was
    /// given to [`Exchange::withdraw`] before. If the engine has started again since, it waits for the next time.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn vouch(&mut self, session: Session) -> Result<(), EngineError> {
        self.write(true, |connection| {
            let sql = "UPDATE exchange SET vouched = ?1 WHERE session = ?1";
            connection.execute(sql, [session.number as i64])?;
            Ok(())
        })
    }

    /// A transaction. What is not synced is on disk with the next one that is.
    fn write<T>(
        &mut self,
        sync: bool,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, EngineError> {
        let path = &self.path;
        let connection = &mut self.connection;
        let write = || {
            let setting = if sync { "FULL" } else { "NORMAL" };
            connection.pragma_update(None, "synchronous", setting)?;
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        };
        write().map_err(|error| sqlite(path, error))
    }

    fn map<T>(&self, result: rusqlite::Result<T>) -> Result<T, EngineError> {
        result.map_err(|error| sqlite(&self.path, error))
    }
}
