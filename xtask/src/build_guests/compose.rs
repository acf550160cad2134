//! From the component of a guest and those of its parts to one component.
//!
//! Each part is put whole into the composed component, as it was built, with its name and its own manifest. So what
//! a part is can be read there, and its digest is that of `target/guests/PART.wasm`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use fractalaw_manifest::{Manifest, SECTION, Tier};
use serde_json::json;
use wasmparser::{Chunk, Parser, Payload};
use wit_parser::decoding::{DecodedWasm, decode};
use wit_parser::{Resolve, WorldItem, WorldKey};

use super::encode;
use super::languages::Made;
use super::reading::on_its_stack;
use crate::children;
use crate::digest;
use crate::fault::{Fault, guest as fault, list};
use crate::guest::{Guest, known};
use crate::programs;
use crate::project::Project;

/// The package of the program that composes.
pub(crate) const COMPOSER: &str = "fractalaw-compose";

/// A composed component.
#[derive(Debug)]
pub(crate) struct Composed {
    pub(crate) component: Vec<u8>,
    /// The tier that it and its parts ask for.
    pub(crate) tier: Tier,
    /// The digest of each part's component.
    pub(crate) parts: BTreeMap<String, String>,
}

/// The component of a part as it was built, with the interfaces that it exports.
struct Part<'a> {
    name: &'a str,
    component: Vec<u8>,
    exports: Vec<String>,
}

/// An import of the guest, and the export of a part that it is connected to.
struct Connection<'a> {
    import: String,
    part: &'a str,
    export: String,
}

/// Joins a guest's own component with its parts, whose components are in the folder `built`. `made` is what its own
/// component was made of.
pub(crate) fn composed(
    project: &Project,
    built: &Path,
    guest: &Guest,
    made: &Made,
    own: &[u8],
) -> Result<Composed> {
    let mut parts = Vec::new();
    for name in guest.build.parts() {
        let path = component_in(built, name);
        let component =
            fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let exports = on_its_stack(|| Ok(interfaces(&component)?.exports))?;
        parts.push(Part {
            name,
            component,
            exports,
        });
    }
    let imports = on_its_stack(|| Ok(interfaces(own)?.imports))?;
    let mut connections = Vec::new();
    for (interface, part) in &guest.build.compose {
        let part = parts.iter().find(|found| found.name == part);
        let part = part.context("every part was read")?;
        connections.push(connect(&guest.name, interface, &imports, part)?);
    }
    let joined = join(project, built, guest, own, &connections)?;
    let manifest = asks(guest, &parts)?;
    let component = on_its_stack(|| encode::described(guest, &manifest, made, &joined))?;
    let digests = parts.iter().map(|part| {
        let digest = digest::bytes(&part.component);
        (part.name.to_owned(), digest)
    });
    Ok(Composed {
        component,
        tier: manifest.tier,
        parts: digests.collect(),
    })
}

/// The component of a guest in a folder of components.
pub(crate) fn component_in(folder: &Path, guest: &str) -> PathBuf {
    folder.join(format!("{guest}.wasm"))
}

/// The names of the interfaces that a component imports and exports.
struct Interfaces {
    imports: Vec<String>,
    exports: Vec<String>,
}

fn interfaces(component: &[u8]) -> Result<Interfaces> {
    let DecodedWasm::Component(resolve, world) =
        decode(component).context("cannot decode a component")?
    else {
        return Err(fault("a part is a WIT package, expected a component").into());
    };
    let world = &resolve.worlds[world];
    Ok(Interfaces {
        imports: names(&resolve, &world.imports),
        exports: names(&resolve, &world.exports),
    })
}

fn names<'a>(
    resolve: &Resolve,
    items: impl IntoIterator<Item = (&'a WorldKey, &'a WorldItem)>,
) -> Vec<String> {
    let interfaces = items
        .into_iter()
        .filter(|(_, item)| matches!(item, WorldItem::Interface { .. }));
    let names = interfaces.map(|(key, _)| resolve.name_world_key(key));
    names.collect()
}

/// Finds the import and the export that an interface in `compose` means. It may be named without its version.
fn connect<'a>(
    guest: &str,
    interface: &str,
    imports: &[String],
    part: &Part<'a>,
) -> Result<Connection<'a>, Fault> {
    let means = |name: &&String| **name == interface || split(name).0 == interface;
    let name = part.name;
    let Some(import) = imports.iter().find(means) else {
        return Err(fault(format!(
            "`{guest}` does not import `{interface}`, which it is to have from `{name}`"
        ))
        .hint(format!(
            "it imports {}; a component imports an interface if it calls one of its functions",
            list(imports)
        )));
    };
    let exported: Vec<&String> = part.exports.iter().filter(means).collect();
    let (_, wanted) = split(import);
    let same = |export: &&&String| ***export == *import;
    let track_of = |export: &&&String| {
        let own = track(split(export).1);
        own.is_some() && own == track(wanted)
    };
    let export = (exported.iter().find(same)).or_else(|| exported.iter().find(track_of));
    match export {
        Some(export) => Ok(Connection {
            import: import.clone(),
            part: name,
            export: (*export).clone(),
        }),
        None if exported.is_empty() => Err(fault(format!(
            "`{name}` does not export `{interface}`, which `{guest}` imports"
        ))
        .hint(format!("`{name}` exports {}", list(&part.exports)))),
        None => Err(fault(format!(
            "`{guest}` imports `{import}`, and `{name}` exports {}",
            list(exported)
        ))
        .hint("generate the bindings of both from the same WIT package")),
    }
}

/// The name of an interface, and its version.
fn split(interface: &str) -> (&str, &str) {
    interface.split_once('@').unwrap_or((interface, ""))
}

/// What versions have in common that are compatible with each other: `1`, or `0.2` as long as there is no `1`. A `0.0.3` and a
/// version before its release are compatible with nothing else.
fn track(version: &str) -> Option<&str> {
    if version.contains('-') || version.starts_with("0.0.") {
        return None;
    }
    let numbers = if version.starts_with("0.") { 2 } else { 1 };
    let end = version.match_indices('.').nth(numbers - 1);
    Some(end.map_or(version, |(at, _)| &version[..at]))
}

/// Lets the composer join the components. They are handed over as files.
fn join(
    project: &Project,
    built: &Path,
    guest: &Guest,
    own: &[u8],
    connections: &[Connection<'_>],
) -> Result<Vec<u8>> {
    let program = programs::program(
        project,
        &["-p", COMPOSER],
        COMPOSER,
        "the program that composes guests",
        "this takes half a minute, once",
    )?;
    let folder = tempfile::tempdir_in(&project.target)
        .with_context(|| format!("cannot write into `{}`", project.target.display()))?;
    let (file, to) = (
        folder.path().join("guest.wasm"),
        folder.path().join("to.wasm"),
    );
    fs::write(&file, own).with_context(|| format!("cannot write `{}`", file.display()))?;
    let part = |name: &str| json!({ "name": name, "file": component_in(built, name) });
    let connection = |one: &Connection<'_>| {
        json!({
            "import": one.import,
            "part": one.part,
            "export": one.export,
        })
    };
    let plan = json!({
        "guest": { "name": guest.name, "file": file },
        "parts": guest.build.parts().into_iter().map(part).collect::<Vec<_>>(),
        "connections": connections.iter().map(connection).collect::<Vec<_>>(),
        "to": to,
    });
    compose(&program, folder.path(), &plan.to_string())
        .map_err(|cause| cause.context(format!("`{}` cannot be composed", guest.name)))?;
    fs::read(&to).with_context(|| format!("cannot read `{}`", to.display()))
}

/// Runs the composer. If it fails, its message is the error.
fn compose(program: &Path, folder: &Path, plan: &str) -> Result<()> {
    let (input, said) = (folder.join("plan.json"), folder.join("said"));
    let failed = || format!("cannot start `{}`", program.display());
    fs::write(&input, plan).with_context(failed)?;
    let mut command = Command::new(program);
    command
        .stdin(fs::File::open(&input).with_context(failed)?)
        .stdout(Stdio::null())
        .stderr(fs::File::create(&said).with_context(failed)?);
    let status = children::spawn(&mut command).and_then(|mut composer| composer.wait());
    if status.with_context(failed)?.success() {
        return Ok(());
    }
    let said = fs::read_to_string(&said).with_context(failed)?;
    Err(fault(said.trim_end()).into())
}

/// What the composed guest asks for.
fn asks(guest: &Guest, parts: &[Part<'_>]) -> Result<Manifest> {
    let mut asks = guest.manifest.clone();
    for part in parts {
        let of_part = manifest(part)?;
        asks = asks
            .with_part(&of_part)
            .map_err(|error| fault(format!("`{}` asks for too much: {error}", guest.name)))?;
    }
    Ok(asks)
}

/// The manifest that a part carries. That of a composed part has what its parts ask for.
fn manifest(part: &Part<'_>) -> Result<Manifest> {
    let (mut parser, mut rest) = (Parser::new(0), &part.component[..]);
    loop {
        let Chunk::Parsed { consumed, payload } = parser.parse(rest, true)? else {
            return Ok(Manifest::default());
        };
        rest = rest.get(consumed..).unwrap_or_default();
        match payload {
            // Nested components carry manifests of their own.
            Payload::ModuleSection {
                unchecked_range, ..
            }
            | Payload::ComponentSection {
                unchecked_range, ..
            } => rest = rest.get(unchecked_range.len()..).unwrap_or_default(),
            Payload::CustomSection(section) if section.name() == SECTION => {
                return Manifest::decode(section.data(), &known())
                    .with_context(|| format!("cannot read the manifest of `{}`", part.name));
            }
            Payload::End(_) => return Ok(Manifest::default()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_is_found_by_its_name_and_a_compatible_version() {
        let found = |interface: &str, import: &str, exports: &[&str]| {
            let part = Part {
                name: "checker",
                component: Vec::new(),
                exports: exports.iter().map(|&export| export.to_owned()).collect(),
            };
            let found = connect("screening", interface, &[import.to_owned()], &part);
            match found {
                Ok(found) => found.export,
                Err(error) => {
                    let text = error.to_string();
                    text.split_once('\n').unwrap().0.to_owned()
                }
            }
        };
        let (name, one, two) = ("a:b/c", "a:b/c@1.0.0", "a:b/c@2.0.0");
        for (interface, import, exports, expected) in [
            (name, name, &["a:b/d", name][..], name),
            (name, one, &[two, one], one),
            (one, one, &[one], one),
            (name, "a:b/c@1.2.0", &["a:b/c@1.3.1"], "a:b/c@1.3.1"),
            (
                name,
                "a:b/c@0.1.0",
                &["a:b/c@0.2.0"],
                "`screening` imports `a:b/c@0.1.0`, and `checker` exports `a:b/c@0.2.0`",
            ),
            // Before `0.1.0`, and before a release, nothing is promised.
            (
                name,
                "a:b/c@0.0.1",
                &["a:b/c@0.0.2"],
                "`screening` imports `a:b/c@0.0.1`, and `checker` exports `a:b/c@0.0.2`",
            ),
            (
                name,
                "a:b/c@1.0.0-rc.1",
                &[one],
                "`screening` imports `a:b/c@1.0.0-rc.1`, and `checker` exports `a:b/c@1.0.0`",
            ),
            (name, "a:b/c@0.0.1", &["a:b/c@0.0.1"], "a:b/c@0.0.1"),
            (
                name,
                one,
                &[two],
                "`screening` imports `a:b/c@1.0.0`, and `checker` exports `a:b/c@2.0.0`",
            ),
            (
                "a:b/x",
                one,
                &[one],
                "`screening` does not import `a:b/x`, which it is to have from `checker`",
            ),
            (
                name,
                one,
                &["a:b/d"],
                "`checker` does not export `a:b/c`, which `screening` imports",
            ),
        ] {
            assert_eq!(
                found(interface, import, exports),
                expected,
                "{interface} {import}"
            );
        }
    }
}
