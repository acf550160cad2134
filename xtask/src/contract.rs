//! A component held against `wit/`: what it imports and what it exports.
//!
//! Every import must be of the WASI 0.2 that the host offers, or an interface of the world, with the functions and
//! types that `wit/` gives it, and `run` must be exported with the world's type. The host would refuse such a
//! component too; here its author learns it at once, with the expected type beside the found one. What the host
//! says of WASI, it says here: the judge is the same.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use fractalaw_contract::{Invalid, hint, judge, shape};
use wit_parser::decoding::{DecodedWasm, decode};
use wit_parser::{Resolve, World, WorldItem, WorldKey};

use crate::fault::{Fault, guest as fault, list, nearest};
use crate::project::Project;

/// The world that every micro-app is built for.
const WORLD: &str = "micro-app";

/// A set of functions by name, each with its type as text.
type Functions = BTreeMap<String, String>;

/// What a world imports and exports.
#[derive(Debug)]
struct Surface {
    /// Interfaces by their full name; functions outside of any interface stand by themselves.
    imports: BTreeMap<String, Functions>,
    exports: Functions,
}

/// The contract, read from `wit/`.
#[derive(Debug)]
pub(crate) struct Contract(Surface);

impl Contract {
    pub(crate) fn read(project: &Project) -> Result<Contract> {
        let mut resolve = Resolve::default();
        let (package, _) = resolve
            .push_dir(project.root.join("wit"))
            .context("cannot read the contract in `wit`")?;
        let world = resolve
            .select_world(&[package], Some(WORLD))
            .with_context(|| format!("`wit` has no world `{WORLD}`"))?;
        Ok(Contract(surface(&resolve, &resolve.worlds[world])))
    }

    /// Checks a component and returns the names of the interfaces that it imports.
    pub(crate) fn check(&self, guest: &str, component: &[u8]) -> Result<Vec<String>> {
        let (resolve, world) = match decode(component).context("cannot decode the component")? {
            DecodedWasm::Component(resolve, world) => (resolve, world),
            DecodedWasm::WitPackage(..) => {
                bail!("`{guest}` is a WIT package, expected a component")
            }
        };
        let found = surface(&resolve, &resolve.worlds[world]);
        check_wasi(guest, component)?;
        for (interface, functions) in &found.imports {
            self.check_import(guest, interface, functions)?;
        }
        for (name, expected) in &self.0.exports {
            check_export(guest, name, expected, &found.exports)?;
        }
        Ok(found.imports.into_keys().collect())
    }

    fn check_import(
        &self,
        guest: &str,
        interface: &str,
        functions: &Functions,
    ) -> Result<(), Fault> {
        if is_wasi(interface) {
            return Ok(());
        }
        let Some(known) = self.0.imports.get(interface) else {
            let names = self.0.imports.keys();
            return Err(fault(format!(
                "`{guest}` imports `{interface}`, expected WASI 0.2 or an interface of the world `{WORLD}`"
            ))
            .hint(match nearest(interface, names.clone().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`? `wit` has {}", list(names)),
                None => format!("`wit` has {}", list(names)),
            }));
        };
        for (name, found) in functions {
            match known.get(name) {
                Some(expected) if expected == found => {}
                Some(expected) => {
                    return Err(fault(format!(
                        "`{guest}` imports `{name}` of `{interface}` as `{found}`, expected `{expected}`"
                    ))
                    .hint("generate the bindings from this repository's `wit` folder"));
                }
                None => {
                    return Err(fault(format!(
                        "`{guest}` imports `{name}` of `{interface}`, expected one of {}",
                        list(known.keys())
                    ))
                    .hint("generate the bindings from this repository's `wit` folder"));
                }
            }
        }
        Ok(())
    }
}

fn check_export(guest: &str, name: &str, expected: &str, found: &Functions) -> Result<(), Fault> {
    let hint = format!("generate the bindings for the world `{WORLD}` and `export!` your type");
    match found.get(name) {
        Some(found) if found == expected => Ok(()),
        Some(found) => Err(fault(format!(
            "`{guest}` exports `{name}` as `{found}`, expected `{expected}`"
        ))
        .hint(hint)),
        None => Err(fault(format!(
            "`{guest}` does not export `{name}`, expected `{expected}`"
        ))
        .hint(hint)),
    }
}

/// Whether an interface is the host's alone to judge.
pub(crate) fn is_wasi(interface: &str) -> bool {
    interface.starts_with("wasi:")
}

/// What the host would say of the component, apart from interfaces of the world that it does not offer yet.
fn check_wasi(guest: &str, component: &[u8]) -> Result<(), Fault> {
    let judged = judge(component).map_err(|invalid| match invalid {
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
        .hint(hint::of_interface(interface)));
    }
    if let Some(missing) = judged.functions.iter().find(|one| is_wasi(&one.interface)) {
        return Err(fault(format!(
            "`{guest}` imports `{}` of `{}`, which the host does not offer",
            missing.name, missing.interface
        ))
        .hint(hint::of_function(&missing.interface)));
    }
    if let Some(mismatch) = judged.mismatch.filter(|one| is_wasi(&one.interface)) {
        return Err(fault(format!(
            "`{guest}` imports `{}` of `{}` with another type than the host offers, expected `{}`",
            mismatch.name, mismatch.interface, mismatch.expected
        ))
        .hint(hint::of_function(&mismatch.interface)));
    }
    Ok(())
}

fn surface(resolve: &Resolve, world: &World) -> Surface {
    let mut imports = BTreeMap::new();
    for (key, item) in &world.imports {
        match item {
            WorldItem::Interface { id, .. } => {
                let functions = resolve.interfaces[*id].functions.values();
                let types = functions.map(|f| (f.name.clone(), shape::function(resolve, f)));
                imports.insert(name(resolve, key), types.collect());
            }
            WorldItem::Function(function) => {
                let only = (function.name.clone(), shape::function(resolve, function));
                imports.insert(name(resolve, key), Functions::from([only]));
            }
            // A type that a world uses is no import of its own.
            WorldItem::Type { .. } => {}
        }
    }
    let exports = world.exports.iter().filter_map(|(key, item)| match item {
        WorldItem::Function(f) => Some((name(resolve, key), shape::function(resolve, f))),
        WorldItem::Interface { .. } | WorldItem::Type { .. } => None,
    });
    Surface {
        exports: exports.collect(),
        imports,
    }
}

fn name(resolve: &Resolve, key: &WorldKey) -> String {
    resolve.name_world_key(key)
}
