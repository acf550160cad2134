//! Where a run's data is, and what the run may do there.

use std::path::PathBuf;
use std::sync::Arc;

use fractalaw_adbc_client::{Access, Settings, SettingsError};
use fractalaw_host::PolicyError;
use fractalaw_sqlite::Grants;

use crate::grant::Granted;

/// A database, with what is granted there.
#[derive(Clone)]
pub(crate) enum Place {
    /// A file, which the host itself opens.
    Sqlite { file: PathBuf, tables: Arc<Grants> },
    /// Behind an ADBC driver.
    Adbc {
        settings: Arc<Settings>,
        access: Access,
    },
}

impl Place {
    /// The place that is granted. Secrets are looked up with `variable`.
    pub(crate) fn of(
        granted: Granted,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Place, PolicyError> {
        match (&granted.file, &granted.adbc) {
            (Some(_), Some(_)) => Err(usage(
                "`data.file` and `data.adbc` are both granted, expected one database",
                "leave one of them out",
            )),
            (None, None) => Err(usage(
                "data is granted, and no database is named",
                "name one with `--data FILE`, or in the policy as `data.file = \"FILE\"`",
            )),
            (Some(file), None) => Ok(Place::Sqlite {
                file: file.clone(),
                tables: Arc::new(granted.tables()),
            }),
            (None, Some(settings)) => {
                let access = granted.access().map_err(|error| wrong(&error))?;
                settings.check(variable).map_err(|error| wrong(&error))?;
                Ok(Place::Adbc {
                    settings: Arc::new(settings.clone()),
                    access,
                })
            }
        }
    }
}

impl Place {
    /// Fails if not each call can be a transaction of its own.
    pub(crate) fn check_by_call(&self) -> Result<(), PolicyError> {
        match self {
            Place::Sqlite { .. } => Ok(()),
            Place::Adbc { .. } => Err(usage(
                "the manifest asks for a transaction for each call, and behind an ADBC driver the run is one",
                "name an SQLite database in `data.file`, or leave `transaction` out of the manifest",
            )),
        }
    }
}

/// The error for settings that cannot be used.
pub(crate) fn wrong(error: &SettingsError) -> PolicyError {
    let said = error.to_string();
    let (message, hint) = said.split_once("\nhint: ").unwrap_or((&said, ""));
    usage(message, hint)
}

fn usage(message: &str, hint: &str) -> PolicyError {
    PolicyError::usage(message, hint)
}
