//! The component around the rewritten modules: the hooks' import in front, everything behind it moved.

use std::collections::BTreeMap;

use wasm_encoder::reencode::{self, Reencode, ReencodeComponent, component_utils};
use wasm_encoder::{
    Alias, CanonicalFunctionSection, CanonicalOption, Component, ComponentAliasSection,
    ComponentExportKind, ComponentImportSection, ComponentNameSection, ComponentSectionId,
    ComponentTypeRef, ComponentTypeSection, ComponentValType, ExportKind, InstanceSection,
    InstanceType, ModuleArg, ModuleSection, PrimitiveValType, RawSection,
};
use wasmparser::{
    CanonicalFunction, ComponentAlias, ComponentName, ExternalKind, Instance, Parser, Payload,
};

use crate::error::Uninstrumentable;
use crate::rewrite;
use crate::survey::{self, Survey};

type Result<T, E = reencode::Error<Uninstrumentable>> = std::result::Result<T, E>;

// What stands in front of everything, by index space: an instance type, the import of that type, the two
// functions in it, the same two lowered to core functions, and a core instance of these.
const TYPES: u32 = 1;
const INSTANCES: u32 = 1;
const FUNCTIONS: u32 = 2;
const CORE_FUNCTIONS: u32 = 2;
const CORE_INSTANCES: u32 = 1;

/// Rewrites one component, section by section.
pub(crate) struct Rewriter<'a> {
    survey: Survey<'a>,
    /// How deep in nested components and types: only what stands at 0 was moved.
    depth: u32,
    /// Core modules seen so far, and functions in them.
    modules: u32,
    functions: u32,
    /// Index of each core function seen so far, by the one that it had; and the next.
    core_functions: Vec<u32>,
    next_core_function: u32,
    /// Index of the copy without hooks of a core function, by the index that that one had.
    copies: BTreeMap<u32, u32>,
}

impl<'a> Rewriter<'a> {
    pub(crate) fn new(survey: Survey<'a>) -> Rewriter<'a> {
        Rewriter {
            survey,
            depth: 0,
            modules: 0,
            functions: 0,
            core_functions: Vec::new(),
            next_core_function: CORE_FUNCTIONS,
            copies: BTreeMap::new(),
        }
    }

    fn moved(&self, index: u32, by: u32) -> u32 {
        if self.depth == 0 { index + by } else { index }
    }

    fn next_core_function(&mut self) -> u32 {
        let next = self.next_core_function;
        self.next_core_function += 1;
        next
    }

    /// Counts the core functions that a section defines, before it is rewritten.
    fn count_core_functions(&mut self, defined: usize) {
        for _ in 0..defined {
            let index = self.next_core_function();
            self.core_functions.push(index);
        }
    }

    /// Puts the copies that a section's options need in front of it.
    fn alias_copies(
        &mut self,
        component: &mut Component,
        section: &wasmparser::ComponentCanonicalSectionReader<'_>,
    ) -> Result<()> {
        let mut aliases = ComponentAliasSection::new();
        for function in section.clone() {
            for called in survey::called_by_host(&function?) {
                let Some(target) = self.survey.called_by_host.get(&called).copied() else {
                    continue;
                };
                if self.copies.contains_key(&called) {
                    continue;
                }
                aliases.alias(Alias::CoreInstanceExport {
                    instance: target.instance + CORE_INSTANCES,
                    kind: ExportKind::Func,
                    name: &rewrite::copy_name(target.function),
                });
                let index = self.next_core_function();
                self.copies.insert(called, index);
            }
        }
        if !aliases.is_empty() {
            component.section(&aliases);
        }
        Ok(())
    }
}

impl Reencode for Rewriter<'_> {
    type Error = Uninstrumentable;

    fn function_index(&mut self, function: u32) -> Result<u32> {
        if self.depth > 0 {
            return Ok(function);
        }
        let index = self.core_functions.get(function as usize).copied();
        index.ok_or_else(|| {
            reencode::Error::UserError(Uninstrumentable::Invalid {
                message: format!("core function {function} is used before it is defined"),
            })
        })
    }
}

impl ReencodeComponent for Rewriter<'_> {
    fn push_depth(&mut self) {
        self.depth += 1;
    }

    fn pop_depth(&mut self) {
        self.depth -= 1;
    }

    fn component_type_index(&mut self, index: u32) -> u32 {
        self.moved(index, TYPES)
    }

    fn component_instance_index(&mut self, index: u32) -> u32 {
        self.moved(index, INSTANCES)
    }

    fn component_func_index(&mut self, index: u32) -> u32 {
        self.moved(index, FUNCTIONS)
    }

    fn instance_index(&mut self, index: u32) -> u32 {
        self.moved(index, CORE_INSTANCES)
    }

    fn outer_component_type_index(&mut self, count: u32, index: u32) -> u32 {
        // Counted from here, this is the outermost component.
        if count == self.depth {
            index + TYPES
        } else {
            index
        }
    }

    fn canonical_option(&mut self, option: wasmparser::CanonicalOption) -> Result<CanonicalOption> {
        let copy = |function| self.copies.get(&function).copied();
        Ok(match option {
            wasmparser::CanonicalOption::Realloc(function) => {
                CanonicalOption::Realloc(match copy(function) {
                    Some(copy) => copy,
                    None => self.function_index(function)?,
                })
            }
            wasmparser::CanonicalOption::PostReturn(function) => {
                CanonicalOption::PostReturn(match copy(function) {
                    Some(copy) => copy,
                    None => self.function_index(function)?,
                })
            }
            other => component_utils::canonical_option(self, other)?,
        })
    }

    fn parse_component_payload(
        &mut self,
        component: &mut Component,
        payload: Payload<'_>,
        whole_component: &[u8],
    ) -> Result<()> {
        match &payload {
            Payload::ModuleSection { .. } | Payload::InstanceSection(_) if self.depth > 0 => {
                return Err(reencode::Error::UserError(Uninstrumentable::NestedCode));
            }
            _ if self.depth > 0 => {}
            Payload::Version { .. } => prelude(component),
            Payload::ComponentAliasSection(aliases) => {
                let mut defined = 0;
                for alias in aliases.clone() {
                    if let ComponentAlias::CoreInstanceExport {
                        kind: ExternalKind::Func | ExternalKind::FuncExact,
                        ..
                    } = alias?
                    {
                        defined += 1;
                    }
                }
                self.count_core_functions(defined);
            }
            Payload::ComponentCanonicalSection(functions) => {
                self.alias_copies(component, functions)?;
                let mut defined = 0;
                for function in functions.clone() {
                    if !matches!(function?, CanonicalFunction::Lift { .. }) {
                        defined += 1;
                    }
                }
                self.count_core_functions(defined);
            }
            _ => {}
        }
        component_utils::parse_component_payload(self, component, payload, whole_component)
    }

    fn parse_component_submodule(
        &mut self,
        component: &mut Component,
        _: Parser,
        bytes: &[u8],
    ) -> Result<()> {
        let module = self.modules;
        self.modules += 1;
        let copied = self.survey.without_hooks(module);
        let facts = &self.survey.modules[module as usize];
        if facts.bodies.is_empty() {
            component.section(&RawSection {
                id: ComponentSectionId::CoreModule.into(),
                data: bytes,
            });
            return Ok(());
        }
        let rewritten = rewrite::rewrite(facts, module, self.functions, &copied)?;
        self.functions += facts.bodies.len() as u32;
        component.section(&ModuleSection(&rewritten));
        Ok(())
    }

    fn parse_instance(
        &mut self,
        instances: &mut InstanceSection,
        instance: Instance<'_>,
    ) -> Result<()> {
        let Instance::Instantiate { module_index, args } = &instance else {
            return component_utils::parse_instance(self, instances, instance);
        };
        let mut with: Vec<_> = args
            .iter()
            .map(|arg| (arg.name, ModuleArg::Instance(arg.index + CORE_INSTANCES)))
            .collect();
        let facts = self.survey.modules.get(*module_index as usize);
        if facts.is_some_and(|facts| !facts.bodies.is_empty()) {
            if with.iter().any(|(name, _)| *name == crate::HOOKS) {
                return Err(reencode::Error::UserError(Uninstrumentable::NameTaken));
            }
            with.push((crate::HOOKS, ModuleArg::Instance(0)));
        }
        instances.instantiate(*module_index, with);
        Ok(())
    }

    /// The component's own name is kept. Those of its parts are for people who read the component, and
    /// nobody has checked that what they name is there.
    fn parse_custom_component_name_subsection(
        &mut self,
        names: &mut ComponentNameSection,
        section: ComponentName<'_>,
    ) -> Result<()> {
        if let ComponentName::Component { name, .. } = section {
            names.component(name);
        }
        Ok(())
    }
}

fn prelude(component: &mut Component) {
    let mut hooks = InstanceType::new();
    hooks
        .ty()
        .function()
        .params([("id", ComponentValType::Primitive(PrimitiveValType::U32))])
        .result(None);
    hooks.export(crate::ENTER, ComponentTypeRef::Func(0));
    hooks.export(crate::EXIT, ComponentTypeRef::Func(0));
    let mut types = ComponentTypeSection::new();
    types.instance(&hooks);
    component.section(&types);
    let mut imports = ComponentImportSection::new();
    imports.import(crate::HOOKS, ComponentTypeRef::Instance(0));
    component.section(&imports);
    let mut aliases = ComponentAliasSection::new();
    for name in [crate::ENTER, crate::EXIT] {
        aliases.alias(Alias::InstanceExport {
            instance: 0,
            kind: ComponentExportKind::Func,
            name,
        });
    }
    component.section(&aliases);
    let mut lowered = CanonicalFunctionSection::new();
    lowered.lower(0, []).lower(1, []);
    component.section(&lowered);
    let mut instances = InstanceSection::new();
    instances.export_items([
        (crate::ENTER, ExportKind::Func, 0),
        (crate::EXIT, ExportKind::Func, 1),
    ]);
    component.section(&instances);
}
