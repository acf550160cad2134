//! The capability `data`: SQL for micro-apps, granted by table, metered, and all or nothing.
//!
//! [`Data`] offers `fractal:app/data-query` and `fractal:app/data-mutate`, as every capability offers its
//! interfaces. The engine is `fractalaw-sqlite`. What a run does to data is one transaction. It takes effect
//! after the run's closing is in the ledger, if the closing says that the run completed. `README.md` has grants,
//! error codes and effects.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

// From the ground up.
pub mod limits;
mod tables;

mod budget;
mod effect;
mod grant;
mod stores;

mod session;

mod data_mutate;
mod data_query;

use std::sync::{Arc, Mutex};

use fractalaw_contract::standard;
use fractalaw_host::capability::wasmtime::Result as Called;
use fractalaw_host::capability::{Capability, Granted, PricedLinker, Session, Starting, Table};
use fractalaw_host::{HostError, PolicyError};

use budget::{Quotas, failed};
use grant::{GRANT_KEY, KEY};
use limits::{BYTES, ROWS, STATEMENTS};
use session::{Access, DataSession, State};
use stores::Stores;
use tables::{EXECUTE_FUNCTION, INSERT_FUNCTION, MUTATE, QUERY, QUERY_FUNCTION};

static TABLE: Table = Table {
    name: "data",
    wit: &[standard::APP_WIT],
    interfaces: &[standard::DATA_QUERY, standard::DATA_MUTATE],
    keys: &[GRANT_KEY],
    quotas: &[&STATEMENTS, &ROWS, &BYTES],
    functions: &[&QUERY_FUNCTION, &INSERT_FUNCTION, &EXECUTE_FUNCTION],
};

/// Offers data in SQLite databases. Policies name the databases, and so do those who start runs.
#[derive(Default)]
pub struct Data {
    stores: Arc<Stores>,
}

impl Data {
    /// Opens nothing. A database is opened by the first call of a run.
    pub fn new() -> Data {
        Data::default()
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
        self.stores.know(starting.verdicts());
        for file in starting.names(KEY).filter_map(grant::file) {
            if fractalaw_sqlite::is_unsettled(&file) {
                self.stores.get(&file).map_err(failed)?;
            }
        }
        Ok(())
    }

    fn begin(&self, granted: &Granted<'_>) -> Result<Box<dyn Session>, HostError> {
        // Most runs do not use data.
        if !granted.asks_for(QUERY) && !granted.asks_for(MUTATE) {
            return Ok(Box::new(DataSession { access: None }));
        }
        let Some(given) = grant::Granted::of(granted.names(KEY)) else {
            return Ok(Box::new(DataSession { access: None }));
        };
        if given.is_adbc {
            return Err(failed(
                "data over ADBC needs the program `fractalaw-adbc`, which this host does not start yet",
            ));
        }
        let Some(file) = given.file else {
            return Err(no_file().into());
        };
        Ok(Box::new(DataSession {
            access: Some(Access {
                stores: Arc::clone(&self.stores),
                file,
                grants: Arc::new(given.tables),
                quotas: Quotas::of(granted),
                account: granted.account().clone(),
                threads: granted.threads(),
                state: Arc::new(Mutex::new(State::New)),
                was_called: false,
            }),
        }))
    }
}

fn no_file() -> PolicyError {
    PolicyError {
        path: None,
        line: None,
        message: "data is granted, and no database is named".to_owned(),
        hint: "name one with `--data FILE`, or in the policy as `data.file = \"FILE\"`".to_owned(),
        is_usage: true,
    }
}
