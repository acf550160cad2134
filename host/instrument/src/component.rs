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
use crate::survey::{self, Passed, Survey};

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
    /// The same for core instances.
    core_instances: Vec<u32>,
    next_core_instance: u32,
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
            core_instances: Vec::new(),
            next_core_instance: CORE_INSTANCES,
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
                let name = rewrite::copy_name(target.function);
                let index = self.alias(&mut aliases, target.instance, &name)?;
                self.copies.insert(called, index);
            }
        }
        if !aliases.is_empty() {
            component.section(&aliases);
        }
        Ok(())
    }

    /// Takes a function out of an instance; gives its index.
    fn alias(
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

    fn core_instance(&self, instance: u32) -> Result<u32> {
        let index = self.core_instances.get(instance as usize).copied();
        index.ok_or_else(|| undefined("core instance", instance))
    }

    /// Core instances, each given the hooks, and what it needs without hooks.
    fn instances(
        &mut self,
        component: &mut Component,
        section: wasmparser::InstanceSectionReader<'_>,
    ) -> Result<()> {
        for instance in section {
            let instance = instance?;
            let mut instances = InstanceSection::new();
            if let Instance::Instantiate { module_index, args } = &instance {
                let without = self.without_hooks(component, *module_index)?;
                self.instantiate(&mut instances, *module_index, args, without)?;
            } else {
                component_utils::parse_instance(self, &mut instances, instance)?;
            }
            component.section(&instances);
            self.core_instances.push(self.next_core_instance);
            self.next_core_instance += 1;
        }
        Ok(())
    }

    /// Puts together the functions without hooks that the next instance is given, if it needs any.
    fn without_hooks(&mut self, component: &mut Component, module: u32) -> Result<Option<u32>> {
        let imported = match self.survey.copies.get(module as usize) {
            Some(copies) if !copies.imported.is_empty() => copies.imported.clone(),
            _ => return Ok(None),
        };
        let instance = self.core_instances.len() as u32;
        let mut aliases = ComponentAliasSection::new();
        let mut exports = Vec::new();
        for import in imported {
            let function = match self.survey.passed(instance, import) {
                Some(Passed::Target(target)) => {
                    let name = rewrite::copy_name(target.function);
                    self.alias(&mut aliases, target.instance, &name)?
                }
                Some(Passed::Export { instance, name }) => {
                    self.alias(&mut aliases, instance, name)?
                }
                Some(Passed::Function(function)) => self.function_index(function)?,
                None => return Err(undefined("imported function", import)),
            };
            exports.push((import.to_string(), ExportKind::Func, function));
        }
        if !aliases.is_empty() {
            component.section(&aliases);
        }
        let mut instances = InstanceSection::new();
        instances.export_items(exports);
        component.section(&instances);
        let index = self.next_core_instance;
        self.next_core_instance += 1;
        Ok(Some(index))
    }

    fn instantiate(
        &mut self,
        instances: &mut InstanceSection,
        module: u32,
        args: &[wasmparser::InstantiationArg<'_>],
        without: Option<u32>,
    ) -> Result<()> {
        let mut with = Vec::new();
        for arg in args {
            if [crate::HOOKS, rewrite::WITHOUT].contains(&arg.name) {
                return Err(reencode::Error::UserError(Uninstrumentable::NameTaken));
            }
            with.push((
                arg.name,
                ModuleArg::Instance(self.core_instance(arg.index)?),
            ));
        }
        let facts = self.survey.modules.get(module as usize);
        if facts.is_some_and(|facts| !facts.bodies.is_empty()) {
            with.push((crate::HOOKS, ModuleArg::Instance(0)));
        }
        if let Some(without) = without {
            with.push((rewrite::WITHOUT, ModuleArg::Instance(without)));
        }
        instances.instantiate(module, with);
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
        index.ok_or_else(|| undefined("core function", function))
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
        if self.depth > 0 {
            return index;
        }
        // A valid component refers to what stands before.
        self.core_instance(index).unwrap_or(u32::MAX)
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
            Payload::InstanceSection(section) => return self.instances(component, section.clone()),
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
        let facts = &self.survey.modules[module as usize];
        let copies = &self.survey.copies[module as usize];
        if facts.bodies.is_empty() {
            component.section(&RawSection {
                id: ComponentSectionId::CoreModule.into(),
                data: bytes,
            });
            return Ok(());
        }
        let rewritten = rewrite::rewrite(facts, module, self.functions, copies)?;
        self.functions += facts.bodies.len() as u32;
        component.section(&ModuleSection(&rewritten));
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

fn undefined(what: &str, index: u32) -> reencode::Error<Uninstrumentable> {
    reencode::Error::UserError(Uninstrumentable::Invalid {
        message: format!("{what} {index} is used before it is defined"),
    })
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
