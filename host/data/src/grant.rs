//! What a policy grants of data, and what a manifest asks for.

use std::path::PathBuf;

use fractalaw_host::capability::{GrantKey, GrantedName};
use fractalaw_sqlite::Grants;
use serde_json::Value;

use crate::tables::{MUTATE, QUERY};

/// The key in policies and manifests.
pub(crate) const KEY: &str = "data";

/// Where the data is: a file, or `true` if whoever starts the run brings the file.
pub(crate) const FILE: &str = "file";

/// A database with an ADBC driver, in place of a file.
pub(crate) const ADBC: &str = "adbc";

/// The tables and columns that may be read: a list, or `true` for all.
pub(crate) const READ: &str = "read";

/// The tables and columns that may be changed, in the same form.
pub(crate) const WRITE: &str = "write";

/// A component that imports an interface asks for the name that belongs to it.
pub(crate) const GRANT_KEY: GrantKey = GrantKey {
    name: KEY,
    what: "data:",
    value: check,
    needed_by: &[(QUERY, READ), (MUTATE, WRITE)],
};

/// What a run is granted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Granted {
    /// The database. `None` if the run was to bring it and did not.
    pub(crate) file: Option<PathBuf>,
    /// Whether it is a database with an ADBC driver.
    pub(crate) is_adbc: bool,
    /// The tables and columns.
    pub(crate) tables: Grants,
}

impl Granted {
    /// The grants from the names under the key. `None` if no name grants a table.
    pub(crate) fn of<'a>(names: impl Iterator<Item = &'a GrantedName>) -> Option<Granted> {
        let mut granted = Granted::default();
        let (mut read, mut write) = (Vec::new(), Vec::new());
        for name in names {
            match name.name() {
                READ => read = entries(name.value()),
                WRITE => write = entries(name.value()),
                ADBC => granted.is_adbc = true,
                _ => {
                    let file = name.value().as_str();
                    granted.file = file.map(|file| name.folder().join(file));
                }
            }
        }
        if read.is_empty() && write.is_empty() {
            return None;
        }
        // Each entry was checked when the policy was read.
        granted.tables = Grants::new(&read, &write).unwrap_or_default();
        Some(granted)
    }
}

/// The file that a section names, for work before any run.
pub(crate) fn file(name: &GrantedName) -> Option<PathBuf> {
    let file = (name.name() == FILE).then(|| name.value().as_str())??;
    Some(name.folder().join(file))
}

fn entries(value: &Value) -> Vec<&str> {
    match value {
        Value::Bool(true) => vec!["*"],
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
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
        ADBC => match value {
            Value::Object(_) => Ok(()),
            _ => Err("a table with the settings of a driver".to_owned()),
        },
        _ => Err(format!(
            "nothing of that name: `{KEY}` has `{FILE}`, `{READ}`, `{WRITE}` and `{ADBC}`"
        )),
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
            (ADBC, json!({ "driver": "duckdb" })),
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
            (ADBC, json!("duckdb")),
            ("reads", json!(true)),
        ] {
            assert!(check(name, &value).is_err(), "{name} {value}");
        }
    }
}
