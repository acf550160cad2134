//! The data of a case: a database that is filled from files beside the case, anew for each run.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use fractalaw_host::Section;
use rusqlite::Connection;
use serde::Deserialize;
use tempfile::TempDir;

use crate::regular;

/// What stands in a case under `[data]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct DataSpec {
    /// Files beside the case, which fill the database in this order.
    seed: Vec<PathBuf>,
    /// Tables and columns that the guest may read.
    #[serde(default)]
    read: Vec<String>,
    /// Tables and columns that it may change.
    #[serde(default)]
    write: Vec<String>,
    /// `"call"` lets each call be a transaction, if the guest's manifest asks for it.
    transaction: Option<String>,
}

/// The database of one run.
pub(crate) struct Database {
    file: PathBuf,
    _place: TempDir,
}

impl Database {
    /// Its file.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }
}

impl DataSpec {
    /// Makes a database and fills it from the files in this folder.
    pub(crate) fn seed(&self, folder: &Path) -> Result<Database> {
        let place = tempfile::tempdir().context("no place for a database")?;
        let file = place.path().join("case.db");
        let connection = Connection::open(&file)?;
        // Only one run reads it.
        connection.execute_batch("PRAGMA synchronous = OFF")?;
        for seed in &self.seed {
            let path = folder.join(seed);
            regular::check(&path).map_err(|error| {
                anyhow!("{error:#}\nhint: `seed` of `[data]` names files beside the case")
            })?;
            fractalaw_sqlite::import(&connection, &path)?;
        }
        connection.close().map_err(|(_, error)| error)?;
        Ok(Database {
            file,
            _place: place,
        })
    }

    /// Lines of policy that grant the database and the tables. A list that is left out grants the interface and no table.
    pub(crate) fn section(&self, database: &Database) -> Result<Section> {
        let file = database
            .file
            .to_str()
            .context("the path of a database is UTF-8")?;
        let file = toml::Value::from(file);
        let read = toml::Value::from(self.read.clone());
        let write = toml::Value::from(self.write.clone());
        let mut lines = format!(
            "interfaces.\"fractal:app/data-query\" = true\ninterfaces.\"fractal:app/data-mutate\" = true\n\
             data.file = {file}\ndata.read = {read}\ndata.write = {write}\n"
        );
        if let Some(transaction) = &self.transaction {
            let transaction = toml::Value::from(transaction.clone());
            lines += &format!("data.transaction = {transaction}\n");
        }
        Section::parse(&lines).map_err(|error| anyhow!("`[data]`: {error}\nhint: {}", error.hint))
    }
}
