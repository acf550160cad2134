//! Whether a component and everything nested in it fits into a slot of the pool, judged from its sections alone,
//! before any of it is compiled. Whether it can be compiled, the host judges.

mod figures;
mod scope;
mod unfit;

use wasmparser::{
    ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind,
    ComponentType, ComponentTypeRef, CoreType, Encoding, Instance, Parser, Payload,
};

use crate::limits::{COMPONENT_DEPTH, SLOT_MEMORY_BYTES, TABLE_ELEMENTS};
use figures::{Held, Item, Made, Part, Size, at_most, may_copy};
use scope::{Module, Scope};
pub use unfit::Unfit;

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
    /// The most of any component read so far. It is assumed for one whose definition is unknown.
    most: Part,
    /// The same of modules.
    most_of_modules: Module,
    /// The components that were read.
    closed: u64,
    /// The items that are copied for all components read so far, if each is instantiated once.
    copied: u64,
    /// What the component or module makes that was read last.
    last: Made,
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
                let mut scope = Scope {
                    is_component: *encoding == Encoding::Component,
                    ..Scope::default()
                };
                scope.part.opened = self.closed;
                scope.part.items = Size::ONE;
                self.open.push(scope);
                if self.open.len() > COMPONENT_DEPTH as usize {
                    return Err(Unfit::Deep {
                        limit: COMPONENT_DEPTH,
                    });
                }
                Ok(())
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
                    at_most("a memory (bytes)", bytes, SLOT_MEMORY_BYTES as u64)?;
                }
                Ok(())
            }
            Payload::TableSection(tables) => {
                self.count(|made| made.tables += u64::from(tables.count()));
                for table in tables.clone() {
                    let elements = table?.ty.initial;
                    at_most("a table (elements)", elements, TABLE_ELEMENTS as u64)?;
                }
                Ok(())
            }
            Payload::ImportSection(imports) => {
                if let Some(scope) = self.open.last_mut() {
                    scope.imports += u64::from(imports.count());
                }
                Ok(())
            }
            _ => self.define(payload),
        }
    }

    /// Counts something else for the component or module that is being read, each time that it is instantiated.
    pub fn add(&mut self, found: u64) {
        self.count(|made| made.added = made.added.saturating_add(found));
    }

    /// What was counted with [`add`](SlotFit::add) for the instances of the component that was read last, its own
    /// and those that it makes. After the last section that is the whole component.
    pub fn added(&self) -> u64 {
        self.last.added
    }

    fn count(&mut self, add: impl FnOnce(&mut Made)) {
        if let Some(scope) = self.open.last_mut() {
            add(&mut scope.part.made);
        }
    }

    /// If a component instantiates another twice, and that one a third twice, and so on, it is small and becomes
    /// large only when it is compiled.
    fn define(&mut self, payload: &Payload<'_>) -> Result<(), Unfit> {
        let (most, most_of_modules) = (self.most, self.most_of_modules);
        let Some(scope) = self.open.last_mut() else {
            return Ok(());
        };
        let module = |scope: &Scope, index: u32| {
            let known = scope.modules.get(index as usize).copied();
            known.unwrap_or(most_of_modules)
        };
        let component = |scope: &Scope, index: u32| {
            let known = scope.components.get(index as usize).copied();
            known.unwrap_or(most)
        };
        match payload {
            Payload::InstanceSection(instances) => {
                for instance in instances.clone() {
                    if let Instance::Instantiate { module_index, .. } = instance? {
                        let module = module(scope, module_index);
                        scope.part.made.add(module.made);
                        scope.copy(Size::of(module.imports));
                    }
                    scope.copy(Size::ONE);
                }
            }
            Payload::ComponentInstanceSection(instances) => {
                for instance in instances.clone() {
                    let held = match instance? {
                        ComponentInstance::Instantiate {
                            component_index,
                            args,
                        } => {
                            let part = component(scope, component_index);
                            let mut largest = Item::default();
                            for argument in args {
                                let item = scope.item(argument.kind, argument.index);
                                scope.copy(item.size);
                                largest.size = largest.size.max(item.size);
                                largest.latest = largest.latest.max(item.latest);
                            }
                            if largest.latest > part.opened {
                                return Err(Unfit::Handed);
                            }
                            scope.part.made.add(part.made);
                            scope.part.made.components += 1;
                            let (held, copied) = part.instance(largest, scope.registered);
                            scope.copy(copied);
                            scope.registered = scope.registered.plus(held.types);
                            held
                        }
                        ComponentInstance::FromExports(exports) => {
                            let mut held = Held::empty();
                            for export in exports {
                                held.hold(scope.item(export.kind, export.index));
                            }
                            scope.copy(held.all);
                            held
                        }
                    };
                    scope.instances.push(held);
                }
            }
            Payload::ComponentTypeSection(types) => {
                for ty in types.clone() {
                    if let ComponentType::Resource { .. } = ty? {
                        scope.registered = scope.registered.plus(Size::ONE);
                    }
                }
            }
            Payload::CoreTypeSection(types) => {
                for ty in types.clone() {
                    if let CoreType::Module(declared) = ty? {
                        let most = &mut self.most_of_modules.imports;
                        *most = declared.len().max(*most as usize) as u64;
                    }
                }
            }
            Payload::ComponentImportSection(imports) => {
                for import in imports.clone() {
                    let ty = import?.ty;
                    scope.copy(match ty {
                        ComponentTypeRef::Component(_) | ComponentTypeRef::Instance(_) => {
                            Size::GIVEN
                        }
                        _ => Size::ONE,
                    });
                    match ty {
                        ComponentTypeRef::Component(_) => scope.components.push(Part {
                            opened: 0,
                            closed: scope.part.opened,
                            ..most
                        }),
                        ComponentTypeRef::Module(_) => scope.modules.push(most_of_modules),
                        ComponentTypeRef::Instance(_) => {
                            let held = Held::unknown(Size::GIVEN, scope.part.opened);
                            scope.registered = scope.registered.plus(held.types);
                            scope.instances.push(held);
                        }
                        ComponentTypeRef::Type(_) => {
                            scope.registered = scope.registered.plus(Size::ONE);
                        }
                        _ => {}
                    }
                }
            }
            // An export gets an index of its own.
            Payload::ComponentExportSection(exports) => {
                for export in exports.clone() {
                    let export = export?;
                    let item = scope.item(export.kind, export.index);
                    // Once for its own index, and once when the instance is complete.
                    scope.copy(item.size.plus(item.size));
                    scope.part.exports.hold(item);
                    match export.kind {
                        ComponentExternalKind::Component => {
                            scope.components.push(component(scope, export.index));
                        }
                        ComponentExternalKind::Module => {
                            scope.modules.push(module(scope, export.index));
                        }
                        ComponentExternalKind::Instance => {
                            let held = scope.instances.get(export.index as usize).copied();
                            scope.instances.push(held.unwrap_or_default());
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
            Payload::ComponentCanonicalSection(functions) => {
                scope.copy(Size::of(u64::from(functions.count())));
            }
            _ => {}
        }
        // Checked at once, so that the figures cannot grow from level to level.
        let Some(scope) = self.open.last() else {
            return Ok(());
        };
        scope.part.made.fits()?;
        may_copy(scope.part.copied.known())
    }

    fn alias(&mut self, alias: &ComponentAlias<'_>) {
        match alias {
            ComponentAlias::Outer { kind, count, index } => {
                let Some(outer) = self.open.len().checked_sub(1 + *count as usize) else {
                    return;
                };
                let index = *index as usize;
                let (around, inside) = self.open.split_at_mut(outer + 1);
                let Some(outer) = around.last() else {
                    return;
                };
                let (part, module) = match kind {
                    ComponentOuterAliasKind::Component => (outer.components.get(index), None),
                    ComponentOuterAliasKind::CoreModule => (None, outer.modules.get(index)),
                    _ => return,
                };
                let part = part.copied().unwrap_or(self.most);
                let module = module.copied().unwrap_or(self.most_of_modules);
                let is_component = *kind == ComponentOuterAliasKind::Component;
                let items = if is_component { part.items } else { Size::ONE };
                // Each component in between carries it.
                for scope in inside {
                    scope.part.items = scope.part.items.plus(items);
                }
                if let Some(scope) = self.open.last_mut() {
                    scope.copy(items);
                    match is_component {
                        true => scope.components.push(part),
                        false => scope.modules.push(module),
                    }
                }
            }
            ComponentAlias::InstanceExport {
                kind,
                instance_index,
                ..
            } => {
                let Some(scope) = self.open.last_mut() else {
                    return;
                };
                let from = scope.instances.get(*instance_index as usize).copied();
                let from = from.unwrap_or_default();
                scope.copy(Size::ONE);
                match kind {
                    ComponentExternalKind::Component => {
                        scope.copy(self.most.items);
                        scope.components.push(Part {
                            opened: 0,
                            closed: self.closed,
                            ..self.most
                        });
                    }
                    ComponentExternalKind::Module => scope.modules.push(self.most_of_modules),
                    ComponentExternalKind::Instance => {
                        scope.copy(from.largest);
                        scope
                            .instances
                            .push(Held::unknown(from.largest, from.latest));
                    }
                    _ => {}
                }
            }
            ComponentAlias::CoreInstanceExport { .. } => {
                if let Some(scope) = self.open.last_mut() {
                    scope.copy(Size::ONE);
                }
            }
        }
    }

    fn close(&mut self) -> Result<(), Unfit> {
        let Some(mut closed) = self.open.pop() else {
            return Ok(());
        };
        if !closed.is_component {
            closed.part.made.core_instances = 1;
        }
        self.last = closed.part.made;
        if closed.is_component {
            self.closed += 1;
            closed.part.closed = self.closed;
            self.most.raise(&closed.part);
            self.copied = self.copied.saturating_add(closed.part.copied.known());
            if let Some(outer) = self.open.last_mut() {
                outer.copy(closed.part.items);
                outer.components.push(closed.part);
            }
            return may_copy(self.copied);
        }
        let module = Module {
            made: closed.part.made,
            imports: closed.imports,
        };
        self.most_of_modules.made.raise(module.made);
        self.most_of_modules.imports = self.most_of_modules.imports.max(module.imports);
        if let Some(outer) = self.open.last_mut() {
            outer.modules.push(module);
        }
        Ok(())
    }
}
