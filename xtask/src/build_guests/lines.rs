//! Guests whose code says from which lines it comes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::compile::Compiler;
use super::compose::{component_in, composed};
use super::encode;
use super::languages::{Languages, Made};
use super::makers::Makers;
use super::order::Order;
use super::reading::on_its_stack;
use super::toolchain::Toolchain;
use crate::files::{lock, write_atomically};
use crate::guest::Guest;
use crate::language::Language;
use crate::project::Project;

/// Guests with the lines of their sources.
pub(crate) struct WithLines {
    /// The core module of each, by name.
    pub(crate) modules: Vec<(String, Vec<u8>)>,
    /// Those whose own lines are not known, and why.
    pub(crate) left_out: Vec<(String, String)>,
}

/// Builds these guests anew with the lines of their sources, as components in this folder. Their code is not the code that is
/// shipped: see [`Compiler::with_lines`]. So are their parts.
pub(crate) fn with_lines(project: &Project, names: &[String], folder: &Path) -> Result<WithLines> {
    let _alone = lock(&project.outputs())?;
    let mut toolchain = Toolchain::ask(project)?;
    let mut makers = Makers {
        compiler: Compiler::with_lines(project, &mut toolchain),
        languages: Languages::with_lines(),
    };
    let mut with_lines = WithLines {
        modules: Vec::new(),
        left_out: Vec::new(),
    };
    // Parts come before who is composed of them.
    for name in &Order::of(project, names)?.names {
        let guest = Guest::read(project, name)?;
        let why = why_unknown(project, &mut makers.languages, &guest)?;
        let is_unknown = why.is_some();
        with_lines
            .left_out
            .extend(why.map(|why| (name.clone(), why)));
        let component = match is_unknown && !has_lines(project, name)? {
            true => fs::read(project.component(name))
                .with_context(|| format!("cannot read the component of `{name}`"))?,
            false => {
                eprintln!("building `{name}` with its lines");
                let (made, _) = makers.make(project, &guest, &BTreeSet::new())?;
                let component = encoded(project, folder, &guest, &made)?;
                let module = made.module().map(|module| (name.clone(), module));
                with_lines.modules.extend(module);
                component
            }
        };
        write_atomically(&component_in(folder, name), &component)?;
    }
    Ok(with_lines)
}

/// Whether lines are known of a guest, or of a part of it, also of a part of a part.
pub(crate) fn has_lines(project: &Project, guest: &str) -> Result<bool> {
    let is_known = |name: &String| project.language(name).is_none_or(Language::has_lines);
    let order = Order::of(project, &[guest.to_owned()])?;
    Ok(order.names.iter().any(is_known))
}

/// Why the lines of a guest's own source are not known; `None` if they are.
fn why_unknown(
    project: &Project,
    languages: &mut Languages,
    guest: &Guest,
) -> Result<Option<String>> {
    let Some(other) = &guest.other else {
        return Ok(None);
    };
    if let Err(why) = languages.ready(project, other.language)? {
        return Ok(Some(format!(
            "the tools for {} cannot be had: {why}",
            other.language
        )));
    }
    let (spoken, _) = other.spoken();
    Ok((!other.language.has_lines())
        .then(|| format!("it is written in {spoken}, and lines are known of Rust and C only")))
}

/// The component of what was made of a guest, with the parts in this folder.
fn encoded(project: &Project, folder: &Path, guest: &Guest, made: &Made) -> Result<Vec<u8>> {
    let name = &guest.name;
    let own = on_its_stack(|| encode::component(guest, made).with_context(|| format!("`{name}`")))?;
    match guest.build.compose.is_empty() {
        true => Ok(own),
        false => Ok(composed(project, folder, guest, made, &own)?.component),
    }
}
