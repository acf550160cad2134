//! The settings in their short form: one address, such as `duckdb:register.duckdb` or `postgresql://…`.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::engine;
use crate::error::SettingsError;
use crate::settings::{Settings, is_file};

impl Settings {
    /// The settings in a policy: an address, or a table with the fields of [`Settings`].
    ///
    /// # Errors
    ///
    /// If the value is neither. Whether the fields fit each other is checked by [`Settings::check`].
    pub fn read(value: &Value) -> Result<Settings, SettingsError> {
        match value {
            Value::String(address) => {
                Settings::of_address(address).ok_or_else(|| SettingsError::Address {
                    // It may contain a password.
                    scheme: address.split(':').next().unwrap_or_default().to_owned(),
                })
            }
            other => {
                let settings = serde_json::from_value(other.clone());
                settings.map_err(|error| SettingsError::Shape(error.to_string()))
            }
        }
    }

    /// The settings for an address. `None` if the address belongs to no driver that is known. Then it may be a plain file.
    pub fn of_address(address: &str) -> Option<Settings> {
        let (engine, scheme) = engine::at(address)?;
        let file = engine
            .path
            .map(|_| PathBuf::from(address.strip_prefix(scheme).unwrap_or_default()));
        Some(Settings {
            driver: engine.name.to_owned(),
            uri: file.is_none().then(|| address.to_owned()),
            path: file,
            library: None,
            entrypoint: None,
            options: Default::default(),
        })
    }

    /// The same settings, with relative paths starting at this folder.
    #[must_use]
    pub fn in_folder(mut self, folder: &Path) -> Settings {
        for path in [&mut self.path, &mut self.library].into_iter().flatten() {
            if is_file(path) {
                *path = folder.join(&path);
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::Settings;

    #[test]
    fn an_address_says_which_driver() {
        for (address, expected) in [
            ("duckdb:a.duckdb", r#"duckdb path /policies/a.duckdb"#),
            ("duckdb:/x/a.duckdb", "duckdb path /x/a.duckdb"),
            ("duckdb::memory:", "duckdb path :memory:"),
            (
                "postgresql://me@h/db",
                "postgresql uri postgresql://me@h/db",
            ),
            ("postgres://h/db", "postgresql uri postgres://h/db"),
            ("grpc+tls://h:443", "flightsql uri grpc+tls://h:443"),
            ("a.db", "none"),
            ("sqlite:a.db", "none"),
            ("./duckdb:a.db", "none"),
        ] {
            let found = Settings::of_address(address)
                .map(|settings| settings.in_folder(Path::new("/policies")));
            let shown = match found {
                None => "none".to_owned(),
                Some(Settings {
                    driver,
                    path: Some(path),
                    uri: None,
                    ..
                }) => {
                    format!("{driver} path {}", path.display())
                }
                Some(Settings {
                    driver,
                    path: None,
                    uri: Some(uri),
                    ..
                }) => format!("{driver} uri {uri}"),
                Some(other) => panic!("{other:?}"),
            };
            assert_eq!(shown, expected, "{address}");
        }
    }

    #[test]
    fn what_is_neither_an_address_nor_a_table_is_told() {
        let said = |value| Settings::read(&value).unwrap_err().to_string();
        assert_eq!(
            said(json!("mysql://me:hunter2@h/db")),
            "`mysql` is not the beginning of an address that a driver is known for, expected `duckdb:FILE`, \
             `postgresql://…` or `grpc://…`\nhint: name any other driver in a table, with `driver`, `library` and `uri`"
        );
        assert_eq!(
            said(json!({ "driver": "duckdb", "file": "x" })),
            "unknown field `file`, expected one of `driver`, `path`, `uri`, `library`, `entrypoint`, `options`"
        );
        assert_eq!(said(json!({ "path": "x" })), "missing field `driver`");
    }
}
