//! The state of the engine: the tables, and what is kept in memory of them. Everything here happens within one
//! transaction of the thread that writes. If it fails, the memory is read from the file again.

mod claim;
mod list;
mod outside;
pub(crate) mod recover;
mod row;
mod set;
mod settle;
mod stage;
mod task;
mod tick;

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Params, Row, Statement};

use crate::apps::Apps;
use crate::database::{Database, Sync};
use crate::error::EngineError;
use crate::ids::DeliveryId;
use crate::membership::Membership;
use crate::queue::Queues;
use crate::room::{Backlog, Room};

/// The state.
pub(crate) struct Store<'d> {
    database: &'d Database,
    /// Statements that were prepared, by their text.
    statements: RefCell<HashMap<&'static str, Statement<'d>>>,
    room: Room,
    apps: Arc<Apps>,
    queues: Queues,
    /// Deliveries that were claimed, and whose runs have not begun. In the file they are ready.
    claimed: HashMap<DeliveryId, String>,
    /// Claims that were dropped. The next transaction lets go of them, or the one after it if it fails.
    dropped: Vec<DeliveryId>,
    tally: Tally,
    /// Numbers of descendants that this transaction changed.
    roots: HashMap<u64, u64>,
    /// Whether the queues could not be read after a transaction that failed.
    are_queues_lost: bool,
    /// If the node is part of a set.
    set: Option<Membership>,
}

/// What is counted, so that limits can be checked without counting rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Tally {
    backlog: Backlog,
    /// Tasks by the app that scheduled them.
    tasks: HashMap<String, u64>,
    last_delivery: u64,
}

/// What is restored from memory if a transaction fails. Everything else is read from the file.
pub(crate) struct Before {
    claimed: HashMap<DeliveryId, String>,
    tally: Tally,
}

impl<'d> Store<'d> {
    pub(crate) fn new(database: &'d Database, room: Room) -> Store<'d> {
        Store {
            database,
            statements: RefCell::default(),
            apps: room.apps(),
            room,
            queues: Queues::default(),
            claimed: HashMap::new(),
            dropped: Vec::new(),
            tally: Tally::default(),
            roots: HashMap::new(),
            are_queues_lost: false,
            set: None,
        }
    }

    pub(crate) fn set_apps(&mut self, apps: Arc<Apps>) -> Result<(), EngineError> {
        self.queues.set_apps(&apps);
        self.room.set_apps(Arc::clone(&apps));
        self.apps = apps;
        match self.set {
            Some(_) => self.write_subscriptions(),
            None => Ok(()),
        }
    }

    /// A claim was dropped. Nobody waits for what comes of that.
    pub(crate) fn drop_claim(&mut self, id: DeliveryId) {
        self.dropped.push(id);
    }

    pub(crate) fn begin(&mut self, sync: Sync) -> Result<Before, EngineError> {
        self.database.begin(sync)?;
        let before = Before {
            claimed: self.claimed.clone(),
            tally: self.tally.clone(),
        };
        let dropped = self.dropped.clone();
        let mut begun = match self.are_queues_lost {
            true => self.load_queues(),
            false => Ok(()),
        };
        self.are_queues_lost = begun.is_err();
        begun = begun.and_then(|()| dropped.into_iter().try_for_each(|id| self.let_go(id)));
        begun = begun.and_then(|()| self.exchange());
        if let Err(error) = begun {
            self.roll_back(before);
            return Err(error);
        }
        Ok(before)
    }

    pub(crate) fn commit(&mut self, before: &Before) -> Result<(), EngineError> {
        if before.tally.last_delivery != self.tally.last_delivery {
            self.run(
                "UPDATE engine SET last_delivery = ?",
                [self.tally.last_delivery as i64],
            )?;
        }
        self.write_exchange()?;
        self.database.commit()?;
        self.room.fill(self.backlog());
        if before.tally.tasks != self.tally.tasks {
            self.room.fill_tasks(&self.tally.tasks);
        }
        self.room.descend(&self.roots);
        self.roots.clear();
        self.dropped.clear();
        self.tell();
        Ok(())
    }

    /// Undoes the transaction. If even the file cannot be read, the next transaction reads the queues again before it does
    /// anything, because the number of runs of each app is bounded by what they say.
    pub(crate) fn roll_back(&mut self, before: Before) {
        self.database.roll_back();
        self.claimed = before.claimed;
        self.tally = before.tally;
        self.roots.clear();
        self.look_again();
        // The caller reports the first error.
        self.are_queues_lost = self.load_queues().is_err();
    }

    /// Reads everything that is kept in memory.
    pub(crate) fn load(&mut self) -> Result<(), EngineError> {
        let number = |row: &Row<'_>| Ok(row.get::<_, i64>(0)? as u64);
        let last_delivery = self.row("SELECT last_delivery FROM engine", (), number)?;
        let deliveries = self.row("SELECT count(*) FROM deliveries", (), number)?;
        let of_events = self.row(
            "SELECT coalesce(sum(length(payload)), 0) FROM events WHERE event_id IN
               (SELECT event_id FROM deliveries WHERE event_id IS NOT NULL)",
            (),
            number,
        )?;
        let of_tasks = self.row(
            "SELECT coalesce(sum(length(payload)), 0) FROM tasks WHERE staged = 0",
            (),
            number,
        )?;
        let tasks = self.rows(
            "SELECT owner, count(*) FROM tasks WHERE staged = 0 GROUP BY owner",
            (),
            |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as u64)),
        )?;
        self.tally = Tally {
            backlog: Backlog {
                deliveries: deliveries.unwrap_or(0),
                bytes: of_events.unwrap_or(0) + of_tasks.unwrap_or(0),
            },
            tasks: tasks.into_iter().collect(),
            last_delivery: last_delivery.unwrap_or(0),
        };
        self.room.fill(self.tally.backlog);
        self.room.fill_tasks(&self.tally.tasks);
        self.load_queues()
    }

    fn load_queues(&mut self) -> Result<(), EngineError> {
        self.queues.set_apps(&self.apps);
        self.queues.forget();
        for app in self.claimed.values() {
            self.queues.claimed(app, 1);
        }
        let by_app =
            "SELECT app, state, count(*) FROM deliveries WHERE state < 3 GROUP BY app, state";
        let by_app = self.rows(by_app, (), |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, i64>(2)?,
            ))
        })?;
        for (app, state, count) in by_app {
            match state {
                1 => (0..count).for_each(|_| self.queues.waits(&app)),
                2 => self.queues.claimed(&app, count as u32),
                _ => self.queues.fill(&app, [], true),
            }
        }
        Ok(())
    }

    /// Runs a statement that changes rows, and returns how many.
    fn run(&self, sql: &'static str, values: impl Params) -> Result<usize, EngineError> {
        self.with(sql, |statement| statement.execute(values))
    }

    /// The first row, if there is one.
    fn row<T>(
        &self,
        sql: &'static str,
        values: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, EngineError> {
        self.with(sql, |statement| {
            let mut rows = statement.query(values)?;
            let first = rows.next()?.map(read).transpose()?;
            // To its end, because a statement that returns what it changed has not changed all of it before.
            while rows.next()?.is_some() {}
            Ok(first)
        })
    }

    fn rows<T>(
        &self,
        sql: &'static str,
        values: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, EngineError> {
        self.with(sql, |statement| {
            statement.query_map(values, read)?.collect()
        })
    }

    fn with<T>(
        &self,
        sql: &'static str,
        work: impl FnOnce(&mut Statement<'d>) -> rusqlite::Result<T>,
    ) -> Result<T, EngineError> {
        let ready = self.statements.borrow_mut().remove(sql);
        let mut statement = match ready {
            Some(statement) => statement,
            None => self.database.map(self.database.connection.prepare(sql))?,
        };
        let done = self.database.map(work(&mut statement));
        // So that no payload is kept.
        statement.clear_bindings();
        self.statements.borrow_mut().insert(sql, statement);
        done
    }
}
