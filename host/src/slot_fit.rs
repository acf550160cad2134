//! Whether a component and all that is nested in it fits a slot of the pool, told from its sections alone:
//! before the first byte of it is compiled. Whether it can be compiled is `compile_fit`'s.

use wasmparser::{
    ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind,
    ComponentTypeRef, Encoding, Instance, Payload, TypeRef,
};

use crate::limits::{COMPONENT_DEPTH, CORE_INSTANCES, SLOT_MEMORY_BYTES, TABLE_ELEMENTS};
use crate::refusal::Refusal;

/// Follows the sections of a component as a parser yields them.
#[derive(Default)]
pub(crate) struct SlotFit {
    /// The component or module that is being read, inside those that hold it.
    open: Vec<Scope>,
    /// The most core instances that any component read so far makes: what is assumed of one whose
    /// definition cannot be told.
    most: u64,
}

/// What is known of a component while it is read.
#[derive(Default)]
struct Scope {
    is_component: bool,
    /// Memories that a module imports or has.
    memories: u64,
    /// Core modules that it instantiates, in all that it instantiates.
    core_instances: u64,
    /// The same for each component that it can refer to, by index.
    components: Vec<u64>,
}

impl SlotFit {
    /// Takes the next section; refuses what does not fit.
    pub(crate) fn visit(&mut self, payload: &Payload<'_>) -> Result<(), Refusal> {
        match payload {
            Payload::Version { encoding, .. } => {
                self.open.push(Scope {
                    is_component: *encoding == Encoding::Component,
                    ..Scope::default()
                });
                if self.open.len() > COMPONENT_DEPTH as usize {
                    return Err(Refusal::TooDeep {
                        what: "components",
                        limit: COMPONENT_DEPTH,
                    });
                }
            }
            Payload::End(_) => self.close(),
            Payload::ImportSection(imports) => {
                for import in imports.clone().into_imports() {
                    if let TypeRef::Memory(_) = import.map_err(Refusal::invalid)?.ty {
                        self.memories(1)?;
                    }
                }
            }
            Payload::MemorySection(memories) => {
                self.memories(memories.count())?;
                for memory in memories.clone() {
                    let memory = memory.map_err(Refusal::invalid)?;
                    let page_bytes = 1_u64.checked_shl(memory.page_size_log2.unwrap_or(16));
                    let bytes = memory
                        .initial
                        .saturating_mul(page_bytes.unwrap_or(u64::MAX));
                    at_most("a memory (bytes)", bytes, SLOT_MEMORY_BYTES)?;
                }
            }
            Payload::TableSection(tables) => {
                for table in tables.clone() {
                    let elements = table.map_err(Refusal::invalid)?.ty.initial;
                    at_most("a table (elements)", elements, TABLE_ELEMENTS)?;
                }
            }
            _ => self.count_instances(payload)?,
        }
        Ok(())
    }

    /// Several memories in one module are a proposal that no guest needs; the engine has it for itself.
    fn memories(&mut self, more: u32) -> Result<(), Refusal> {
        let Some(scope) = self.open.last_mut() else {
            return Ok(());
        };
        scope.memories += u64::from(more);
        at_most("memories of one module", scope.memories, 1)
    }

    /// A component that instantiates another twice, which instantiates a third twice, and so on, is small
    /// and becomes large only when it is compiled.
    fn count_instances(&mut self, payload: &Payload<'_>) -> Result<(), Refusal> {
        let Some(scope) = self.open.last_mut() else {
            return Ok(());
        };
        match payload {
            Payload::InstanceSection(instances) => {
                for instance in instances.clone() {
                    if let Instance::Instantiate { .. } = instance.map_err(Refusal::invalid)? {
                        scope.core_instances += 1;
                    }
                }
            }
            Payload::ComponentInstanceSection(instances) => {
                for instance in instances.clone() {
                    if let ComponentInstance::Instantiate {
                        component_index, ..
                    } = instance.map_err(Refusal::invalid)?
                    {
                        let made = scope.components.get(component_index as usize);
                        let made = made.copied().unwrap_or(self.most);
                        scope.core_instances = scope.core_instances.saturating_add(made);
                    }
                }
            }
            Payload::ComponentImportSection(imports) => {
                for import in imports.clone() {
                    if let ComponentTypeRef::Component(_) = import.map_err(Refusal::invalid)?.ty {
                        scope.components.push(self.most);
                    }
                }
            }
            Payload::ComponentAliasSection(aliases) => {
                for alias in aliases.clone() {
                    self.alias(&alias.map_err(Refusal::invalid)?);
                }
            }
            _ => {}
        }
        // Checked at once, so that the figure cannot run away from level to level.
        let made = self.open.last().map_or(0, |scope| scope.core_instances);
        at_most("core instances", made, CORE_INSTANCES as usize)
    }

    fn alias(&mut self, alias: &ComponentAlias<'_>) {
        let made = match alias {
            ComponentAlias::Outer {
                kind: ComponentOuterAliasKind::Component,
                count,
                index,
            } => {
                let outer = self.open.len().checked_sub(1 + *count as usize);
                let outer =
                    outer.and_then(|outer| self.open[outer].components.get(*index as usize));
                outer.copied().unwrap_or(self.most)
            }
            ComponentAlias::InstanceExport {
                kind: ComponentExternalKind::Component,
                ..
            } => self.most,
            _ => return,
        };
        if let Some(scope) = self.open.last_mut() {
            scope.components.push(made);
        }
    }

    fn close(&mut self) {
        let Some(closed) = self.open.pop() else {
            return;
        };
        if closed.is_component {
            self.most = self.most.max(closed.core_instances);
            if let Some(outer) = self.open.last_mut() {
                outer.components.push(closed.core_instances);
            }
        }
    }
}

pub(crate) fn at_most(what: &'static str, found: u64, limit: usize) -> Result<(), Refusal> {
    let limit = limit as u64;
    if found > limit {
        return Err(Refusal::OverSlot { what, found, limit });
    }
    Ok(())
}
