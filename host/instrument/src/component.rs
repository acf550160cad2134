//! Rewrites a component and the components nested in it. Each gets the import of the hooks in front, everything
//! behind that import moves up, and each component hands the hooks down to the modules that it instantiates.

use wasm_encoder::reencode::{self, Reencode, ReencodeComponent, component_utils};
use wasm_encoder::{
    CanonicalOption, Component, ComponentAliasSection, ComponentExportKind,
    ComponentInstanceSection, ComponentNameSection, ComponentSectionId, ExportKind,
    InstanceSection, ModuleArg, ModuleSection, NestedComponentSection, RawSection,
};
use wasmparser::{ComponentInstance, ComponentName, Instance, Parser, Payload};

use crate::blocks::Blocks;
use crate::error::{Result, Uninstrumentable, undefined};
use crate::frame::{Frame, Scope};
use crate::hooks::HOOKS;
use crate::part::{Part, Passed, called_by_host};
use crate::prelude::{FUNCTIONS, HOOKS_CORE_INSTANCE, HOOKS_INSTANCE, INSTANCES, TYPES, prelude};
use crate::rewrite;
use crate::survey::Survey;

/// Rewrites one component and those nested in it, section by section.
pub(crate) struct Rewriter<'a> {
    survey: Survey<'a>,
    /// The components and types that are being read, outermost first.
    scopes: Vec<Scope>,
    /// Components, core modules and functions seen so far.
    parts: usize,
    modules: usize,
    functions: u32,
    /// The blocks, if each is to have a hook.
    pub(crate) blocks: Option<Blocks>,
}

impl<'a> Rewriter<'a> {
    pub(crate) fn new(survey: Survey<'a>, blocks: Option<Blocks>) -> Rewriter<'a> {
        let mut rewriter = Rewriter {
            survey,
            scopes: Vec::new(),
            parts: 0,
            modules: 0,
            functions: 0,
            blocks,
        };
        rewriter.open();
        // The outermost component gets the import even if there is nothing to hook.
        if let Some(Scope::Component(frame)) = rewriter.scopes.last_mut() {
            frame.has_hooks = true;
        }
        rewriter
    }

    /// Begins the next component.
    fn open(&mut self) {
        let place = self.parts;
        self.parts += 1;
        let has_hooks = self.survey.parts[place].gets_hooks;
        self.scopes
            .push(Scope::Component(Frame::new(place, has_hooks)));
    }

    /// The component that is being read, if its indices move. Inside a type they do not.
    fn moving(&self) -> Option<&Frame> {
        self.scopes.last().and_then(Scope::moving)
    }

    /// The component that is being read.
    fn frame(&mut self) -> Result<&mut Frame> {
        match self.scopes.last_mut() {
            Some(Scope::Component(frame)) => Ok(frame),
            _ => Err(reencode::Error::UserError(Uninstrumentable::Invalid {
                message: "a section stands outside of a component".to_owned(),
            })),
        }
    }

    fn part(&mut self) -> Result<&Part<'a>> {
        let place = self.frame()?.place;
        Ok(&self.survey.parts[place])
    }

    fn moved(&self, index: u32, by: u32) -> u32 {
        if self.moving().is_some() {
            index + by
        } else {
            index
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
            for called in called_by_host(&function?) {
                let Some(target) = self.part()?.called_by_host.get(&called).copied() else {
                    continue;
                };
                let frame = self.frame()?;
                if frame.copies.contains_key(&called) {
                    continue;
                }
                let name = rewrite::copy_name(target.function);
                let index = frame.alias(&mut aliases, target.instance, &name)?;
                frame.copies.insert(called, index);
            }
        }
        if !aliases.is_empty() {
            component.section(&aliases);
        }
        Ok(())
    }

    /// Core instances. Each is given the hooks and the functions without hooks that it needs.
    fn instances(
        &mut self,
        component: &mut Component,
        section: wasmparser::InstanceSectionReader<'_>,
    ) -> Result<()> {
        for instance in section {
            let instance = instance?;
            let mut instances = InstanceSection::new();
            if let Instance::Instantiate { module_index, args } = &instance {
                let module = self.part()?.modules.get(*module_index as usize).copied();
                let module = module.ok_or_else(|| undefined("core module", *module_index))?;
                let without = self.without_hooks(component, module)?;
                let args = self.arguments(module, args, without)?;
                instances.instantiate(*module_index, args);
            } else {
                component_utils::parse_instance(self, &mut instances, instance)?;
            }
            component.section(&instances);
            self.frame()?.push_core_instance();
        }
        Ok(())
    }

    /// Collects the functions without hooks that the next instance needs, if it needs any.
    fn without_hooks(&mut self, component: &mut Component, module: usize) -> Result<Option<u32>> {
        let imported = self.survey.copies[module].imported.clone();
        if imported.is_empty() {
            return Ok(None);
        }
        let instance = self.frame()?.core_instances();
        let mut aliases = ComponentAliasSection::new();
        let mut exports = Vec::new();
        for import in imported {
            let place = self.frame()?.place;
            let passed = self.survey.parts[place].passed(&self.survey.modules, instance, import);
            let function = match passed {
                Some(Passed::Target(target)) => {
                    let name = rewrite::copy_name(target.function);
                    self.frame()?.alias(&mut aliases, target.instance, &name)?
                }
                Some(Passed::Export { instance, name }) => {
                    self.frame()?.alias(&mut aliases, instance, name)?
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
        Ok(Some(self.frame()?.next_core_instance()))
    }

    fn arguments<'b>(
        &mut self,
        module: usize,
        args: &[wasmparser::InstantiationArg<'b>],
        without: Option<u32>,
    ) -> Result<Vec<(&'b str, ModuleArg)>> {
        let mut with = Vec::new();
        for arg in args {
            if [HOOKS, rewrite::WITHOUT].contains(&arg.name) {
                return Err(reencode::Error::UserError(Uninstrumentable::NameTaken));
            }
            let instance = self.frame()?.core_instance(arg.index)?;
            with.push((arg.name, ModuleArg::Instance(instance)));
        }
        if !self.survey.modules[module].bodies.is_empty() {
            with.push((HOOKS, ModuleArg::Instance(HOOKS_CORE_INSTANCE)));
        }
        if let Some(without) = without {
            with.push((rewrite::WITHOUT, ModuleArg::Instance(without)));
        }
        Ok(with)
    }
}

impl Reencode for Rewriter<'_> {
    type Error = Uninstrumentable;

    fn function_index(&mut self, function: u32) -> Result<u32> {
        match self.moving() {
            Some(frame) => frame.core_function(function),
            None => Ok(function),
        }
    }
}

impl ReencodeComponent for Rewriter<'_> {
    fn push_depth(&mut self) {
        self.scopes.push(Scope::Type);
    }

    fn pop_depth(&mut self) {
        self.scopes.pop();
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
        match self.moving() {
            // In a valid component an index refers to something earlier.
            Some(frame) => frame.core_instance(index).unwrap_or(u32::MAX),
            None => index,
        }
    }

    fn outer_component_type_index(&mut self, count: u32, index: u32) -> u32 {
        let scope = self.scopes.len().checked_sub(1 + count as usize);
        match scope.and_then(|scope| self.scopes[scope].moving()) {
            Some(_) => index + TYPES,
            None => index,
        }
    }

    fn canonical_option(&mut self, option: wasmparser::CanonicalOption) -> Result<CanonicalOption> {
        let copy = |rewriter: &mut Self, function| {
            let copy = rewriter
                .moving()
                .and_then(|frame| frame.copies.get(&function));
            match copy {
                Some(copy) => Ok(*copy),
                None => rewriter.function_index(function),
            }
        };
        Ok(match option {
            wasmparser::CanonicalOption::Realloc(function) => {
                CanonicalOption::Realloc(copy(self, function)?)
            }
            wasmparser::CanonicalOption::PostReturn(function) => {
                CanonicalOption::PostReturn(copy(self, function)?)
            }
            other => component_utils::canonical_option(self, other)?,
        })
    }

    fn parse_component_instance(
        &mut self,
        instances: &mut ComponentInstanceSection,
        instance: ComponentInstance<'_>,
    ) -> Result<()> {
        let ComponentInstance::Instantiate {
            component_index,
            args,
        } = &instance
        else {
            return component_utils::parse_component_instance(self, instances, instance);
        };
        let nested = self
            .part()?
            .components
            .get(*component_index as usize)
            .copied();
        let gets_hooks = nested
            .flatten()
            .is_some_and(|nested| self.survey.parts[nested].gets_hooks);
        let mut with = Vec::new();
        for arg in args {
            let index = self.component_external_index(arg.kind, arg.index);
            with.push((arg.name, ComponentExportKind::from(arg.kind), index));
        }
        if gets_hooks {
            with.push((HOOKS, ComponentExportKind::Instance, HOOKS_INSTANCE));
        }
        instances.instantiate(self.component_index(*component_index), with);
        Ok(())
    }

    fn parse_component_payload(
        &mut self,
        component: &mut Component,
        payload: Payload<'_>,
        whole_component: &[u8],
    ) -> Result<()> {
        if self.moving().is_some() {
            match &payload {
                Payload::Version { .. } => prelude(component),
                Payload::ComponentAliasSection(aliases) => self.frame()?.count_aliases(aliases)?,
                Payload::ComponentCanonicalSection(functions) => {
                    self.alias_copies(component, functions)?;
                    self.frame()?.count_canonical(functions)?;
                }
                Payload::InstanceSection(section) => {
                    return self.instances(component, section.clone());
                }
                _ => {}
            }
        }
        component_utils::parse_component_payload(self, component, payload, whole_component)
    }

    fn parse_component_subcomponent(
        &mut self,
        component: &mut Component,
        parser: Parser,
        bytes: &[u8],
        whole_component: &[u8],
    ) -> Result<()> {
        self.open();
        let mut nested = Component::new();
        component_utils::parse_component(self, &mut nested, parser, bytes, whole_component)?;
        component.section(&NestedComponentSection(&nested));
        self.scopes.pop();
        Ok(())
    }

    fn parse_component_submodule(
        &mut self,
        component: &mut Component,
        _: Parser,
        bytes: &[u8],
    ) -> Result<()> {
        let module = self.modules;
        self.modules += 1;
        let facts = &self.survey.modules[module];
        let copies = &self.survey.copies[module];
        if facts.bodies.is_empty() {
            component.section(&RawSection {
                id: ComponentSectionId::CoreModule.into(),
                data: bytes,
            });
            return Ok(());
        }
        let (first, blocks) = (self.functions, self.blocks.as_mut());
        let rewritten = rewrite::rewrite(facts, module as u32, first, copies, blocks)?;
        self.functions += facts.bodies.len() as u32;
        component.section(&ModuleSection(&rewritten));
        Ok(())
    }

    /// Keeps the component's own name. The names of its items are only for people who read the component, and
    /// nothing has checked that the named items exist.
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
