//! What a repository with guests of its own says about itself, in `[workspace.metadata.fractalaw]` of its `Cargo.toml`.
//!
//! A workspace without this table is the repository of these commands.

use serde::Deserialize;
use toml::Table;

use crate::fault::{Fault, USAGE};

/// The table.
const TABLE: &str = "[workspace.metadata.fractalaw]";

/// The packages of a repository with guests of its own. All are built and tested together, so that Wasmtime is compiled
/// once.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Settings {
    /// The package with the program that runs micro-apps, and with what that program offers.
    pub(crate) host: String,
    /// The name of the program.
    pub(crate) program: String,
    /// The package of the supervisor, whose program is called `PROGRAM-serve`. Its server is compiled only when it is needed.
    #[serde(default)]
    pub(crate) serve: Option<String>,
    /// The package with the harness: a test target `cases`.
    pub(crate) tests: String,
    /// More packages whose tests run with these.
    #[serde(default)]
    pub(crate) also: Vec<String>,
}

impl Settings {
    /// The settings in a `Cargo.toml`, if it has any.
    pub(crate) fn of(cargo: &Table) -> Result<Option<Settings>, Fault> {
        let metadata = cargo
            .get("workspace")
            .and_then(|table| table.get("metadata"));
        let Some(value) = metadata.and_then(|metadata| metadata.get("fractalaw")) else {
            return Ok(None);
        };
        let read = value.clone().try_into();
        read.map(Some).map_err(|error: toml::de::Error| {
            Fault::new(
                USAGE,
                format!("`Cargo.toml`: `{TABLE}`: {}", error.message()),
            )
            .hint("it has `host` and `tests`, the names of packages, `program`, the name of the host's binary, and may have `serve` and `also`")
        })
    }

    /// The packages that run on this machine, and the supervisor's, as cargo's arguments.
    pub(crate) fn packages_to_serve(&self) -> Vec<&str> {
        let serve = self.serve.iter().flat_map(|package| ["-p", &**package]);
        self.packages().into_iter().chain(serve).collect()
    }

    /// The packages as cargo's arguments.
    pub(crate) fn packages(&self) -> Vec<&str> {
        let all = [&self.host, &self.tests].into_iter().chain(&self.also);
        all.flat_map(|package| ["-p", package]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Settings;

    fn of(text: &str) -> Result<Option<Settings>, String> {
        let settings = Settings::of(&text.parse().unwrap());
        settings.map_err(|fault| fault.to_string())
    }

    #[test]
    fn a_workspace_names_its_packages_or_is_ours() {
        assert_eq!(of("[workspace]\nmembers = []"), Ok(None));
        let table =
            "[workspace.metadata.fractalaw]\nhost = \"h\"\nprogram = \"p\"\ntests = \"t\"\n";
        let settings = of(table).unwrap().unwrap();
        assert_eq!(settings.packages(), ["-p", "h", "-p", "t"]);
        let settings = of(&format!("{table}also = [\"a\"]")).unwrap().unwrap();
        assert_eq!(settings.packages(), ["-p", "h", "-p", "t", "-p", "a"]);
        assert_eq!(settings.packages_to_serve(), settings.packages());
        let settings = of(&format!("{table}serve = \"s\"")).unwrap().unwrap();
        assert_eq!(settings.packages(), ["-p", "h", "-p", "t"]);
        assert_eq!(
            settings.packages_to_serve(),
            ["-p", "h", "-p", "t", "-p", "s"]
        );
        let hint = "\nhint: it has `host` and `tests`, the names of packages, `program`, the name of the host's binary, and may have `serve` and `also`";
        for (text, expected) in [
            (
                "[workspace.metadata.fractalaw]\nhost = \"h\"",
                "missing field `program`",
            ),
            (
                &*format!("{table}hosts = 1"),
                "unknown field `hosts`, expected one of `host`, `program`, `serve`, `tests`, `also`",
            ),
        ] {
            let expected =
                format!("`Cargo.toml`: `[workspace.metadata.fractalaw]`: {expected}{hint}");
            assert_eq!(of(text), Err(expected));
        }
    }
}
