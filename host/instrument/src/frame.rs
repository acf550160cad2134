//! The indices of a component while it is rewritten: where each core function and core instance moved to.

use std::collections::BTreeMap;

use wasm_encoder::{Alias, ComponentAliasSection, ExportKind};
use wasmparser::{
    CanonicalFunction, ComponentAlias, ComponentAliasSectionReader,
    ComponentCanonicalSectionReader, ExternalKind,
};

use crate::error::{Result, undefined};
use crate::prelude::{CORE_FUNCTIONS, CORE_INSTANCES};

/// What indices refer to.
pub(crate) enum Scope {
    Component(Frame),
    /// The type of a component, an instance or a module, in which no index moves.
    Type,
}

/// A component, as far as it was read.
pub(crate) struct Frame {
    /// Its place among all parts.
    pub(crate) place: usize,
    /// Whether the hooks are in front of everything, so that later indices move.
    pub(crate) has_hooks: bool,
    /// The new index of each core function seen so far, by its old index; and the next new index.
    core_functions: Vec<u32>,
    next_core_function: u32,
    /// The same for core instances.
    core_instances: Vec<u32>,
    next_core_instance: u32,
    /// The index of the copy without hooks of each core function, by the function's old index.
    pub(crate) copies: BTreeMap<u32, u32>,
}

impl Scope {
    /// The component, if its indices move.
    pub(crate) fn moving(&self) -> Option<&Frame> {
        match self {
            Scope::Component(frame) if frame.has_hooks => Some(frame),
            _ => None,
        }
    }
}

impl Frame {
    pub(crate) fn new(place: usize, has_hooks: bool) -> Frame {
        Frame {
            place,
            has_hooks,
            core_functions: Vec::new(),
            next_core_function: CORE_FUNCTIONS,
            core_instances: Vec::new(),
            next_core_instance: CORE_INSTANCES,
            copies: BTreeMap::new(),
        }
    }

    fn next_core_function(&mut self) -> u32 {
        let next = self.next_core_function;
        self.next_core_function += 1;
        next
    }

    /// Counts the core functions that a section of aliases defines.
    pub(crate) fn count_aliases(
        &mut self,
        section: &ComponentAliasSectionReader<'_>,
    ) -> Result<()> {
        for alias in section.clone() {
            if let ComponentAlias::CoreInstanceExport {
                kind: ExternalKind::Func | ExternalKind::FuncExact,
                ..
            } = alias?
            {
                self.push_core_function();
            }
        }
        Ok(())
    }

    /// The same for a section of canonical functions.
    pub(crate) fn count_canonical(
        &mut self,
        section: &ComponentCanonicalSectionReader<'_>,
    ) -> Result<()> {
        for function in section.clone() {
            if !matches!(function?, CanonicalFunction::Lift { .. }) {
                self.push_core_function();
            }
        }
        Ok(())
    }

    fn push_core_function(&mut self) {
        let index = self.next_core_function();
        self.core_functions.push(index);
    }

    /// The index of a core instance that is inserted between those of the component.
    pub(crate) fn next_core_instance(&mut self) -> u32 {
        let next = self.next_core_instance;
        self.next_core_instance += 1;
        next
    }

    /// The component defines a core instance.
    pub(crate) fn push_core_instance(&mut self) {
        let index = self.next_core_instance();
        self.core_instances.push(index);
    }

    /// The core instances that it has defined so far.
    pub(crate) fn core_instances(&self) -> u32 {
        self.core_instances.len() as u32
    }

    pub(crate) fn core_function(&self, function: u32) -> Result<u32> {
        let index = self.core_functions.get(function as usize).copied();
        index.ok_or_else(|| undefined("core function", function))
    }

    pub(crate) fn core_instance(&self, instance: u32) -> Result<u32> {
        let index = self.core_instances.get(instance as usize).copied();
        index.ok_or_else(|| undefined("core instance", instance))
    }

    /// Aliases a function of an instance and returns its index.
    pub(crate) fn alias(
        &mut self,
        aliases: &mut ComponentAliasSection,
        instance: u32,
        name: &str,
    ) -> Result<u32> {
        aliases.alias(Alias::CoreInstanceExport {
            instance: self.core_instance(instance)?,
            kind: ExportKind::Func,
            name,
        });
        Ok(self.next_core_function())
    }
}
