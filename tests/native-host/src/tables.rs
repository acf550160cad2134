//! Tables on the engine that the host uses: the same SQL, types, errors and rules.

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use fractalaw_sqlite::{CallError, Conditions, Failure, Grants, Run, Store, Unlimited, import};
use humantime::parse_rfc3339;
use micro_app::contract::fractal::app::data_mutate::MutateError;
use micro_app::contract::fractal::app::data_query::QueryError;
use micro_app::testing::Tables;
use rusqlite::Connection;

use crate::files::found;

/// The seed of `random()` in SQL, as in a case that says nothing else.
const SEED: u64 = 1;

/// 2025-01-01T00:00:00Z, as in a case that says nothing else. In milliseconds since 1970.
const CLOCK_MS: i64 = 1_735_689_600_000;

/// A temporary database, all of it granted.
pub struct SqliteTables {
    store: Store,
    grants: Arc<Grants>,
    conditions: Conditions,
    run: Option<Run>,
}

impl SqliteTables {
    /// A database that these files fill in their order, as the `seed` of a case: `….sql` is run, and `TABLE.csv` and
    /// `TABLE.jsonl` are rows. Paths begin at the folder of the guest.
    ///
    /// # Panics
    ///
    /// If a file cannot be imported.
    #[track_caller]
    pub fn seeded(files: &[&str]) -> SqliteTables {
        let files: Vec<_> = files.iter().map(|file| found(file)).collect();
        SqliteTables::new(|connection| {
            for file in &files {
                if let Err(error) = import(connection, file) {
                    panic!("{error}");
                }
            }
            Ok(())
        })
    }

    /// A database that these statements fill.
    ///
    /// # Panics
    ///
    /// If one of them fails.
    #[track_caller]
    pub fn sql(statements: &str) -> SqliteTables {
        SqliteTables::new(|connection| connection.execute_batch(statements))
    }

    /// The time that SQL sees, such as `2026-03-01T02:00:00Z`. It stands still.
    ///
    /// # Panics
    ///
    /// If it is no time.
    #[track_caller]
    pub fn at(mut self, clock: &str) -> SqliteTables {
        let Ok(time) = parse_rfc3339(clock) else {
            panic!("`{clock}` is no time, expected such as `2026-03-01T02:00:00Z`");
        };
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        self.conditions.now_ms = i64::try_from(since.as_millis()).ok();
        self
    }

    /// Lets each call take effect at once, as `transaction = "call"` does.
    pub fn each_call(mut self) -> SqliteTables {
        self.conditions.commits_each_call = true;
        self
    }

    #[track_caller]
    fn new(fill: impl FnOnce(&Connection) -> rusqlite::Result<()>) -> SqliteTables {
        let grants = Grants::new(&["*"], &["*"]);
        match (Store::temporary(fill), grants) {
            (Ok(store), Ok(grants)) => SqliteTables {
                store,
                grants: Arc::new(grants),
                conditions: Conditions {
                    now_ms: Some(CLOCK_MS),
                    seed: SEED,
                    ..Conditions::default()
                },
                run: None,
            },
            (Err(error), _) => panic!("the database of this test cannot be filled: {error}"),
            (_, Err(error)) => panic!("{error}"),
        }
    }

    /// The run that goes on. It begins with its first call.
    fn run(&mut self) -> &mut Run {
        self.run.get_or_insert_with(|| {
            let grants = Arc::clone(&self.grants);
            let budget = Box::new(Unlimited::default());
            self.store.run(grants, self.conditions, budget)
        })
    }
}

impl Tables for SqliteTables {
    fn query(&mut self, sql: &str) -> Result<Vec<u8>, QueryError> {
        let answer = self.run().query(sql).map_err(refused);
        answer.map_err(|CallError { code, message }| QueryError {
            code: code as u32,
            message,
        })
    }

    fn execute(&mut self, sql: &str) -> Result<u64, MutateError> {
        self.run().execute(sql).map_err(mutate_error)
    }

    fn insert(&mut self, table: &str, stream: &[u8]) -> Result<u64, MutateError> {
        self.run().insert(table, stream).map_err(mutate_error)
    }

    fn settle(&mut self, completed: bool) {
        let Some(run) = self.run.take() else {
            return;
        };
        // A run that did not complete is rolled back when it is dropped.
        if completed && let Err(error) = run.prepare(None).and_then(|run| run.settle(true)) {
            panic!("what the run changed cannot take effect: {error}");
        }
    }
}

fn mutate_error(failure: Failure) -> MutateError {
    let CallError { code, message } = refused(failure);
    MutateError {
        code: code as u32,
        message,
    }
}

/// The error that the guest gets. A real host ends the run for any other failure.
fn refused(failure: Failure) -> CallError {
    match failure {
        Failure::Call(error) => error,
        Failure::Stop(stop) => panic!("the host would end the run: {stop:?}"),
    }
}
