//! The world of one guest: `run`, the audit log, and what the guest imports and exports besides. A part has no `run`.

use anyhow::{Context, Result};
use fractalaw_contract::standard::WASI_WIT;
use std::fs;

use super::exchanged::{Exchanged, is_own};
use super::workshop::{WIT, Workshop};
use crate::build_guests::contract_files;
use crate::fault::{guest as fault, list, nearest};
use crate::guest::{Guest, Other};
use crate::language::Language;
use crate::project::Project;

/// The package of the contract.
const APP: &str = "fractal:app";

/// The world's name.
pub(super) const WORLD: &str = "guest";

/// Writes the world, with the packages that it needs.
pub(super) fn write(
    project: &Project,
    guest: &Guest,
    other: &Other,
    exchanged: &Exchanged,
    workshop: &Workshop,
) -> Result<()> {
    let contract = contract_files::folder(project);
    let context = || format!("cannot read `{}`", contract.display());
    let mut text = String::new();
    for entry in fs::read_dir(&contract).with_context(context)? {
        let path = entry.with_context(context)?.path();
        if path.extension().is_none_or(|end| end != "wit") {
            continue;
        }
        let file = fs::read_to_string(&path).with_context(context)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        workshop.write(&format!("{WIT}/deps/app/{name}"), &file)?;
        text.push_str(&file);
        text.push('\n');
    }
    for wit in WASI_WIT {
        let stem = wit.file.trim_end_matches(".wit");
        workshop.write(&format!("{WIT}/deps/{stem}/{}", wit.file), wit.text)?;
    }
    check(&guest.name, other, &interfaces(&text))?;
    let version = version(&text, APP).context("`wit` has no version of `fractal:app`")?;
    let wasi = version_of_wasi()?;
    let mut world = format!("package local:guest;\n\nworld {WORLD} {{\n");
    world += &match guest.build.part {
        false => format!("    include {APP}/minimal@{version};\n"),
        true => format!("    import {APP}/audit-log@{version};\n"),
    };
    for import in other.imports.iter().filter(|import| !is_own(import)) {
        world += &format!("    import {APP}/{import}@{version};\n");
    }
    for import in &exchanged.imports {
        world += &format!("    import {import};\n");
    }
    for export in &exchanged.exports {
        world += &format!("    export {export};\n");
    }
    // The other languages bring a libc that imports these.
    if other.language == Language::JavaScript {
        for interface in ["environment", "stderr", "stdin", "stdout"] {
            world += &format!("    import wasi:cli/{interface}@{wasi};\n");
        }
    }
    world += "}\n";
    workshop.write(&format!("{WIT}/guest.wit"), &world)
}

/// The version of WASI's packages in the contract.
pub(super) fn version_of_wasi() -> Result<String> {
    let found = WASI_WIT
        .iter()
        .find_map(|wit| version(wit.text, "wasi:cli"));
    found.context("the contract has no version of `wasi:cli`")
}

/// The version in `package NAME@VERSION;`.
fn version(text: &str, package: &str) -> Option<String> {
    let start = format!("package {package}@");
    let line = text.lines().find_map(|line| line.strip_prefix(&start))?;
    Some(line.trim_end().trim_end_matches(';').to_owned())
}

/// The names of the interfaces in a text of WIT.
fn interfaces(text: &str) -> Vec<&str> {
    let names = text
        .lines()
        .filter_map(|line| line.strip_prefix("interface "));
    names
        .map(|line| line.trim_end_matches('{').trim())
        .collect()
}

fn check(guest: &str, other: &Other, known: &[&str]) -> Result<()> {
    for import in other.imports.iter().filter(|import| !is_own(import)) {
        if !known.contains(&&**import) {
            let near = nearest(import, known.iter().copied());
            return Err(fault(format!(
                "`{guest}` imports `{import}`, expected interfaces of `{APP}`"
            ))
            .hint(match near {
                Some(near) => format!("did you mean `{near}`? `wit` has {}", list(known)),
                None => format!("`wit` has {}", list(known)),
            })
            .into());
        }
    }
    Ok(())
}
