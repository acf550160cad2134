//! What a host offers: interfaces of WIT packages, read from their texts.

use std::collections::BTreeMap;
use std::fmt;

use semver::Version;
use wit_parser::{
    Function, InterfaceId, Resolve, SourceMap, TypeDefKind, TypeId, UnresolvedPackageGroup,
    WorldId, WorldItem,
};

use crate::shape;

/// A WIT package: the text of all its files, and the name for errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wit {
    /// The name of the file.
    pub file: &'static str,
    /// The text, which begins with the header `package …;`.
    pub text: &'static str,
}

impl Wit {
    /// A package with this text. Errors name it by this file name.
    pub const fn new(file: &'static str, text: &'static str) -> Wit {
        Wit { file, text }
    }
}

/// An interface that components may import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interface {
    /// An interface without its version, such as `fractal:app/audit-log`, or a package, such as `wasi:cli`, for
    /// all its interfaces.
    pub path: &'static str,
    /// Whether a component that imports it needs a grant. The grant has the same name as the path.
    pub needs_grant: bool,
}

impl Interface {
    /// An interface that every component may import.
    pub const fn free(path: &'static str) -> Interface {
        Interface {
            path,
            needs_grant: false,
        }
    }

    /// An interface that a component may import only with a grant.
    pub const fn granted(path: &'static str) -> Interface {
        Interface {
            path,
            needs_grant: true,
        }
    }

    /// Whether an import with this name belongs to it, in any version.
    pub fn is_of(&self, import: &str) -> bool {
        let rest = import.strip_prefix(self.path);
        rest.is_some_and(|rest| rest.starts_with(['@', '/']))
    }
}

/// The texts are not WIT, or lack what should be offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadWit(String);

impl fmt::Display for BadWit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadWit {}

/// What a host offers, as WIT.
#[derive(Debug)]
pub struct Offered {
    /// All packages.
    pub resolve: Resolve,
    /// The world that imports what is offered and exports `run`.
    pub world: WorldId,
    /// By path, such as `wasi:cli/exit`.
    interfaces: BTreeMap<String, (Version, InterfaceId)>,
}

impl Offered {
    /// Offers these interfaces of these packages. A package may be listed twice with the same text.
    ///
    /// # Errors
    ///
    /// If a text is not WIT, if two packages have the same name, or if no package has an interface.
    pub fn of(packages: &[Wit], interfaces: &[Interface]) -> Result<Offered, BadWit> {
        let mut groups = Vec::new();
        for (place, package) in packages.iter().enumerate() {
            if !packages[..place].contains(package) {
                groups.push(parse(package)?);
            }
        }
        let world = parse_text("offered.wit", &world(&groups, interfaces)?)?;
        let mut resolve = Resolve::default();
        let bad = |error: &dyn fmt::Display| BadWit(format!("the offered packages: {error}"));
        let package = resolve
            .push_groups(world, groups)
            .map_err(|error| bad(&error))?;
        let world = resolve
            .select_world(&[package], None)
            .map_err(|error| bad(&error))?;
        let mut interfaces = BTreeMap::new();
        for item in resolve.worlds[world].imports.values() {
            let WorldItem::Interface { id, .. } = item else {
                continue;
            };
            let name = resolve.id_of(*id);
            let name = name.expect("an interface of a package has a name");
            let (path, version) = split(&name)
                .ok_or_else(|| BadWit(format!("`{name}` has no version, expected one")))?;
            interfaces.insert(path.to_owned(), (version, *id));
        }
        Ok(Offered {
            resolve,
            world,
            interfaces,
        })
    }

    /// The names of all interfaces, with their versions.
    pub fn interfaces(&self) -> impl Iterator<Item = String> {
        self.paths()
            .map(|(path, version)| format!("{path}@{version}"))
    }

    /// The paths of all interfaces, such as `wasi:cli/exit`, with their versions.
    pub(crate) fn paths(&self) -> impl Iterator<Item = (&str, &Version)> {
        self.interfaces
            .iter()
            .map(|(path, (version, _))| (path.as_str(), version))
    }

    /// The interface that serves an import of this name: the same path, in a compatible release. The functions
    /// decide, so a later patch release is served if the component uses nothing new of it.
    pub fn interface(&self, import: &str) -> Option<InterfaceId> {
        let (path, wanted) = split(import)?;
        let (version, id) = self.interfaces.get(path)?;
        let fits =
            wanted.pre.is_empty() && (wanted.major, wanted.minor) == (version.major, version.minor);
        fits.then_some(*id)
    }

    /// The offered version of the interface with this path, whatever version is asked for.
    pub fn version(&self, path: &str) -> Option<&Version> {
        self.interfaces.get(path).map(|(version, _)| version)
    }

    /// A function of the interface that serves an import of this name.
    pub fn function(&self, import: &str, function: &str) -> Option<&Function> {
        let interface = &self.resolve.interfaces[self.interface(import)?];
        interface.functions.get(function)
    }

    /// The functions of the interface that serves an import of this name, and the functions that drop its resources.
    pub fn functions(&self, import: &str) -> Vec<String> {
        let Some(id) = self.interface(import) else {
            return Vec::new();
        };
        let interface = &self.resolve.interfaces[id];
        let is_resource =
            |id: &TypeId| matches!(self.resolve.types[*id].kind, TypeDefKind::Resource);
        let resources = interface.types.iter().filter(|(_, id)| is_resource(id));
        let drops = resources.map(|(name, _)| format!("[drop]{name}"));
        interface.functions.keys().cloned().chain(drops).collect()
    }

    /// The type of one of the host's own functions or resources as it is offered; `None` if the interface has no
    /// such name. The function that drops a resource has the name of the resource after `[drop]`.
    pub fn item(&self, import: &str, name: &str) -> Option<String> {
        let Some(resource) = name.strip_prefix("[drop]") else {
            let function = self.function(import, name)?;
            return shape::function(&self.resolve, function).ok();
        };
        let interface = &self.resolve.interfaces[self.interface(import)?];
        let id = interface.types.get(resource)?;
        let kind = &self.resolve.types[*id].kind;
        matches!(kind, TypeDefKind::Resource).then(|| "resource".to_owned())
    }
}

fn parse(package: &Wit) -> Result<UnresolvedPackageGroup, BadWit> {
    parse_text(package.file, package.text)
}

fn parse_text(file: &str, text: &str) -> Result<UnresolvedPackageGroup, BadWit> {
    let mut sources = SourceMap::default();
    sources.push_str(file, text);
    sources
        .parse()
        .map_err(|(sources, error)| BadWit(error.render(&sources)))
}

/// The world that imports these interfaces, as WIT.
fn world(groups: &[UnresolvedPackageGroup], interfaces: &[Interface]) -> Result<String, BadWit> {
    let mut text = "package fractal:host;\nworld offered {\n".to_owned();
    let packages = groups
        .iter()
        .flat_map(|group| std::iter::once(&group.main).chain(&group.nested));
    for Interface { path, .. } in interfaces {
        let (package, one) = match path.split_once('/') {
            Some((package, one)) => (package, Some(one)),
            None => (*path, None),
        };
        let mut found = false;
        for of in packages.clone() {
            let name = &of.name;
            if format!("{}:{}", name.namespace, name.name) != package {
                continue;
            }
            let names = of.interfaces.iter();
            for interface in names.filter_map(|(_, interface)| interface.name.as_deref()) {
                if one.is_none_or(|one| one == interface) {
                    let id = name.interface_id(interface);
                    text += &format!("    import {id};\n");
                    found = true;
                }
            }
        }
        if !found {
            return Err(BadWit(format!(
                "`{path}` is in none of the packages, expected it in one"
            )));
        }
    }
    text += "    export run: func() -> result<string, string>;\n}\n";
    Ok(text)
}

/// Splits `wasi:cli/exit@0.2.3` into path and version; `None` if it is not an interface of a package with a
/// version.
pub fn split(import: &str) -> Option<(&str, Version)> {
    let (path, version) = import.split_once('@')?;
    path.split_once(':')?.1.split_once('/')?;
    Some((path, Version::parse(version).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standard::offered;

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

    const ONE: Wit = Wit {
        file: "one.wit",
        text: "package a:one@1.2.0; interface x { f: func(); } interface y { g: func(); }",
    };

    /// It uses a type of the other package, whichever comes first.
    const TWO: Wit = Wit {
        file: "two.wit",
        text: "package a:two@0.1.0; interface z { use a:three/t@2.0.0.{r}; h: func(of: r); }",
    };

    const THREE: Wit = Wit {
        file: "three.wit",
        text: "package a:three@2.0.0; interface t { record r { n: u32 } }",
    };

    fn names(packages: &[Wit], paths: &[&'static str]) -> Result<Vec<String>, String> {
        let interfaces: Vec<_> = paths.iter().copied().map(Interface::free).collect();
        let offered = Offered::of(packages, &interfaces);
        let offered = offered.map_err(|error| error.to_string())?;
        Ok(offered.interfaces().collect())
    }

    #[test]
    fn interfaces_and_whole_packages_are_offered_of_texts() {
        for (packages, paths, expected) in [
            (&[ONE][..], &["a:one/y"][..], &["a:one/y@1.2.0"][..]),
            (&[ONE, ONE], &["a:one"], &["a:one/x@1.2.0", "a:one/y@1.2.0"]),
            (&[ONE], &[], &[]),
            // The interfaces that its types come from are offered with it.
            (
                &[TWO, ONE, THREE],
                &["a:two"],
                &["a:three/t@2.0.0", "a:two/z@0.1.0"],
            ),
        ] {
            assert_eq!(names(packages, paths).unwrap(), expected);
        }
    }

    #[test]
    fn texts_that_do_not_have_it_say_so() {
        let other = Wit {
            file: "other.wit",
            text: "package a:one@1.2.0; interface x {}",
        };
        let unnumbered = Wit {
            file: "bare.wit",
            text: "package a:bare; interface x {}",
        };
        let broken = Wit {
            file: "broken.wit",
            text: "package a:broken@1.0.0; interface {}",
        };
        for (packages, path, expected) in [
            (
                &[ONE][..],
                "a:one/z",
                "`a:one/z` is in none of the packages",
            ),
            (&[ONE], "a:on", "`a:on` is in none of the packages"),
            (&[ONE, other], "a:one/y", "the offered packages: "),
            (&[TWO], "a:two", "the offered packages: "),
            (&[unnumbered], "a:bare", "`a:bare/x` has no version"),
            (&[broken], "a:broken", "expected an identifier"),
        ] {
            let error = names(packages, &[path]).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
