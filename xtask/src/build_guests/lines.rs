//! Guests whose code says from which lines it comes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::compile::Compiler;
use super::compose::{component_in, composed};
use super::encode;
use super::languages::Made;
use super::order::Order;
use super::reading::on_its_stack;
use super::toolchain::Toolchain;
use crate::files::{lock, write_atomically};
use crate::guest::Guest;
use crate::project::Project;

/// Builds these guests anew with the lines of their sources, as components in this folder. Their code is not the code that is
/// shipped: see [`Compiler::with_lines`]. So are their parts. Returns the core modules.
pub(crate) fn with_lines(
    project: &Project,
    names: &[String],
    folder: &Path,
) -> Result<Vec<Vec<u8>>> {
    let _alone = lock(&project.outputs())?;
    let mut toolchain = Toolchain::ask(project)?;
    let mut compiler = Compiler::with_lines(project, &mut toolchain);
    let mut modules = Vec::new();
    // Parts come before who is composed of them.
    for name in &Order::of(project, names)?.names {
        // Of other languages no lines are known, and their components run as they are.
        if project.language(name).is_some() {
            let component = fs::read(project.component(name))
                .with_context(|| format!("cannot read the component of `{name}`"))?;
            write_atomically(&component_in(folder, name), &component)?;
            continue;
        }
        eprintln!("building `{name}` with its lines");
        let made = Made::Module(compiler.compile(name, &BTreeSet::new())?.module);
        let guest = Guest::read(project, name)?;
        let own =
            on_its_stack(|| encode::component(&guest, &made).with_context(|| format!("`{name}`")))?;
        let component = match guest.build.compose.is_empty() {
            true => own,
            false => composed(project, folder, &guest, &made, &own)?.component,
        };
        write_atomically(&component_in(folder, name), &component)?;
        modules.extend(made.module());
    }
    Ok(modules)
}
