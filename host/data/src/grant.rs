//! What a policy grants of data, and what a manifest asks for.

use std::path::PathBuf;

use fractalaw_adbc_client::{Access, Settings, SettingsError};
use fractalaw_host::capability::{GrantKey, GrantedName};
use fractalaw_sqlite::Grants;
use serde_json::Value;

use crate::tables::{MUTATE, QUERY};

/// The key in policies and manifests.
pub(crate) const KEY: &str = "data";

/// Where the data is: a file, or `true` if whoever starts the run brings the file.
pub(crate) const FILE: &str = "file";

/// A database with an ADBC driver, in place of a file: its address, or a table with its settings.
pub(crate) const ADBC: &str = "adbc";

/// The tables and columns that may be read: a list, or `true` for all.
pub(crate) const READ: &str = "read";

/// The tables and columns that may be changed, in the same form.
pub(crate) const WRITE: &str = "write";

/// What is one transaction: the run, unless this grants `"call"`. A run commits as it goes only if its manifest also
/// asks for it, because other micro-apps rely on the opposite.
pub(crate) const TRANSACTION: &str = "transaction";

/// The value of [`TRANSACTION`].
const CALL: &str = "call";

/// A component that imports an interface asks for a database, and for the name that belongs to the interface.
pub(crate) const GRANT_KEY: GrantKey = GrantKey {
    known: &[FILE, READ, WRITE, TRANSACTION, ADBC],
    words: &[(FILE, "the database, by name or from `--data FILE`:")],
    value: check,
    pasted: |name| match name {
        TRANSACTION => "\"call\"",
        _ => "true",
    },
    own_files,
    needed_by: &[
        (QUERY, FILE),
        (MUTATE, FILE),
        (QUERY, READ),
        (MUTATE, WRITE),
    ],
    replaced_by: &[(FILE, ADBC)],
    ..GrantKey::names(KEY, "data:")
};

/// What a run is granted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Granted {
    /// The SQLite database. `None` if the run was to bring it and did not.
    pub(crate) file: Option<PathBuf>,
    /// A database with an ADBC driver.
    pub(crate) adbc: Option<Settings>,
    pub(crate) read: Vec<String>,
    pub(crate) write: Vec<String>,
    /// Whether each call may be a transaction of its own.
    pub(crate) by_call: bool,
}

impl Granted {
    /// The grants from the names under the key. `None` if no name grants a table.
    pub(crate) fn of<'a>(names: impl Iterator<Item = &'a GrantedName>) -> Option<Granted> {
        let mut granted = Granted::default();
        for name in names {
            match name.name() {
                READ => granted.read = entries(name.value()),
                WRITE => granted.write = entries(name.value()),
                TRANSACTION => granted.by_call = true,
                // The value was checked when the policy was read.
                ADBC => granted.adbc = settings(name).and_then(Result::ok),
                _ => granted.file = file(name),
            }
        }
        let is_nothing = granted.read.is_empty() && granted.write.is_empty();
        (!is_nothing).then_some(granted)
    }

    /// The tables and columns. Each entry was checked when the policy was read.
    pub(crate) fn tables(&self) -> Grants {
        let [read, write] = [&self.read, &self.write]
            .map(|list| list.iter().map(String::as_str).collect::<Vec<_>>());
        Grants::new(&read, &write).unwrap_or_default()
    }

    /// What may be done behind an ADBC driver, where the host cannot hold a statement to tables.
    pub(crate) fn access(&self) -> Result<Access, SettingsError> {
        for (key, entries) in [("data.read", &self.read), ("data.write", &self.write)] {
            if let Some(table) = entries.iter().find(|entry| *entry != "*") {
                return Err(SettingsError::TableGrants {
                    key,
                    table: table.clone(),
                });
            }
        }
        match (self.read.is_empty(), self.write.is_empty()) {
            (true, _) => Err(SettingsError::WriteOnly),
            (_, true) => Ok(Access::Read),
            (_, false) => Ok(Access::Write),
        }
    }
}

/// The file that a section names, for work before any run.
pub(crate) fn file(name: &GrantedName) -> Option<PathBuf> {
    let file = (name.name() == FILE).then(|| name.value().as_str())??;
    Some(name.folder().join(file))
}

/// The files that no guest may write. What stands beside a database is in the same folder: the files of SQLite's
/// log, and the record of a run. A driver is code that runs outside the sandbox.
fn own_files(name: &GrantedName) -> Vec<(&'static str, PathBuf)> {
    let settings = settings(name).and_then(Result::ok);
    let (path, library) = settings.map_or_else(Default::default, |settings| {
        (settings.path, settings.library)
    });
    let database = file(name).or(path).map(|path| ("the database", path));
    let driver = library.map(|library| ("the driver", library));
    database.into_iter().chain(driver).collect()
}

/// The settings that a section has for a database with an ADBC driver.
pub(crate) fn settings(name: &GrantedName) -> Option<Result<Settings, SettingsError>> {
    (name.name() == ADBC).then(|| {
        let settings = Settings::read(name.value())?;
        Ok(settings.in_folder(name.folder()))
    })
}

fn entries(value: &Value) -> Vec<String> {
    match value {
        Value::Bool(true) => vec!["*".to_owned()],
        Value::Array(list) => list
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    }
}

/// Checks the value of a name in a policy.
fn check(name: &str, value: &Value) -> Result<(), String> {
    match name {
        FILE => match value {
            Value::Bool(true) => Ok(()),
            Value::String(file) if !file.is_empty() => Ok(()),
            _ => Err("an SQLite database's file, or `true` for one that the run brings".to_owned()),
        },
        READ | WRITE => {
            let all = || "a list of tables and columns, such as `[\"permit\", \"holder.name\"]`, or `true` for all";
            let Value::Array(list) = value else {
                return match value {
                    Value::Bool(true) => Ok(()),
                    _ => Err(all().to_owned()),
                };
            };
            for entry in list {
                let text = entry.as_str().ok_or_else(|| all().to_owned())?;
                Grants::new(&[text], &[]).map_err(|_| all().to_owned())?;
            }
            Ok(())
        }
        TRANSACTION if value == CALL => Ok(()),
        TRANSACTION => Err(format!("`\"{CALL}\"`")),
        // `ADBC`: the host checks the name.
        _ => match value {
            Value::Object(_) | Value::String(_) => Settings::read(value)
                .map(drop)
                .map_err(|error| format!("settings of a driver: {error}")),
            _ => Err(
                "the address of a database with a driver, or a table with its settings".to_owned(),
            ),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_policy_may_say_is_checked() {
        for (name, value) in [
            (FILE, json!("a.db")),
            (FILE, json!(true)),
            (READ, json!(true)),
            (READ, json!(["a", "b.*", "c.d", "*"])),
            (WRITE, json!([])),
            (TRANSACTION, json!("call")),
            (ADBC, json!({ "driver": "duckdb" })),
            (ADBC, json!("duckdb:a.duckdb")),
        ] {
            assert_eq!(check(name, &value), Ok(()), "{name} {value}");
        }
        for (name, value) in [
            (FILE, json!("")),
            (FILE, json!(1)),
            (READ, json!("a")),
            (READ, json!(["a.b.c"])),
            (READ, json!([1])),
            (WRITE, json!({})),
            (TRANSACTION, json!(true)),
            (TRANSACTION, json!("run")),
            (ADBC, json!("duckdb")),
        ] {
            assert!(check(name, &value).is_err(), "{name} {value}");
        }
    }
}
