//! The data of a case: a database that is filled from files beside the case, anew for each run.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use fractalaw_data::Data;
use fractalaw_host::Section;
use fractalaw_sqlite::by_hand::Reader;
use fractalaw_testing::{Duckdb, adbc_program_path, no_duckdb};
use rusqlite::Connection;
use serde::Deserialize;
use tempfile::TempDir;

use crate::regular;

/// What a host offers for cases with data. The program that loads ADBC drivers is not beside this one.
pub(crate) fn offered() -> Data {
    Data::new().adbc_program(adbc_program_path())
}

/// What stands in a case under `[data]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct DataSpec {
    /// Files beside the case, which fill the database in this order. The first one may be a database.
    seed: Seeds,
    /// Tables and columns that the guest may read.
    #[serde(default)]
    read: Vec<String>,
    /// Tables and columns that it may change.
    #[serde(default)]
    write: Vec<String>,
    /// The driver of a database that is in the place of the SQLite database.
    adbc: Option<Driver>,
    /// `"call"` lets each call be a transaction, if the guest's manifest asks for it.
    transaction: Option<String>,
}

/// An ADBC driver.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Driver {
    Duckdb,
}

/// One file or several.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a file's name, or a list of names")]
pub(crate) enum Seeds {
    One(PathBuf),
    Several(Vec<PathBuf>),
}

impl Seeds {
    /// Makes a database in this file, and fills it from the seeds in this folder.
    pub(crate) fn fill(&self, folder: &Path, file: &Path) -> Result<()> {
        let mut seeds = self.files();
        for (place, seed) in seeds.iter().enumerate() {
            ensure!(
                place == 0 || !is_database(seed),
                "`{}` comes after another file, expected a database to come first",
                seed.display()
            );
            regular::check(&folder.join(seed)).map_err(|error| {
                anyhow!("{error:#}\nhint: `seed` of `[data]` names files beside the case")
            })?;
        }
        if let [first, rest @ ..] = seeds
            && is_database(first)
        {
            copy(&folder.join(first), file)?;
            seeds = rest;
        }
        let connection = Connection::open(file)?;
        // Only one run reads it.
        connection.execute_batch("PRAGMA synchronous = OFF")?;
        for seed in seeds {
            fractalaw_sqlite::import(&connection, &folder.join(seed))?;
        }
        connection.close().map_err(|(_, error)| error)?;
        Ok(())
    }

    /// Makes a database of DuckDB's, and runs these files there.
    fn fill_duckdb(&self, folder: &Path) -> Result<Duckdb> {
        let mut texts = Vec::new();
        for file in self.files() {
            ensure!(
                file.extension().is_some_and(|extension| extension == "sql"),
                "`{}` is for a database behind a driver, expected files `….sql`",
                file.display()
            );
            let text = String::from_utf8(regular::read(&folder.join(file))?);
            texts.push(text.with_context(|| format!("`{}`", file.display()))?);
        }
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        Duckdb::seeded(&texts).context("this machine has no DuckDB")
    }

    fn files(&self) -> &[PathBuf] {
        match self {
            Seeds::One(file) => std::slice::from_ref(file),
            Seeds::Several(files) => files,
        }
    }
}

/// The database of one run.
pub(crate) enum Database {
    /// A file of SQLite's.
    Sqlite { file: PathBuf, _place: TempDir },
    /// A file of DuckDB's.
    Duckdb(Duckdb),
}

impl Database {
    /// Its file.
    pub(crate) fn file(&self) -> &Path {
        match self {
            Database::Sqlite { file, .. } => file,
            Database::Duckdb(database) => &database.path,
        }
    }

    /// The line of policy that names it.
    fn line(&self) -> Result<String> {
        Ok(match self {
            Database::Sqlite { file, .. } => {
                let file = file.to_str().context("the path of a database is UTF-8")?;
                format!("data.file = {}", toml::Value::from(file))
            }
            Database::Duckdb(database) => database.line(),
        })
    }
}

impl DataSpec {
    /// Why this machine does not have the database, if it does not.
    pub(crate) fn missing(&self) -> Option<String> {
        self.adbc.and_then(|Driver::Duckdb| no_duckdb())
    }

    /// Makes a database and fills it from the files in this folder.
    pub(crate) fn seed(&self, folder: &Path) -> Result<Database> {
        if let Some(Driver::Duckdb) = self.adbc {
            return self.seed.fill_duckdb(folder).map(Database::Duckdb);
        }
        let place = tempfile::tempdir().context("no place for a database")?;
        let file = place.path().join("case.db");
        self.seed.fill(folder, &file)?;
        Ok(Database::Sqlite {
            file,
            _place: place,
        })
    }

    /// Lines of policy that grant the database and the tables. A list that is left out grants the interface and no table.
    pub(crate) fn section(&self, database: &Database) -> Result<Section> {
        let database = database.line()?;
        let read = toml::Value::from(self.read.clone());
        let write = toml::Value::from(self.write.clone());
        let mut lines = format!(
            "interfaces.\"fractal:app/data-query\" = true\ninterfaces.\"fractal:app/data-mutate\" = true\n\
             {database}\ndata.read = {read}\ndata.write = {write}\n"
        );
        if let Some(transaction) = &self.transaction {
            let transaction = toml::Value::from(transaction.clone());
            lines += &format!("data.transaction = {transaction}\n");
        }
        Section::parse(&lines).map_err(|error| anyhow!("`[data]`: {error}\nhint: {}", error.hint))
    }
}

fn is_database(seed: &Path) -> bool {
    seed.extension().is_some_and(|extension| extension == "db")
}

/// Copies a database, so that no run changes it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    // What is still in the log would be lost, because the log is not copied.
    let mut log = from.as_os_str().to_owned();
    log.push("-wal");
    ensure!(
        !Path::new(&log).exists(),
        "`{}` is in use, or was not closed\nhint: close it, or run `PRAGMA wal_checkpoint(TRUNCATE)` in it",
        from.display()
    );
    let bytes = regular::read(from)?;
    // The copy may be written, whatever the file's own rights are.
    fs::write(to, bytes).with_context(|| format!("cannot write `{}`", to.display()))?;
    let opened = Reader::open(to).map(drop);
    opened.map_err(|error| {
        anyhow!(
            "{}",
            error
                .to_string()
                .replace(&*to.to_string_lossy(), &from.to_string_lossy())
        )
    })
}
