//! What the author of a component can do about what is not offered.

use crate::offered::{APP, WASI, offered, split};

/// About an import of this name, of which nothing is offered.
pub fn of_interface(import: &str) -> String {
    let path = import.split('@').next().unwrap_or_default();
    let package = path.split('/').next().unwrap_or_default();
    let is_0_2 = |(_, version): (&str, semver::Version)| (version.major, version.minor) == (0, 2);
    match package {
        "fractal:app" if offered().version(path).is_none() => format!(
            "this host offers `audit-log` of `fractal:app@{APP}`; for tools that keep every import of a world, such as \
             jco and componentize-py, the world `minimal` in `wit/` has only that"
        ),
        "wasi:http" => format!(
            "{}; jco leaves HTTP out with `--disable http fetch-event`, componentize-py all of WASI with `--stub-wasi`",
            of_wasi()
        ),
        _ if offered().version(path).is_some()
            || split(import).is_some_and(|name| !is_0_2(name)) =>
        {
            of_function(import)
        }
        package if package.starts_with("wasi:") => of_wasi(),
        _ => format!("this host offers `fractal:app/audit-log@{APP}` and WASI {WASI}"),
    }
}

/// About several, of which it takes one: another world is the first thing that an author can do.
pub fn of_interfaces<'a>(imports: impl Iterator<Item = &'a str> + Clone) -> String {
    let own = imports
        .clone()
        .find(|name| name.starts_with("fractal:app/"));
    of_interface(own.or(imports.clone().next()).unwrap_or_default())
}

fn of_wasi() -> String {
    format!(
        "this host offers `cli`, `clocks`, `filesystem`, `io`, `random` and `sockets` of WASI {WASI}, without what \
         is unstable there"
    )
}

/// About a function of an import of this name, which is missing or of another type.
pub fn of_function(import: &str) -> String {
    if import.starts_with("fractal:app/") {
        format!("build it against `fractal:app@{APP}` in `wit/`")
    } else if import.starts_with("wasi:") {
        format!("build it against WASI {WASI} or an earlier release of 0.2")
    } else {
        format!("this host offers `fractal:app/audit-log@{APP}` and WASI {WASI}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            (
                "fractal:app/audit-log@0.2.0",
                "build it against `fractal:app@0.1.0`",
            ),
            (
                "fractal:app/data-query@0.1.0",
                "this host offers `audit-log`",
            ),
            (
                "other:thing/secret@1.0.0",
                "this host offers `fractal:app/audit-log@0.1.0` and",
            ),
            ("env", "this host offers `fractal:app/audit-log@0.1.0` and"),
        ] {
            let hint = of_interface(import);
            assert!(hint.starts_with(begin), "{import}: {hint}");
            assert_eq!(
                hint.contains("jco leaves HTTP out"),
                import.starts_with("wasi:http/"),
                "{import}: {hint}"
            );
        }
    }

    /// What jco makes of the world `micro-app` has HTTP as well, in whatever order.
    #[test]
    fn a_narrower_world_is_named_wherever_it_helps() {
        let (app, http) = ("fractal:app/data-query@0.1.0", "wasi:http/types@0.2.10");
        for (imports, about) in [
            (&[http, app][..], app),
            (&[app, http], app),
            (&[http], http),
            (&[], ""),
        ] {
            let hint = of_interfaces(imports.iter().copied());
            assert_eq!(hint, of_interface(about), "{imports:?}");
        }
    }
}
