//! Whether a component and everything nested in it fits into a slot of the pool, judged from its sections alone,
//! before any of it is compiled. Whether it can be compiled, the host judges.

use wasmparser::{
    BinaryReaderError, ComponentAlias, ComponentExternalKind, ComponentInstance,
    ComponentOuterAliasKind, ComponentTypeRef, Encoding, Instance, Parser, Payload,
};

use crate::limits::{
    COMPONENT_DEPTH, CORE_INSTANCES, MEMORIES, SLOT_MEMORY_BYTES, TABLE_ELEMENTS, TABLES,
};

/// Why a component does not fit into a slot.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// It would need more of something than a slot has.
    #[error("{what}: {found}, expected at most {limit}")]
    Large {
        /// What there is too much of, and its unit, such as `a memory (bytes)`.
        what: &'static str,
        /// What the component declares, in that unit.
        found: u64,
        /// The limit, in that unit.
        limit: u64,
    },
    /// Its components are nested deeper than people or tools make them.
    #[error("components in each other, expected at most {limit} levels")]
    Deep {
        /// The most levels.
        limit: u32,
    },
    /// A section is unreadable.
    #[error(transparent)]
    Malformed(#[from] BinaryReaderError),
}

/// Judges a whole component.
///
/// # Errors
///
/// If it does not fit, or cannot be read.
pub fn check(component: &[u8]) -> Result<(), Unfit> {
    let mut slot = SlotFit::default();
    for payload in Parser::new(0).parse_all(component) {
        slot.visit(&payload?)?;
    }
    Ok(())
}

/// Follows the sections of a component as a parser yields them.
#[derive(Default)]
pub struct SlotFit {
    /// The component or module that is being read, inside those that contain it.
    open: Vec<Scope>,
    /// The most that any component or module read so far makes. It is assumed for one whose definition is
    /// unknown.
    most: Made,
}

/// What instantiating a component or module makes, including everything that it instantiates.
#[derive(Clone, Copy, Default)]
struct Made {
    core_instances: u64,
    memories: u64,
    tables: u64,
}

/// What is known of a component or module while it is read.
#[derive(Default)]
struct Scope {
    is_component: bool,
    made: Made,
    /// What each component and each module that it can refer to makes, by index.
    components: Vec<Made>,
    modules: Vec<Made>,
}

impl Made {
    fn add(&mut self, other: Made) {
        self.core_instances = self.core_instances.saturating_add(other.core_instances);
        self.memories = self.memories.saturating_add(other.memories);
        self.tables = self.tables.saturating_add(other.tables);
    }

    fn raise(&mut self, other: Made) {
        self.core_instances = self.core_instances.max(other.core_instances);
        self.memories = self.memories.max(other.memories);
        self.tables = self.tables.max(other.tables);
    }

    fn fits(&self) -> Result<(), Unfit> {
        at_most(
            "core instances",
            self.core_instances,
            CORE_INSTANCES as usize,
        )?;
        at_most("memories", self.memories, MEMORIES as usize)?;
        at_most("tables", self.tables, TABLES as usize)
    }
}

impl SlotFit {
    /// Reads the next section.
    ///
    /// # Errors
    ///
    /// If the component does not fit.
    pub fn visit(&mut self, payload: &Payload<'_>) -> Result<(), Unfit> {
        match payload {
            Payload::Version { encoding, .. } => {
                self.open.push(Scope {
                    is_component: *encoding == Encoding::Component,
                    ..Scope::default()
                });
                if self.open.len() > COMPONENT_DEPTH as usize {
                    return Err(Unfit::Deep {
                        limit: COMPONENT_DEPTH,
                    });
                }
            }
            Payload::End(_) => self.close(),
            Payload::MemorySection(memories) => {
                self.count(|made| made.memories += u64::from(memories.count()));
                for memory in memories.clone() {
                    let memory = memory?;
                    let page_bytes = 1_u64.checked_shl(memory.page_size_log2.unwrap_or(16));
                    let bytes = memory
                        .initial
                        .saturating_mul(page_bytes.unwrap_or(u64::MAX));
                    at_most("a memory (bytes)", bytes, SLOT_MEMORY_BYTES)?;
                }
            }
            Payload::TableSection(tables) => {
                self.count(|made| made.tables += u64::from(tables.count()));
                for table in tables.clone() {
                    let elements = table?.ty.initial;
                    at_most("a table (elements)", elements, TABLE_ELEMENTS)?;
                }
            }
            _ => self.define(payload)?,
        }
        Ok(())
    }

    fn count(&mut self, add: impl FnOnce(&mut Made)) {
        if let Some(scope) = self.open.last_mut() {
            add(&mut scope.made);
        }
    }

    /// If a component instantiates another twice, and that one a third twice, and so on, it is small and becomes
    /// large only when it is compiled.
    fn define(&mut self, payload: &Payload<'_>) -> Result<(), Unfit> {
        let most = self.most;
        let Some(scope) = self.open.last_mut() else {
            return Ok(());
        };
        let of = |list: &[Made], index: u32| list.get(index as usize).copied().unwrap_or(most);
        match payload {
            Payload::InstanceSection(instances) => {
                for instance in instances.clone() {
                    if let Instance::Instantiate { module_index, .. } = instance? {
                        scope.made.add(of(&scope.modules, module_index));
                    }
                }
            }
            Payload::ComponentInstanceSection(instances) => {
                for instance in instances.clone() {
                    if let ComponentInstance::Instantiate {
                        component_index, ..
                    } = instance?
                    {
                        scope.made.add(of(&scope.components, component_index));
                    }
                }
            }
            Payload::ComponentImportSection(imports) => {
                for import in imports.clone() {
                    match import?.ty {
                        ComponentTypeRef::Component(_) => scope.components.push(most),
                        ComponentTypeRef::Module(_) => scope.modules.push(most),
                        _ => {}
                    }
                }
            }
            // An export gets an index of its own.
            Payload::ComponentExportSection(exports) => {
                for export in exports.clone() {
                    let export = export?;
                    match export.kind {
                        ComponentExternalKind::Component => {
                            scope.components.push(of(&scope.components, export.index));
                        }
                        ComponentExternalKind::Module => {
                            scope.modules.push(of(&scope.modules, export.index));
                        }
                        _ => {}
                    }
                }
            }
            Payload::ComponentAliasSection(aliases) => {
                for alias in aliases.clone() {
                    self.alias(&alias?);
                }
            }
            _ => {}
        }
        // Checked at once, so that the figure cannot grow from level to level.
        self.open.last().map_or(Ok(()), |scope| scope.made.fits())
    }

    fn alias(&mut self, alias: &ComponentAlias<'_>) {
        let (is_component, made) = match alias {
            ComponentAlias::Outer { kind, count, index } => {
                let is_component = match kind {
                    ComponentOuterAliasKind::Component => true,
                    ComponentOuterAliasKind::CoreModule => false,
                    _ => return,
                };
                let outer = self.open.len().checked_sub(1 + *count as usize);
                let made = outer.and_then(|outer| {
                    let scope = &self.open[outer];
                    let list = if is_component {
                        &scope.components
                    } else {
                        &scope.modules
                    };
                    list.get(*index as usize).copied()
                });
                (is_component, made)
            }
            ComponentAlias::InstanceExport { kind, .. } => match kind {
                ComponentExternalKind::Component => (true, None),
                ComponentExternalKind::Module => (false, None),
                _ => return,
            },
            _ => return,
        };
        let made = made.unwrap_or(self.most);
        if let Some(scope) = self.open.last_mut() {
            if is_component {
                scope.components.push(made);
            } else {
                scope.modules.push(made);
            }
        }
    }

    fn close(&mut self) {
        let Some(mut closed) = self.open.pop() else {
            return;
        };
        if !closed.is_component {
            closed.made.core_instances = 1;
        }
        self.most.raise(closed.made);
        if let Some(outer) = self.open.last_mut() {
            if closed.is_component {
                outer.components.push(closed.made);
            } else {
                outer.modules.push(closed.made);
            }
        }
    }
}

fn at_most(what: &'static str, found: u64, limit: usize) -> Result<(), Unfit> {
    let limit = limit as u64;
    if found > limit {
        return Err(Unfit::Large { what, found, limit });
    }
    Ok(())
}
