//! The settings of a database behind an ADBC driver, as a policy writes them, and how they are resolved. `address.rs`
//! reads the short form, one address.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::engine::{self, Engine};
use crate::error::SettingsError;
use crate::protocol::Library;
use crate::secrets::{Secrets, has_plain_password, names_a_secret};

/// `{ driver = "duckdb", path = "…" }` or `{ driver = "postgresql", uri = "postgresql://me:${NAME}@…" }`. In `uri`
/// and in options, `${NAME}` stands for that environment variable. Its value is never shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The driver: a name that is known, or any name if there is a `library`.
    pub driver: String,
    /// The database's file.
    #[serde(default)]
    pub path: Option<PathBuf>,
    /// The database's address.
    #[serde(default)]
    pub uri: Option<String>,
    /// The driver's shared library. Without it, the usual one is taken: beside the program that loads it, or where the
    /// system looks for libraries.
    #[serde(default)]
    pub library: Option<PathBuf>,
    /// The function of the library that returns the driver, if it is not the usual one.
    #[serde(default)]
    pub entrypoint: Option<String>,
    /// Options of the driver.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
}

/// Settings that can be used.
pub(crate) struct Resolved {
    pub(crate) engine: &'static Engine,
    pub(crate) library: Library,
    pub(crate) entrypoint: String,
    pub(crate) options: Vec<(String, String)>,
    pub(crate) secrets: Secrets,
    /// Secrets, and what guests need not know: where the database and its driver are.
    pub(crate) hidden: Secrets,
    /// What to do if the library cannot be loaded.
    pub(crate) library_hint: String,
}

impl Settings {
    /// Checks everything that can be checked without opening the database. Secrets are looked up with `variable`.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong.
    pub fn check(&self, variable: impl Fn(&str) -> Option<String>) -> Result<(), SettingsError> {
        self.resolve(variable).map(drop)
    }

    pub(crate) fn resolve(
        &self,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Resolved, SettingsError> {
        let engine = match (engine::known(&self.driver), &self.library) {
            (Some(engine), _) => engine,
            (None, Some(_)) => &engine::OTHER,
            (None, None) => {
                return Err(SettingsError::UnknownEngine {
                    engine: self.driver.clone(),
                    known: engine::names(),
                });
            }
        };
        let mut secrets = Secrets::default();
        let mut options = Vec::new();
        let (key, place) = self.place(engine, &mut secrets, &variable)?;
        options.push((key, place));
        for (option, value) in &self.options {
            if engine.fixed.iter().any(|(fixed, _)| fixed == option) {
                return Err(SettingsError::FixedOption {
                    option: option.clone(),
                });
            }
            let key = format!("options.{option}");
            if names_a_secret(option) && !value.is_empty() && !value.contains("${") {
                return Err(SettingsError::PlainSecret { key });
            }
            let filled = secrets.fill(&key, value, false, &variable)?;
            options.push((option.clone(), filled));
        }
        let is_set = |name: &str| self.options.contains_key(name);
        let own = engine.defaults.iter().filter(|(name, _)| !is_set(name));
        for (name, value) in own.chain(engine.fixed) {
            options.push(((*name).to_owned(), (*value).to_owned()));
        }
        let mut hidden = secrets.clone();
        for (place, instead) in [(&self.path, "path"), (&self.library, "library")] {
            if let Some(place) = place {
                hidden.hide(&absolute(place).to_string_lossy(), instead);
                hidden.hide(&place.to_string_lossy(), instead);
            }
        }
        Ok(Resolved {
            engine,
            library: self
                .library
                .as_deref()
                .map(absolute)
                .map_or_else(|| Library::Name(engine.library.to_owned()), Library::File),
            entrypoint: self
                .entrypoint
                .clone()
                .unwrap_or_else(|| engine.entrypoint.to_owned()),
            options,
            secrets,
            hidden,
            library_hint: self.library_hint(engine),
        })
    }

    /// The option that says where the database is.
    fn place(
        &self,
        engine: &Engine,
        secrets: &mut Secrets,
        variable: &impl Fn(&str) -> Option<String>,
    ) -> Result<(String, String), SettingsError> {
        let wrong = |found, expected, hint| SettingsError::Place {
            engine: self.driver.clone(),
            found,
            expected,
            hint,
        };
        match (&self.path, &self.uri, engine.path) {
            (Some(_), Some(_), _) => Err(wrong(
                "a `path` and a `uri`",
                "one of them",
                "leave one out",
            )),
            (Some(path), None, Some(option)) => {
                let path = absolute(path);
                Ok((option.to_owned(), path.to_string_lossy().into_owned()))
            }
            (Some(_), None, None) => Err(wrong(
                "a `path`",
                "a `uri`",
                "write `uri = \"…\"`: this database is no file",
            )),
            (None, Some(uri), _) => {
                if has_plain_password(uri) {
                    return Err(SettingsError::PlainSecret {
                        key: "uri".to_owned(),
                    });
                }
                Ok(("uri".to_owned(), secrets.fill("uri", uri, true, variable)?))
            }
            (None, None, Some(_)) => Err(wrong(
                "no `path`",
                "one",
                "write `path = \"…\"`: the file that the database is kept in",
            )),
            (None, None, None) => Err(wrong(
                "no `uri`",
                "one",
                "write `uri = \"…\"`: where the database is",
            )),
        }
    }

    fn library_hint(&self, engine: &Engine) -> String {
        match &self.library {
            Some(_) => "name the driver's shared library, made for this system".to_owned(),
            None => format!(
                "install `{}` where the system looks for libraries, or name it with `library = \"PATH\"`",
                file_name(engine.library)
            ),
        }
    }

    /// The library as messages name it.
    pub(crate) fn library_name(&self, engine: &Engine) -> String {
        let library = self.library.as_deref().map(Path::display);
        library.map_or_else(|| file_name(engine.library), |path| path.to_string())
    }
}

/// Whether this names a file. `:memory:` does not.
pub(crate) fn is_file(path: &Path) -> bool {
    !path.as_os_str().is_empty() && path != Path::new(":memory:")
}

/// The path made absolute. The program works in a folder of its own, so a relative path would mean another file
/// there. `:memory:` stays as it is, because it is not a file.
fn absolute(path: &Path) -> PathBuf {
    let absolute = is_file(path)
        .then(|| std::path::absolute(path).ok())
        .flatten();
    absolute.unwrap_or_else(|| path.to_owned())
}

pub(crate) fn file_name(library: &str) -> String {
    let (before, after) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    format!("{before}{library}{after}")
}

#[cfg(test)]
mod tests {
    use super::{Settings, absolute};

    fn settings(json: &str) -> Settings {
        serde_json::from_str(json).unwrap()
    }

    fn resolved(json: &str) -> String {
        let variable = |name: &str| (name == "PASSWORD").then(|| "top secret".to_owned());
        match settings(json).resolve(variable) {
            Ok(resolved) => format!(
                "{:?} {} {:?}",
                resolved.library, resolved.entrypoint, resolved.options
            ),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn settings_become_a_driver_and_its_options() {
        for (json, expected) in [
            (
                r#"{"driver": "sqlite", "path": "/x/a.db"}"#,
                r#"Name("adbc_driver_sqlite") AdbcDriverInit [("uri", "/x/a.db")]"#,
            ),
            (
                r#"{"driver": "duckdb", "path": "/x/a.db", "library": "/x/libduckdb.so", "options": {"threads": "1", "memory_limit": "2GiB"}}"#,
                r#"File("/x/libduckdb.so") duckdb_adbc_init [("path", "/x/a.db"), ("memory_limit", "2GiB"), ("threads", "1"), ("enable_external_access", "false"), ("autoinstall_known_extensions", "false"), ("autoload_known_extensions", "false"), ("lock_configuration", "true")]"#,
            ),
            (
                r#"{"driver": "postgresql", "uri": "postgresql://me:${PASSWORD}@h/db"}"#,
                r#"Name("adbc_driver_postgresql") AdbcDriverInit [("uri", "postgresql://me:top%20secret@h/db")]"#,
            ),
            (
                r#"{"driver": "mine", "library": "/m.so", "entrypoint": "go", "uri": "x", "options": {"password": "${PASSWORD}"}}"#,
                r#"File("/m.so") go [("uri", "x"), ("password", "top secret")]"#,
            ),
            (
                r#"{"driver": "mine", "uri": "x"}"#,
                "`driver = \"mine\"` is not known here, expected `duckdb`, `sqlite`, `postgresql`, `flightsql`, or a `library`\nhint: name the driver's shared library with `library = \"PATH\"`",
            ),
            (
                r#"{"driver": "duckdb"}"#,
                "`driver = \"duckdb\"` has no `path`, expected one\nhint: write `path = \"…\"`: the file that the database is kept in",
            ),
            (
                r#"{"driver": "postgresql", "path": "x"}"#,
                "`driver = \"postgresql\"` has a `path`, expected a `uri`\nhint: write `uri = \"…\"`: this database is no file",
            ),
            (
                r#"{"driver": "duckdb", "path": "x", "uri": "y"}"#,
                "`driver = \"duckdb\"` has a `path` and a `uri`, expected one of them\nhint: leave one out",
            ),
            (
                r#"{"driver": "duckdb", "path": "x", "options": {"enable_external_access": "true"}}"#,
                "`options.enable_external_access` is set by the host, because guests could reach beyond the database without it\nhint: leave it out",
            ),
            (
                r#"{"driver": "postgresql", "uri": "postgresql://me:hunter2@h/db"}"#,
                "`uri` has a secret in it, expected the name of an environment variable in its place\nhint: write `${NAME}` for it, and set `NAME` in the host's environment",
            ),
            (
                r#"{"driver": "flightsql", "uri": "x", "options": {"password": "hunter2"}}"#,
                "`options.password` has a secret in it, expected the name of an environment variable in its place\nhint: write `${NAME}` for it, and set `NAME` in the host's environment",
            ),
            (
                r#"{"driver": "postgresql", "uri": "postgresql://me:${OTHER}@h/db"}"#,
                "`uri` takes its secret from the environment variable `OTHER`, which is not set\nhint: set `OTHER` where the host is started",
            ),
        ] {
            assert_eq!(resolved(json), expected, "{json}");
        }
    }

    #[test]
    fn a_path_is_the_hosts_and_not_the_programs() {
        let here = std::env::current_dir().unwrap();
        assert_eq!(absolute("a/b.db".as_ref()), here.join("a/b.db"));
        for stays in ["/a/b.db", ":memory:", ""] {
            assert_eq!(absolute(stays.as_ref()).to_str(), Some(stays));
        }
    }

    #[test]
    fn an_option_that_has_a_secret_is_known_by_its_name() {
        for (option, is_secret) in [
            ("password", true),
            ("PASSWORD", true),
            ("Pwd", true),
            ("adbc.flight.sql.authorization_header", true),
            ("adbc.flight.sql.rpc.call_header.x-api-key", true),
            ("adbc.flight.sql.oauth.client_secret", true),
            ("adbc.flight.sql.client_option.mtls_private_key", true),
            ("accessKey", true),
            ("aws_session_token", true),
            ("adbc.flight.sql.oauth.token_uri", false),
            ("adbc.flight.sql.oauth.exchange.subject_token_type", false),
            ("private_key_file", false),
            ("username", false),
            ("threads", false),
            ("key", false),
        ] {
            let json = |value: &str| {
                format!(
                    r#"{{"driver": "mine", "library": "/m.so", "uri": "x", "options": {{"{option}": "{value}"}}}}"#
                )
            };
            let refused = format!(
                "`options.{option}` has a secret in it, expected the name of an environment variable in its place\n\
                 hint: write `${{NAME}}` for it, and set `NAME` in the host's environment"
            );
            assert_eq!(resolved(&json("hunter2")) == refused, is_secret, "{option}");
            for accepted in ["", "${PASSWORD}", "Bearer ${PASSWORD}"] {
                assert_ne!(resolved(&json(accepted)), refused, "{option}");
            }
        }
    }
}
