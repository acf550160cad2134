//! Hints for the author of a component that imports what is not offered.

use std::collections::BTreeSet;

use semver::Version;

use crate::offered::{Offered, split};

const APP: &str = "fractal:app";
const WASI: &str = "wasi:";

impl Offered {
    /// A hint about an import of this name, if nothing of it is offered.
    pub fn hint_of_interface(&self, import: &str) -> String {
        let path = import.split('@').next().unwrap_or_default();
        let package = path.split('/').next().unwrap_or_default();
        let is_0_2 = |(_, version): (&str, Version)| (version.major, version.minor) == (0, 2);
        match package {
            APP if self.version(path).is_none() => self.of_app(),
            "wasi:http" => format!(
                "{}; jco leaves HTTP out with `--disable http fetch-event`, componentize-py all of WASI with \
                 `--stub-wasi`",
                self.of_wasi()
            ),
            _ if self.version(path).is_some()
                || split(import).is_some_and(|name| !is_0_2(name)) =>
            {
                self.hint_of_function(import)
            }
            package if package.starts_with(WASI) => self.of_wasi(),
            _ => self.of_all(),
        }
    }

    /// A hint about several imports. It is about one of them: first, an author can choose another world.
    pub fn hint_of_interfaces<'a>(&self, imports: impl Iterator<Item = &'a str> + Clone) -> String {
        let own = imports
            .clone()
            .find(|name| name.starts_with("fractal:app/"));
        self.hint_of_interface(own.or(imports.clone().next()).unwrap_or_default())
    }

    /// A hint about a function of this import that is missing or has another type.
    pub fn hint_of_function(&self, import: &str) -> String {
        let package = import.split('/').next().unwrap_or_default();
        let version = self.package(package);
        match (package, version) {
            (APP, Some(version)) => format!("build it against `{APP}@{version}` in `wit/`"),
            (package, Some(version)) if package.starts_with(WASI) => {
                format!("build it against WASI {version} or an earlier release of 0.2")
            }
            (package, Some(version)) => format!("build it against `{package}@{version}`"),
            (package, None) if package.starts_with(WASI) => match self.wasi() {
                Some(version) => {
                    format!("build it against WASI {version} or an earlier release of 0.2")
                }
                None => self.of_all(),
            },
            _ => self.of_all(),
        }
    }

    fn of_app(&self) -> String {
        let names: Vec<_> = self
            .paths()
            .filter_map(|(path, _)| path.strip_prefix(APP)?.strip_prefix('/'))
            .collect();
        let Some(version) = self.package(APP) else {
            return self.of_all();
        };
        let minimal = match &names[..] {
            ["audit-log"] => "that",
            _ => "`audit-log`",
        };
        format!(
            "this host offers {} of `{APP}@{version}`; for tools that keep every import of a world, such as jco and \
             componentize-py, the world `minimal` in `wit/` has only {minimal}",
            listed(names)
        )
    }

    fn of_wasi(&self) -> String {
        let Some(version) = self.wasi() else {
            return self.of_all();
        };
        let packages: BTreeSet<_> = self
            .paths()
            .filter_map(|(path, _)| path.strip_prefix(WASI)?.split('/').next())
            .collect();
        format!(
            "this host offers {} of WASI {version}, without what is unstable there",
            listed(packages)
        )
    }

    /// Everything that is offered: WASI as a whole, and the other interfaces by name.
    fn of_all(&self) -> String {
        let mut all: Vec<_> = self
            .paths()
            .filter(|(path, _)| !path.starts_with(WASI))
            .map(|(path, version)| format!("`{path}@{version}`"))
            .collect();
        all.extend(self.wasi().map(|version| format!("WASI {version}")));
        match all.is_empty() {
            true => "this host offers nothing to import".to_owned(),
            false => format!("this host offers {}", and(&all)),
        }
    }

    /// The version of a package, if something of it is offered.
    fn package(&self, package: &str) -> Option<&Version> {
        let mut paths = self.paths();
        let found = paths.find(|(path, _)| path.split('/').next() == Some(package));
        found.map(|(_, version)| version)
    }

    fn wasi(&self) -> Option<&Version> {
        let mut paths = self.paths();
        let found = paths.find(|(path, _)| path.starts_with(WASI));
        found.map(|(_, version)| version)
    }
}

/// The names in backticks.
fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<_> = names.into_iter().map(|name| format!("`{name}`")).collect();
    and(&quoted)
}

fn and(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::offered::{Interface, Wit};
    use crate::standard::{APP_WIT, AUDIT_LOG, DATA_QUERY, offered};

    #[test]
    fn each_cause_has_its_own() {
        for (import, begin) in [
            (
                "wasi:cli/exit@0.2.0-rc-2023-11-10",
                "build it against WASI 0.2.12",
            ),
            ("wasi:cli/exit@0.3.0", "build it against WASI 0.2.12"),
            ("wasi:http/types@0.2.0", "this host offers `cli`"),
            ("wasi:http/types@0.3.0", "this host offers `cli`"),
            ("wasi:clocks/timezone@0.2.8", "this host offers `cli`"),
            ("wasi:nn/tensor@1.0.0", "build it against WASI 0.2.12"),
            (
                "fractal:app/audit-log@0.2.0",
                "build it against `fractal:app@0.1.0` in `wit/`",
            ),
            (
                "fractal:app/data-query@0.1.0",
                "this host offers `audit-log` of `fractal:app@0.1.0`; ",
            ),
            (
                "other:thing/secret@1.0.0",
                "this host offers `fractal:app/audit-log@0.1.0` and WASI 0.2.12",
            ),
            ("env", "this host offers `fractal:app/audit-log@0.1.0` and"),
        ] {
            let hint = offered().hint_of_interface(import);
            assert!(hint.starts_with(begin), "{import}: {hint}");
            assert_eq!(
                hint.contains("jco leaves HTTP out"),
                import.starts_with("wasi:http/"),
                "{import}: {hint}"
            );
        }
        let wasi = offered().hint_of_interface("wasi:clocks/timezone@0.2.8");
        let packages = "`cli`, `clocks`, `filesystem`, `io`, `random` and `sockets`";
        assert_eq!(
            wasi,
            format!("this host offers {packages} of WASI 0.2.12, without what is unstable there")
        );
    }

    #[test]
    fn a_host_that_offers_other_things_names_those() {
        const OTHER: Wit = Wit {
            file: "other.wit",
            text: "package other:thing@1.4.0; interface secret { f: func(); }",
        };
        let interfaces = [AUDIT_LOG, DATA_QUERY, Interface::granted("other:thing")];
        let offered = Offered::of(&[APP_WIT, OTHER], &interfaces).unwrap();
        let all = "this host offers `fractal:app/audit-log@0.1.0`, `fractal:app/data-query@0.1.0` and \
                   `other:thing/secret@1.4.0`";
        for (import, hint) in [
            (
                "other:thing/secret@2.0.0",
                "build it against `other:thing@1.4.0`",
            ),
            ("other:else/secret@2.0.0", all),
            ("wasi:cli/exit@0.2.0", all),
            ("wasi:cli/exit@0.3.0", all),
            (
                "fractal:app/ai-inference@0.1.0",
                "this host offers `audit-log` and `data-query` of `fractal:app@0.1.0`; for tools that keep every \
                 import of a world, such as jco and componentize-py, the world `minimal` in `wit/` has only `audit-log`",
            ),
        ] {
            assert_eq!(offered.hint_of_interface(import), hint, "{import}");
        }
        let nothing = Offered::of(&[], &[]).unwrap();
        let hint = nothing.hint_of_interface("wasi:cli/exit@0.2.0");
        assert_eq!(hint, "this host offers nothing to import");
    }

    /// What jco makes from the world `micro-app` also imports HTTP, in any order.
    #[test]
    fn a_narrower_world_is_named_wherever_it_helps() {
        let (app, http) = ("fractal:app/data-query@0.1.0", "wasi:http/types@0.2.10");
        for (imports, about) in [
            (&[http, app][..], app),
            (&[app, http], app),
            (&[http], http),
            (&[], ""),
        ] {
            let hint = offered().hint_of_interfaces(imports.iter().copied());
            assert_eq!(hint, offered().hint_of_interface(about), "{imports:?}");
        }
    }
}
