//! What this host offers: the world `offered` of `wit/offered.wit`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use semver::Version;
use wit_parser::{
    Function, InterfaceId, Resolve, SourceMap, UnresolvedPackageGroup, WorldId, WorldItem,
};

use crate::shape;

/// The version of the packages `wasi:*` that this host offers. Earlier ones of 0.2 are among it.
pub const WASI: &str = "0.2.12";

/// The version of the package `fractal:app` that this host offers.
pub const APP: &str = "0.1.0";

/// The contract's own files, as they stand in `wit/`.
const OWN: [(&str, &str); 5] = [
    ("ai.wit", include_str!("../../../wit/ai.wit")),
    ("audit.wit", include_str!("../../../wit/audit.wit")),
    ("data.wit", include_str!("../../../wit/data.wit")),
    ("events.wit", include_str!("../../../wit/events.wit")),
    ("world.wit", include_str!("../../../wit/world.wit")),
];

/// What is offered, as WIT.
pub struct Offered {
    /// All packages.
    pub resolve: Resolve,
    /// The world that imports what is offered.
    pub world: WorldId,
    interfaces: BTreeMap<String, (Version, InterfaceId)>,
}

/// Read when it is first asked for: a component whose code is cached needs it not.
static OFFERED: LazyLock<Offered> = LazyLock::new(|| read().expect("our own WIT is valid"));

/// What this host offers.
pub fn offered() -> &'static Offered {
    &OFFERED
}

fn read() -> Result<Offered, Box<dyn std::error::Error>> {
    let parse = |files: &[(&str, &str)]| -> Result<UnresolvedPackageGroup, String> {
        let mut sources = SourceMap::default();
        for (name, text) in files {
            sources.push_str(name, *text);
        }
        sources.parse().map_err(|(_, error)| error.to_string())
    };
    let main = parse(&[("offered.wit", include_str!("../wit/offered.wit"))])?;
    let mut resolve = Resolve::default();
    let package = resolve.push_groups(main, vec![parse(&OWN)?])?;
    let world = resolve.select_world(&[package], None)?;
    let mut interfaces = BTreeMap::new();
    for item in resolve.worlds[world].imports.values() {
        let WorldItem::Interface { id, .. } = item else {
            continue;
        };
        let name = resolve.id_of(*id).ok_or("an interface has no name")?;
        let (path, version) = split(&name).ok_or("an interface has no version")?;
        interfaces.insert(path.to_owned(), (version, *id));
    }
    Ok(Offered {
        resolve,
        world,
        interfaces,
    })
}

impl Offered {
    /// The names of all interfaces, with their versions.
    pub fn interfaces(&self) -> impl Iterator<Item = String> {
        self.interfaces
            .iter()
            .map(|(path, (version, _))| format!("{path}@{version}"))
    }

    /// The interface that serves an import of this name: of the same path, and of a release that promises to fit.
    /// Its own functions decide, so that a later patch release is served as far as it uses nothing new.
    pub fn interface(&self, import: &str) -> Option<InterfaceId> {
        let (path, wanted) = split(import)?;
        let (version, id) = self.interfaces.get(path)?;
        let fits =
            wanted.pre.is_empty() && (wanted.major, wanted.minor) == (version.major, version.minor);
        fits.then_some(*id)
    }

    /// The interface of this path in whatever version, and the version that is offered of it.
    pub fn version(&self, path: &str) -> Option<&Version> {
        self.interfaces.get(path).map(|(version, _)| version)
    }

    /// A function of an interface that serves an import of this name.
    pub fn function(&self, import: &str, function: &str) -> Option<&Function> {
        let interface = &self.resolve.interfaces[self.interface(import)?];
        interface.functions.get(function)
    }

    /// What is offered in the place of one of its own functions or resources, as the linker has it: its type,
    /// or nothing where there is none of the name. Whatever drops a resource is called `[drop]` and its name.
    pub fn item(&self, import: &str, name: &str) -> Option<String> {
        let Some(resource) = name.strip_prefix("[drop]") else {
            let function = self.function(import, name)?;
            let shape = shape::function(&self.resolve, function);
            return Some(shape.expect("our own WIT has short types"));
        };
        let interface = &self.resolve.interfaces[self.interface(import)?];
        let id = interface.types.get(resource)?;
        let kind = &self.resolve.types[*id].kind;
        matches!(kind, wit_parser::TypeDefKind::Resource).then(|| "resource".to_owned())
    }
}

/// `wasi:cli/exit@0.2.3` as its path and version; nothing for what is no interface of a package with a version.
pub fn split(import: &str) -> Option<(&str, Version)> {
    let (path, version) = import.split_once('@')?;
    path.split_once(':')?.1.split_once('/')?;
    Some((path, Version::parse(version).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_offered_has_the_versions_that_messages_name() {
        let found: Vec<String> = offered().interfaces().collect();
        assert_eq!(found[0], format!("fractal:app/audit-log@{APP}"));
        for name in &found[1..] {
            assert!(name.starts_with("wasi:"), "{name}");
            assert!(name.ends_with(&format!("@{WASI}")), "{name}");
        }
    }

    #[test]
    fn an_import_is_served_by_every_release_that_promises_to_fit() {
        for (import, served) in [
            ("wasi:cli/exit@0.2.12", true),
            ("wasi:cli/exit@0.2.0", true),
            ("wasi:cli/exit@0.2.99", true),
            ("wasi:cli/exit@0.2.0-rc-2023-11-10", false),
            ("wasi:cli/exit@0.2.9-rc.1", false),
            ("wasi:cli/exit@0.3.0", false),
            ("wasi:cli/exit@0.2", false),
            ("wasi:cli/exit", false),
            ("exit@0.2.0", false),
            ("wasi:cli/run@0.2.0", false),
            ("wasi:clocks/timezone@0.2.8", false),
            ("wasi:http/types@0.2.0", false),
            ("fractal:app/audit-log@0.1.0", true),
            ("fractal:app/audit-log@0.1.7", true),
            ("fractal:app/audit-log@0.2.0", false),
            ("fractal:app/data-query@0.1.0", false),
        ] {
            assert_eq!(offered().interface(import).is_some(), served, "{import}");
        }
    }
}
