//! Guests in other languages than Rust: from source to core module or component.
//!
//! The tools come from package registries and are pinned in `tools.rs`. They are fetched when a guest that needs them is
//! built for the first time. A guest whose tools cannot be had is not built, and all others are.
//!
//! A build works on a copy of the guest's folder, with a world of its own that has only the imports that the guest
//! names, and the interfaces that it exchanges with guests that it is composed of. What the tools see of the machine is fixed: see `workshop.rs`.

// From the ground up.
mod tools;

mod workshop;

mod brought;
mod exchanged;
mod inner;
mod world;

mod c;

mod typescript;

mod javascript;

mod offline;

mod python;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use anyhow::{Context, Result};

use super::reading::on_its_stack;
use crate::digest;
use crate::fault::guest as fault;
use crate::guest::{Guest, Other};
use crate::language::Language;
use crate::packages::Had;
use crate::project::Project;
use tools::Tools;
use workshop::Workshop;

/// What a language's tools make.
#[derive(Debug)]
pub(crate) enum Made {
    /// A core module, to be encoded like one of Rust's.
    Module(Vec<u8>),
    /// A component.
    Component(Vec<u8>),
}

/// The folder of the WIT packages that a guest brings for others.
pub(crate) use exchanged::folder as wit_folder;

impl Made {
    /// The core module, if it is one.
    pub(crate) fn module(self) -> Option<Vec<u8>> {
        match self {
            Made::Module(module) => Some(module),
            Made::Component(_) => None,
        }
    }
}

/// Everything besides a guest's own files that decides what is made of it.
pub(crate) fn identity(language: Language) -> String {
    let own = match language {
        Language::C => include_str!("languages/c.rs"),
        Language::JavaScript => concat!(
            include_str!("languages/javascript.rs"),
            include_str!("languages/javascript/entry.js"),
            include_str!("languages/javascript/micro-app.js"),
            include_str!("languages/javascript/globals.js"),
            include_str!("languages/javascript/globals.d.ts"),
            include_str!("languages/javascript/tsconfig.json"),
            include_str!("languages/typescript.rs"),
        ),
        Language::Python => concat!(
            include_str!("languages/python.rs"),
            include_str!("languages/offline.rs"),
        ),
    };
    let parts = [
        own,
        &tools::identity(language),
        include_str!("languages/workshop.rs"),
        include_str!("languages/workshop/still.c"),
        include_str!("languages/brought.rs"),
        include_str!("languages/world.rs"),
        include_str!("languages/exchanged.rs"),
        include_str!("languages/inner.rs"),
        // It says what a component says of its language.
        include_str!("../guest/other.rs"),
    ];
    digest::bytes(parts.join("\0").as_bytes())
}

/// The tools of the languages, each fetched when the first guest needs it.
#[derive(Debug, Default)]
pub(crate) struct Languages {
    tools: BTreeMap<Language, Had<Tools>>,
    /// Code says from which lines it comes, if the language can: see [`Language::has_lines`].
    has_lines: bool,
}

impl Languages {
    pub(crate) fn with_lines() -> Languages {
        Languages {
            has_lines: true,
            ..Languages::default()
        }
    }

    /// Fetches the tools of a language if they are missing, or says why they cannot be had.
    pub(crate) fn ready(&mut self, project: &Project, language: Language) -> Result<Had<()>> {
        let had = match self.tools.entry(language) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(Tools::get(project, language)?),
        };
        Ok(had.as_ref().map(|_| ()).map_err(Clone::clone))
    }

    /// Builds a guest whose tools are ready.
    pub(crate) fn build(&self, project: &Project, guest: &Guest, other: &Other) -> Result<Made> {
        let name = &guest.name;
        let tools = self
            .tools
            .get(&other.language)
            .and_then(|had| had.as_ref().ok());
        let tools = tools.with_context(|| format!("the tools for `{name}` are not there"))?;
        let workshop = Workshop::open(project, name)?;
        let exchanged = exchanged::write(project, guest, other, &workshop)?;
        world::write(project, guest, other, &exchanged, &workshop)?;
        let folder = project.guest_folder(name);
        let folder = project.relative(&folder).to_string_lossy();
        let made = match other.language {
            Language::C => {
                let lines = self.has_lines.then_some(&*folder);
                Made::Module(c::build(&workshop, tools, name, lines)?)
            }
            Language::JavaScript => {
                Made::Component(javascript::build(&workshop, tools, guest, &folder, other)?)
            }
            Language::Python => {
                let component = python::build(&workshop, tools, name, other)?;
                let wit = workshop.path(workshop::WIT);
                Made::Component(on_its_stack(|| {
                    offline::without_sockets(&component, &wit)
                        .with_context(|| format!("cannot take the network out of `{name}`"))
                })?)
            }
        };
        Ok(made)
    }
}

/// The error of a guest whose tools cannot be had.
pub(crate) fn without_tools(name: &str, language: Language, why: &str) -> crate::fault::Fault {
    fault(format!(
        "`{name}` is not built, because the tools for {language} cannot be had: {why}"
    ))
    .hint(tools::hint(language))
}
