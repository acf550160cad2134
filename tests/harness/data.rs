//! The data of a case: a database that is filled from files beside the case, anew for each run.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use fractalaw_host::Section;
use fractalaw_sqlite::by_hand::Reader;
use rusqlite::Connection;
use serde::Deserialize;
use tempfile::TempDir;

use crate::regular;

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
    /// `"call"` lets each call be a transaction, if the guest's manifest asks for it.
    transaction: Option<String>,
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

    fn files(&self) -> &[PathBuf] {
        match self {
            Seeds::One(file) => std::slice::from_ref(file),
            Seeds::Several(files) => files,
        }
    }
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
        self.seed.fill(folder, &file)?;
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
