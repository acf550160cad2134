//! A first pass over the component: its core modules and instances, and which functions its host calls
//! while it may not call back.

use std::collections::{BTreeMap, BTreeSet};

use wasmparser::{
    CanonicalFunction, CanonicalOption, Chunk, ComponentAlias, ComponentExternalKind,
    ComponentOuterAliasKind, ComponentTypeRef, ExternalKind, Instance, Parser, Payload,
};

use crate::Function;
use crate::error::Uninstrumentable;
use crate::module::CoreModule;

/// What a component is made of.
#[derive(Default)]
pub(crate) struct Survey<'a> {
    /// Its core modules, in order.
    pub(crate) modules: Vec<CoreModule<'a>>,
    instances: Vec<CoreInstance<'a>>,
    functions: Vec<CoreFunction<'a>>,
    /// Core functions that canonical options name, where it can be told what they are.
    pub(crate) called_by_host: BTreeMap<u32, Target>,
}

/// A function of an instance of a core module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) instance: u32,
    pub(crate) module: u32,
    pub(crate) function: u32,
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
        Ok(survey)
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
                    Some((from, name)) => self.resolve_export(*args.get(from)?, name),
                    None => Some(Target {
                        instance,
                        module: *module,
                        function,
                    }),
                }
            }
        }
    }

    /// Functions of a module that are needed without hooks.
    pub(crate) fn without_hooks(&self, module: u32) -> Vec<u32> {
        let targets = self.called_by_host.values();
        let functions = targets.filter(|target| target.module == module);
        let functions: BTreeSet<u32> = functions.map(|target| target.function).collect();
        functions.into_iter().collect()
    }

    /// The first import of another module that each function stands in for: `module#name`.
    fn stands_for(&self) -> BTreeMap<(u32, u32), String> {
        let mut stands_for = BTreeMap::new();
        for instance in &self.instances {
            let CoreInstance::Of { module, args } = instance else {
                continue;
            };
            let facts = self.modules.get(*module as usize);
            for (from, name) in facts.map_or(&[][..], |facts| &facts.imports) {
                let found = args
                    .get(from)
                    .and_then(|&instance| self.resolve_export(instance, name));
                if let Some(Target {
                    module, function, ..
                }) = found
                {
                    stands_for
                        .entry((module, function))
                        .or_insert_with(|| format!("{from}#{name}"));
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
