//! Compares a component with `wit/`: what it imports and what it exports.
//!
//! Every import must be an interface of the WASI 0.2 that the host offers, or an interface of the world with the
//! functions and types in `wit/`. `run` must be exported with the world's type. The host would refuse such a
//! component too, but here its author learns it at once, with the expected type beside the found one. For WASI
//! the messages are the host's, because the judge is the same.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use fractalaw_contract::shape::TooLong;
use fractalaw_contract::slot_fit::{self, Unfit};
use fractalaw_contract::{Invalid, judge, shape, standard, type_depth};
use wit_parser::decoding::{DecodedWasm, decode};
use wit_parser::{Function, Resolve, World, WorldItem, WorldKey};

use crate::fault::{Fault, guest as fault, list, nearest};
use crate::guest::Guest;
use crate::project::Project;

/// The world that every micro-app is built for.
const WORLD: &str = "micro-app";

/// Functions by name, each with its type as text.
type Functions = BTreeMap<String, String>;

/// The contract, read from `wit/`.
#[derive(Debug)]
pub(crate) struct Contract {
    /// Interfaces by their full name.
    imports: BTreeMap<String, Functions>,
    exports: Functions,
}

impl Contract {
    pub(crate) fn read(project: &Project) -> Result<Contract> {
        let mut resolve = Resolve::default();
        let (package, _) = resolve
            .push_dir(project.root.join("wit"))
            .context("cannot read the contract in `wit`")?;
        let world = resolve
            .select_world(&[package], Some(WORLD))
            .with_context(|| format!("`wit` has no world `{WORLD}`"))?;
        let world = &resolve.worlds[world];
        let shape = |function: &Function| {
            let shape = shape::function(&resolve, function)
                .with_context(|| format!("`{}` in `wit` has too long a type", function.name))?;
            Ok((function.name.clone(), shape))
        };
        let mut imports = BTreeMap::new();
        let is_type = |item: &WorldItem| matches!(item, WorldItem::Type { .. });
        for (key, item) in world.imports.iter().filter(|(_, item)| !is_type(item)) {
            let functions: Result<Functions> = functions(&resolve, item).map(shape).collect();
            imports.insert(resolve.name_world_key(key), functions?);
        }
        let exported = world.exports.values().filter_map(function);
        let exports: Result<Functions> = exported.map(shape).collect();
        Ok(Contract {
            imports,
            exports: exports?,
        })
    }

    /// Checks a component and returns the names of the interfaces that it imports.
    pub(crate) fn check(&self, declared: &Guest, component: &[u8]) -> Result<Vec<String>> {
        let guest = &*declared.name;
        type_depth::check(component)
            .map_err(|error| fault(format!("`{guest}` is refused by the host: {error}")))?;
        slot_fit::check(component).map_err(|unfit| does_not_fit(declared, &unfit))?;
        let (resolve, world) = match decode(component).context("cannot decode the component")? {
            DecodedWasm::Component(resolve, world) => (resolve, world),
            DecodedWasm::WitPackage(..) => {
                bail!("`{guest}` is a WIT package, expected a component")
            }
        };
        let world = &resolve.worlds[world];
        check_wasi(guest, component)?;
        let mut names = Vec::new();
        for (key, item) in &world.imports {
            // A type that a world uses is not an import of its own.
            if matches!(item, WorldItem::Type { .. }) {
                continue;
            }
            let name = resolve.name_world_key(key);
            if !is_wasi(&name) {
                self.check_import(guest, &name, (&resolve, item))?;
            }
            names.push(name);
        }
        if declared.build.part {
            check_part(guest, world)?;
            names.sort();
            return Ok(names);
        }
        for (name, expected) in &self.exports {
            let found = world.exports.get(&WorldKey::Name(name.clone()));
            let found = found.and_then(function);
            check_export(guest, (name, expected), (&resolve, found))?;
        }
        names.sort();
        Ok(names)
    }

    fn check_import(
        &self,
        guest: &str,
        interface: &str,
        (resolve, item): (&Resolve, &WorldItem),
    ) -> Result<(), Fault> {
        let Some(known) = self.imports.get(interface) else {
            let names = self.imports.keys();
            return Err(fault(format!(
                "`{guest}` imports `{interface}`, expected WASI 0.2 or an interface of the world `{WORLD}`"
            ))
            .hint(match nearest(interface, names.clone().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`? `wit` has {}", list(names)),
                None => format!("`wit` has {}", list(names)),
            }));
        };
        for found in functions(resolve, item) {
            let name = &found.name;
            let message = match (known.get(name), shape::function(resolve, found)) {
                (Some(expected), Ok(found)) if *expected == found => continue,
                (Some(expected), found) => format!(
                    "`{guest}` imports `{name}` of `{interface}` {}, expected `{expected}`",
                    of_type(found)
                ),
                (None, _) => format!(
                    "`{guest}` imports `{name}` of `{interface}`, expected one of {}",
                    list(known.keys())
                ),
            };
            return Err(
                fault(message).hint("generate the bindings from this repository's `wit` folder")
            );
        }
        Ok(())
    }
}

/// The functions of an interface, or a function that is not in an interface.
fn functions<'a>(resolve: &'a Resolve, item: &'a WorldItem) -> impl Iterator<Item = &'a Function> {
    let interface = match item {
        WorldItem::Interface { id, .. } => Some(resolve.interfaces[*id].functions.values()),
        WorldItem::Function(_) | WorldItem::Type { .. } => None,
    };
    interface.into_iter().flatten().chain(function(item))
}

fn function(item: &WorldItem) -> Option<&Function> {
    match item {
        WorldItem::Function(function) => Some(function),
        WorldItem::Interface { .. } | WorldItem::Type { .. } => None,
    }
}

fn check_export(
    guest: &str,
    (name, expected): (&str, &str),
    (resolve, found): (&Resolve, Option<&Function>),
) -> Result<(), Fault> {
    let message = match found.map(|found| shape::function(resolve, found)) {
        Some(Ok(found)) if found == expected => return Ok(()),
        Some(found) => format!(
            "`{guest}` exports `{name}` {}, expected `{expected}`",
            of_type(found)
        ),
        None => format!("`{guest}` does not export `{name}`, expected `{expected}`"),
    };
    Err(fault(message).hint(format!(
        "generate the bindings for the world `{WORLD}` and `export!` your type"
    )))
}

/// The slots of the host's pool have one size.
fn does_not_fit(guest: &Guest, unfit: &Unfit) -> Fault {
    let name = &guest.name;
    let Unfit::Large { .. } = unfit else {
        return fault(format!("`{name}` is refused by the host: {unfit}"));
    };
    let fault = fault(format!(
        "`{name}` is refused by the host: too large: {unfit}"
    ));
    match guest.build.compose.is_empty() {
        true => fault,
        false => fault.hint("compose it of fewer guests: each, and each of its own parts, has a memory and two tables"),
    }
}

/// A part is there for what it exports, and cannot be run.
fn check_part(guest: &str, world: &World) -> Result<(), Fault> {
    let exports = world.exports.iter();
    let runs =
        |(key, _): (&WorldKey, &WorldItem)| matches!(key, WorldKey::Name(name) if name == "run");
    if exports.clone().any(runs) {
        return Err(fault(format!("`{guest}` exports `run`, expected a part without it"))
            .hint("take `part = true` out of its manifest: a guest that runs may be a part of others as well"));
    }
    if world.exports.is_empty() {
        return Err(fault(format!(
            "`{guest}` exports nothing, expected a part that exports an interface"
        ))
        .hint("export an interface in its world and `export!` your type"));
    }
    Ok(())
}

/// The type of an imported or exported function, for a message.
fn of_type(found: Result<String, TooLong>) -> String {
    match found {
        Ok(found) => format!("as `{found}`"),
        Err(error) => format!("with a type that is too long: {error}"),
    }
}

/// Whether only the host's judge knows the interface.
pub(crate) fn is_wasi(interface: &str) -> bool {
    interface.starts_with("wasi:")
}

/// What the host would say of the component, except about interfaces of the world that it does not offer yet.
fn check_wasi(guest: &str, component: &[u8]) -> Result<(), Fault> {
    let judged = judge(component, standard::offered()).map_err(|invalid| match invalid {
        Invalid::Malformed(message) => fault(format!("`{guest}` is no valid component: {message}")),
        Invalid::Proposals(used) => {
            let names = list(used.iter().map(|proposal| proposal.name()));
            let uses = fault(format!("`{guest}` uses what the host leaves out: {names}"));
            match used.first() {
                Some(first) => uses.hint(first.hint()),
                None => uses,
            }
        }
    })?;
    if let Some(interface) = judged.interfaces.iter().find(|name| is_wasi(name)) {
        return Err(fault(format!(
            "`{guest}` imports `{interface}`, which the host does not offer"
        ))
        .hint(standard::offered().hint_of_interface(interface)));
    }
    if let Some(missing) = judged.functions.iter().find(|one| is_wasi(&one.interface)) {
        return Err(fault(format!(
            "`{guest}` imports `{}` of `{}`, which the host does not offer",
            missing.name, missing.interface
        ))
        .hint(standard::offered().hint_of_function(&missing.interface)));
    }
    if let Some(mismatch) = judged.mismatch.filter(|one| is_wasi(&one.interface)) {
        return Err(fault(format!(
            "`{guest}` imports `{}` of `{}` with another type than the host offers, expected `{}`",
            mismatch.name, mismatch.interface, mismatch.expected
        ))
        .hint(standard::offered().hint_of_function(&mismatch.interface)));
    }
    Ok(())
}
