//! Databases for tests: drivers, files with tables in them, stores and budgets.

use std::env;
use std::path::{Path, PathBuf};

use adbc_core::options::{AdbcVersion, OptionDatabase, OptionValue};
use adbc_core::{Connection, Database, Driver, Statement};
use adbc_driver_manager::ManagedDriver;
use fractalaw_adbc_client::{
    Access, Budget, Failure, Quota, Run, Settings, Stop, Store, Unlimited,
};
use tempfile::TempDir;

/// The program under test.
pub(crate) fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_fractalaw-adbc"))
}

/// A database whose driver may be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Duckdb,
}

pub(crate) const BOTH: [Kind; 2] = [Kind::Sqlite, Kind::Duckdb];

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Sqlite => "sqlite",
            Kind::Duckdb => "duckdb",
        }
    }

    fn library(self) -> PathBuf {
        let file = match self {
            Kind::Sqlite => "libadbc_driver_sqlite.so",
            Kind::Duckdb => "libduckdb.so",
        };
        let tools = program().ancestors().nth(2).unwrap().join("tools/adbc");
        tools.join(self.name()).join(file)
    }

    /// The driver's path. If it is missing, this prints a line and returns `None`.
    pub(crate) fn driver(self) -> Option<PathBuf> {
        let library = self.library();
        if library.is_file() {
            return Some(library);
        }
        eprintln!(
            "SKIPPED: there is no ADBC driver for {}: run `cargo xtask drivers`",
            self.name()
        );
        None
    }

    /// A database with these tables, if the driver is there.
    pub(crate) fn seeded(self, sql: &[&str]) -> Option<Seeded> {
        let driver = self.driver()?;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tests-own.db");
        let (entrypoint, option) = match self {
            Kind::Sqlite => ("AdbcDriverInit", "uri"),
            Kind::Duckdb => ("duckdb_adbc_init", "path"),
        };
        let mut loaded = ManagedDriver::load_dynamic_from_filename(
            &driver,
            Some(entrypoint.as_bytes()),
            AdbcVersion::V110,
        )
        .unwrap();
        let place = OptionValue::String(path.to_str().unwrap().to_owned());
        let database = loaded
            .new_database_with_opts([(OptionDatabase::from(option), place)])
            .unwrap();
        let mut connection = database.new_connection().unwrap();
        for sql in sql {
            let mut statement = connection.new_statement().unwrap();
            statement.set_sql_query(*sql).unwrap();
            statement.execute_update().unwrap();
        }
        Some(Seeded {
            kind: self,
            driver,
            path,
            _folder: folder,
        })
    }
}

/// A database in a file.
pub(crate) struct Seeded {
    pub(crate) kind: Kind,
    pub(crate) driver: PathBuf,
    pub(crate) path: PathBuf,
    _folder: TempDir,
}

impl Seeded {
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            driver: self.kind.name().to_owned(),
            path: Some(self.path.clone()),
            library: Some(self.driver.clone()),
            ..none()
        }
    }

    pub(crate) fn store(&self) -> Store {
        Store::open(&self.settings(), program()).unwrap()
    }
}

/// Settings with no values.
pub(crate) fn none() -> Settings {
    Settings {
        driver: String::new(),
        path: None,
        uri: None,
        library: None,
        entrypoint: None,
        options: Default::default(),
    }
}

pub(crate) fn run(store: &Store) -> Run {
    store.run(Access::Write, Box::new(Unlimited::default()))
}

/// The error of a call that failed, as `code: message`.
pub(crate) fn told<T: std::fmt::Debug>(result: Result<T, Failure>) -> String {
    match result {
        Ok(value) => format!("ok: {value:?}"),
        Err(Failure::Call(error)) => format!("{}: {}", error.code as u32, error.message),
        Err(Failure::Stop(stop)) => format!("stop: {stop}"),
    }
}

/// A budget that calls a function for each look. The function says whether to go on.
pub(crate) struct Looking<F>(pub(crate) F);

impl<F: FnMut() -> Result<(), Stop> + Send> Budget for Looking<F> {
    fn spend(&mut self, _: u64) -> Result<(), Stop> {
        Ok(())
    }

    fn count(&mut self, _: Quota, _: u64) -> Result<(), Stop> {
        Ok(())
    }

    fn look(&mut self) -> Result<(), Stop> {
        self.0()
    }
}

/// A query that takes minutes.
pub(crate) const LONG: &str = "WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x WHERE n < 4000000000) SELECT count(*) AS c FROM x";
