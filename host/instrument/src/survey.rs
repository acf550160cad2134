//! A first pass over the component: its core modules and instances, and which functions its host calls
//! while it may not call back.

use std::collections::{BTreeMap, BTreeSet};

use wasmparser::{
    CanonicalFunction, CanonicalOption, Chunk, ComponentAlias, ComponentExternalKind,
    ComponentOuterAliasKind, ComponentTypeRef, ExternalKind, Instance, Parser, Payload,
};

use crate::Function;
use crate::error::Uninstrumentable;
use crate::module::{Copies, CoreModule};

/// What a component is made of.
#[derive(Default)]
pub(crate) struct Survey<'a> {
    /// Its core modules, in order.
    pub(crate) modules: Vec<CoreModule<'a>>,
    instances: Vec<CoreInstance<'a>>,
    functions: Vec<CoreFunction<'a>>,
    /// Core functions that canonical options name, where it can be told what they are.
    pub(crate) called_by_host: BTreeMap<u32, Target>,
    /// For each module, what is needed of it without hooks.
    pub(crate) copies: Vec<Copies>,
}

/// A function of an instance of a core module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) instance: u32,
    pub(crate) module: u32,
    pub(crate) function: u32,
}

/// What an instance is given for an import.
pub(crate) enum Passed<'a> {
    /// A function of a module in the component.
    Target(Target),
    /// A core function of the host's code.
    Function(u32),
    /// An export that an instance passes on from the host.
    Export { instance: u32, name: &'a str },
}

enum CoreInstance<'a> {
    Of {
        module: u32,
        args: BTreeMap<&'a str, u32>,
    },
    /// Functions put together under names.
    Exports(BTreeMap<&'a str, u32>),
}

enum CoreFunction<'a> {
    Alias {
        instance: u32,
        name: &'a str,
    },
    /// Made by the canonical ABI: the host's code.
    Canonical,
}

impl<'a> Survey<'a> {
    pub(crate) fn of(component: &'a [u8]) -> Result<Survey<'a>, Uninstrumentable> {
        let mut survey = Survey::default();
        let mut options = BTreeSet::new();
        let (mut parser, mut rest) = (Parser::new(0), component);
        while !rest.is_empty() {
            let Chunk::Parsed { consumed, payload } = parser.parse(rest, true)? else {
                break;
            };
            rest = rest.get(consumed..).unwrap_or_default();
            match &payload {
                Payload::ModuleSection {
                    unchecked_range, ..
                } => {
                    let bytes = component.get(unchecked_range.clone()).unwrap_or_default();
                    survey.modules.push(CoreModule::read(bytes)?);
                    rest = rest.get(bytes.len()..).unwrap_or_default();
                }
                Payload::ComponentSection {
                    unchecked_range, ..
                } => rest = rest.get(unchecked_range.len()..).unwrap_or_default(),
                _ => survey.visit(payload, &mut options)?,
            }
        }
        if survey.modules.iter().any(|module| module.takes_name) {
            return Err(Uninstrumentable::NameTaken);
        }
        for function in options {
            if let Some(target) = survey.resolve(function) {
                survey.called_by_host.insert(function, target);
            }
        }
        survey.copies = survey.find_copies()?;
        Ok(survey)
    }

    /// What the host calls while it may not be called, and all that this reaches by direct calls, from
    /// module to module.
    fn find_copies(&self) -> Result<Vec<Copies>, Uninstrumentable> {
        let mut copies: Vec<_> = self.modules.iter().map(|_| Copies::default()).collect();
        let mut needed = vec![BTreeSet::new(); self.modules.len()];
        let mut targets: Vec<Target> = self.called_by_host.values().copied().collect();
        let mut open = BTreeSet::new();
        loop {
            for target in targets.drain(..) {
                if needed[target.module as usize].insert(target.function) {
                    open.insert(target.module);
                }
            }
            // Modules mostly call those before them, so that of each its callers come first.
            let Some(module) = open.pop_last() else {
                return Ok(copies);
            };
            let place = module as usize;
            copies[place] = self.modules[place].copies(&needed[place])?;
            for instance in self.instances_of(module) {
                for &import in &copies[place].imported {
                    if let Some(Passed::Target(target)) = self.passed(instance, import) {
                        targets.push(target);
                    }
                }
            }
        }
    }

    fn instances_of(&self, module: u32) -> impl Iterator<Item = u32> {
        let instances = self.instances.iter().zip(0..);
        instances.filter_map(move |(instance, index)| match instance {
            CoreInstance::Of { module: of, .. } if *of == module => Some(index),
            _ => None,
        })
    }

    /// What stands for a module's imported function in an instance of it.
    pub(crate) fn passed(&self, instance: u32, import: u32) -> Option<Passed<'a>> {
        let CoreInstance::Of { module, args } = self.instances.get(instance as usize)? else {
            return None;
        };
        let facts = self.modules.get(*module as usize)?;
        let import = facts.imports.get(import as usize)?;
        let (from, name) = (*args.get(import.module)?, import.name);
        if let Some(target) = self.resolve_export(from, name) {
            return Some(Passed::Target(target));
        }
        Some(match self.instances.get(from as usize)? {
            CoreInstance::Exports(exports) => Passed::Function(*exports.get(name)?),
            CoreInstance::Of { .. } => Passed::Export {
                instance: from,
                name,
            },
        })
    }

    fn visit(
        &mut self,
        payload: Payload<'a>,
        options: &mut BTreeSet<u32>,
    ) -> Result<(), Uninstrumentable> {
        match payload {
            Payload::ComponentImportSection(imports) => {
                for import in imports {
                    let import = import?;
                    if import.name.name == crate::HOOKS {
                        return Err(Uninstrumentable::NameTaken);
                    }
                    if let ComponentTypeRef::Module(_) = import.ty {
                        return Err(Uninstrumentable::ForeignModule);
                    }
                }
            }
            Payload::InstanceSection(instances) => {
                for instance in instances {
                    self.instances.push(CoreInstance::read(instance?));
                }
            }
            Payload::ComponentAliasSection(aliases) => {
                for alias in aliases {
                    self.alias(alias?)?;
                }
            }
            Payload::ComponentCanonicalSection(functions) => {
                for function in functions {
                    let function = function?;
                    options.extend(called_by_host(&function));
                    if !matches!(function, CanonicalFunction::Lift { .. }) {
                        self.functions.push(CoreFunction::Canonical);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn alias(&mut self, alias: ComponentAlias<'a>) -> Result<(), Uninstrumentable> {
        match alias {
            ComponentAlias::CoreInstanceExport {
                kind: ExternalKind::Func | ExternalKind::FuncExact,
                instance_index: instance,
                name,
            } => self.functions.push(CoreFunction::Alias { instance, name }),
            ComponentAlias::InstanceExport {
                kind: ComponentExternalKind::Module,
                ..
            }
            | ComponentAlias::Outer {
                kind: ComponentOuterAliasKind::CoreModule,
                ..
            } => return Err(Uninstrumentable::ForeignModule),
            _ => {}
        }
        Ok(())
    }

    /// Where a core function is defined, through all that passes it on; nothing for one of the host's.
    ///
    /// It ends, because what is passed on was there before.
    fn resolve(&self, function: u32) -> Option<Target> {
        match self.functions.get(function as usize)? {
            CoreFunction::Canonical => None,
            CoreFunction::Alias { instance, name } => self.resolve_export(*instance, name),
        }
    }

    fn resolve_export(&self, instance: u32, name: &str) -> Option<Target> {
        match self.instances.get(instance as usize)? {
            CoreInstance::Exports(exports) => self.resolve(*exports.get(name)?),
            CoreInstance::Of { module, args } => {
                let facts = self.modules.get(*module as usize)?;
                let function = *facts.exports.get(name)?;
                match facts.imports.get(function as usize) {
                    Some(import) => self.resolve_export(*args.get(import.module)?, import.name),
                    None => Some(Target {
                        instance,
                        module: *module,
                        function,
                    }),
                }
            }
        }
    }

    /// The first import of another module that each function stands in for: `module#name`.
    fn stands_for(&self) -> BTreeMap<(u32, u32), String> {
        let mut stands_for = BTreeMap::new();
        for instance in 0..self.instances.len() as u32 {
            let Some(CoreInstance::Of { module, .. }) = self.instances.get(instance as usize)
            else {
                continue;
            };
            let facts = self.modules.get(*module as usize);
            let imports = facts.map_or(&[][..], |facts| &facts.imports);
            for (import, index) in imports.iter().zip(0..) {
                if let Some(Passed::Target(target)) = self.passed(instance, index) {
                    stands_for
                        .entry((target.module, target.function))
                        .or_insert_with(|| format!("{}#{}", import.module, import.name));
                }
            }
        }
        stands_for
    }

    /// Every function that gets hooks, in the order of their numbers.
    pub(crate) fn functions(&self) -> Vec<Function> {
        let mut stands_for = self.stands_for();
        let modules = self.modules.iter().zip(0..);
        let mut functions = Vec::new();
        for (facts, module) in modules {
            for index in (facts.imported()..).take(facts.bodies.len()) {
                functions.push(Function {
                    module,
                    module_name: facts.name.map(str::to_owned),
                    index,
                    name: facts.names.get(&index).map(|name| (*name).to_owned()),
                    stands_for: stands_for.remove(&(module, index)),
                });
            }
        }
        functions
    }
}

impl<'a> CoreInstance<'a> {
    fn read(instance: Instance<'a>) -> CoreInstance<'a> {
        match instance {
            Instance::Instantiate { module_index, args } => CoreInstance::Of {
                module: module_index,
                args: args.iter().map(|arg| (arg.name, arg.index)).collect(),
            },
            Instance::FromExports(exports) => {
                let functions = exports.iter().filter(|export| {
                    matches!(export.kind, ExternalKind::Func | ExternalKind::FuncExact)
                });
                CoreInstance::Exports(
                    functions
                        .map(|export| (export.name, export.index))
                        .collect(),
                )
            }
        }
    }
}

/// The core functions that the host calls for lifting or lowering this one.
pub(crate) fn called_by_host(function: &CanonicalFunction) -> impl Iterator<Item = u32> {
    let options = match function {
        CanonicalFunction::Lift { options, .. } | CanonicalFunction::Lower { options, .. } => {
            options.as_ref()
        }
        _ => &[],
    };
    options.iter().filter_map(|option| match option {
        CanonicalOption::Realloc(function) | CanonicalOption::PostReturn(function) => {
            Some(*function)
        }
        _ => None,
    })
}
