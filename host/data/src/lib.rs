//! The capability `data`: SQL for micro-apps, granted by table, metered, and all or nothing.
//!
//! [`Data`] offers `fractal:app/data-query` and `fractal:app/data-mutate`, as every capability offers its
//! interfaces. The engine is `fractalaw-sqlite`, or a database with an ADBC driver. What a run does to data is one
//! transaction. On SQLite, it takes effect after the run's closing is in the ledger, if the closing says that the run
//! completed. A micro-app can ask for a transaction for each call instead. `README.md` has grants, error codes and
//! effects.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

// From the ground up.
pub mod limits;
mod quotas;
mod tables;

mod budget;
mod effect;
mod grant;
mod place;
mod statement;
mod warning;

mod operator;
mod stores;

mod adbc;
mod engine;

mod session;

mod data_mutate;
mod data_query;

pub use warning::Warning;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use fractalaw_adbc_client::Settings;
use fractalaw_contract::standard;
use fractalaw_host::HostError;
use fractalaw_host::capability::wasmtime::Result as Called;
use fractalaw_host::capability::{Capability, Granted, PricedLinker, Session, Starting, Table};

use budget::{Quotas, failed};
use grant::{GRANT_KEY, KEY, TRANSACTION};
use place::Place;
use quotas::{BYTES, ROWS, STATEMENTS};
use session::{Access, DataSession, State};
use stores::Stores;
use tables::{EXECUTE_FUNCTION, INSERT_FUNCTION, QUERY_FUNCTION};

static TABLE: Table = Table {
    name: "data",
    wit: &[standard::APP_WIT],
    interfaces: &[standard::DATA_QUERY, standard::DATA_MUTATE],
    keys: &[GRANT_KEY],
    quotas: &[&STATEMENTS, &ROWS, &BYTES],
    functions: &[&QUERY_FUNCTION, &INSERT_FUNCTION, &EXECUTE_FUNCTION],
};

/// Offers data in SQLite databases, and in databases with an ADBC driver. Policies name the databases, and so do those who
/// start runs. It is cheap to clone, and clones share the open databases.
#[derive(Clone, Default)]
pub struct Data {
    stores: Arc<Stores>,
}

impl Data {
    /// Opens nothing. A database is opened by the first call of a run.
    pub fn new() -> Data {
        Data::default()
    }

    /// Takes the program that loads ADBC drivers from here. Otherwise it stands beside the host's own program.
    #[must_use]
    pub fn adbc_program(self, path: impl Into<PathBuf>) -> Data {
        self.stores.set_adbc_program(path.into());
        self
    }

    /// Tells what an operator should know: about the grants of a run, as soon as the run has used the database, and about an earlier run
    /// that waits to be settled and keeps a run of this host from writing. Each warning is told once.
    /// [`take_warnings`](Data::take_warnings) then returns none. It is for hosts that run for long.
    #[must_use]
    pub fn on_warning(self, told: impl Fn(&Warning) + Send + Sync + 'static) -> Data {
        self.stores.operator.tell(Box::new(told));
        self
    }

    /// What an operator should know after the runs so far. Each warning is returned once.
    pub fn take_warnings(&self) -> Vec<Warning> {
        self.stores.operator.take_warnings()
    }

    /// Closes the databases that no run uses, and waits for the programs that have them open. Dropping the host does the
    /// same. A process that ends without it leaves such a program a moment behind, and with it the lock of its file. Beside an
    /// SQLite database, it leaves the log, which has changes that are not in the file yet.
    pub fn close(&self) {
        self.stores.close();
    }
}

impl Capability for Data {
    fn table(&self) -> &'static Table {
        &TABLE
    }

    fn add_to_linker(&self, linker: &mut PricedLinker<'_>) -> Called<()> {
        data_query::add_to_linker(linker)?;
        data_mutate::add_to_linker(linker)
    }

    /// Settles what a crash left in the databases that the policy names.
    fn start(&self, starting: &Starting<'_>) -> Result<(), HostError> {
        self.stores.operator.know(starting.verdicts());
        for settings in starting.names(KEY).filter_map(grant::settings) {
            let checked =
                settings.and_then(|settings| settings.check(|_| Some(ANY_SECRET.to_owned())));
            checked.map_err(|error| place::wrong(&error))?;
        }
        for file in starting.names(KEY).filter_map(grant::file) {
            if fractalaw_sqlite::is_unsettled(&file) {
                self.stores.get(&file, &mut || Ok(())).map_err(failed)?;
            }
        }
        Ok(())
    }

    fn begin(&self, granted: &Granted<'_>) -> Result<Box<dyn Session>, HostError> {
        let Some(given) = grant::Granted::of(granted.names(KEY)) else {
            return Ok(Box::new(DataSession { access: None }));
        };
        let by_call = given.by_call && granted.asks_for_name(KEY, TRANSACTION);
        let place = Place::of(given, variable)?;
        if by_call {
            place.check_by_call()?;
        }
        Ok(Box::new(DataSession {
            access: Some(Access {
                stores: Arc::clone(&self.stores),
                place,
                quotas: Quotas::of(granted),
                commits_each_call: by_call,
                is_measured: granted.is_measured(),
                account: granted.account().clone(),
                threads: granted.threads(),
                state: Arc::new(Mutex::new(State::New)),
                was_called: false,
            }),
        }))
    }
}

/// Whether this is the address of a database with an ADBC driver, such as `duckdb:FILE`, and not an SQLite database's file.
pub fn is_address(place: &str) -> bool {
    Settings::of_address(place).is_some()
}

/// Stands for a secret when settings are checked before any run needs them.
const ANY_SECRET: &str = "any secret";

/// A variable of this process, for secrets in settings.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
