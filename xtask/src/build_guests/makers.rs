//! From a guest's source to a module or a component, by cargo or by the tools of another language.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::Result;

use super::compile::{Compiled, Compiler};
use super::languages::{Languages, Made};
use crate::guest::Guest;
use crate::project::Project;

/// What makes modules and components of sources.
pub(crate) struct Makers<'a> {
    pub(crate) compiler: Compiler<'a>,
    pub(crate) languages: Languages,
}

impl Makers<'_> {
    /// What is made of a guest's source, and for a guest in Rust what cargo read. `changed` are as in
    /// [`Compiler::compile`].
    pub(crate) fn make(
        &mut self,
        project: &Project,
        guest: &Guest,
        changed: &BTreeSet<PathBuf>,
    ) -> Result<(Made, Option<Compiled>)> {
        match &guest.other {
            None => {
                let compiled = self.compiler.compile(&guest.name, changed)?;
                Ok((Made::Module(compiled.module.clone()), Some(compiled)))
            }
            Some(other) => Ok((self.languages.build(project, guest, other)?, None)),
        }
    }
}
