//! One component, the outermost or a nested one: what it instantiates, and what its functions stand for.

use std::collections::{BTreeMap, BTreeSet};

use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentAlias, ComponentExternalKind, ComponentInstance,
    ComponentName, ComponentTypeRef, ExternalKind, Instance, KnownCustom, Payload,
};

use crate::error::Uninstrumentable;
use crate::hooks::HOOKS;
use crate::module::CoreModule;

/// A component, read.
#[derive(Default)]
pub(crate) struct Part<'a> {
    /// The component that it is nested in.
    pub(crate) parent: Option<usize>,
    pub(crate) name: Option<&'a str>,
    /// Its core modules, as indices among all modules.
    pub(crate) modules: Vec<usize>,
    /// Its components, as indices among all parts; `None` for one whose bytes are not here.
    pub(crate) components: Vec<Option<usize>>,
    /// The components that it instantiates.
    pub(crate) instantiated: Vec<Option<usize>>,
    /// The components that it passes on to be instantiated elsewhere.
    pub(crate) handed_on: Vec<Option<usize>>,
    instances: Vec<CoreInstance<'a>>,
    /// Where each core function is defined, however often it was passed on; `None` for a function of the host.
    functions: Vec<Option<Target>>,
    /// The core functions that canonical options name.
    pub(crate) options: BTreeSet<u32>,
    /// Those of them that are a `realloc`.
    pub(crate) reallocs: BTreeSet<u32>,
    /// What the options name, if it can be determined.
    pub(crate) called_by_host: BTreeMap<u32, Target>,
    /// Whether it lifts or lowers functions.
    pub(crate) is_bound: bool,
    /// Whether it, or a component that it instantiates, has functions of its own.
    pub(crate) gets_hooks: bool,
    /// Whether it uses a name of the hooks for something else.
    pub(crate) takes_name: bool,
}

/// A function of an instance of a core module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// The index of the instance in its part.
    pub(crate) instance: u32,
    /// The index of the module among those of all parts.
    pub(crate) module: usize,
    pub(crate) function: u32,
}

/// What an instance is given for an import.
pub(crate) enum Passed<'a> {
    /// A function of a module in the component.
    Target(Target),
    /// A core function that the host provides.
    Function(u32),
    /// An export that an instance passes on from the host.
    Export { instance: u32, name: &'a str },
}

enum CoreInstance<'a> {
    Of {
        module: usize,
        args: BTreeMap<&'a str, u32>,
    },
    /// Functions collected under names.
    Exports(BTreeMap<&'a str, u32>),
}

impl<'a> Part<'a> {
    pub(crate) fn nested_in(parent: usize) -> Part<'a> {
        Part {
            parent: Some(parent),
            ..Part::default()
        }
    }

    /// Reads a section, except modules, components and aliases.
    pub(crate) fn visit(&mut self, payload: Payload<'a>) -> Result<(), Uninstrumentable> {
        match payload {
            Payload::ComponentImportSection(imports) => {
                for import in imports {
                    let import = import?;
                    self.takes_name |= import.name.name == HOOKS;
                    match import.ty {
                        ComponentTypeRef::Module(_) => {
                            return Err(Uninstrumentable::ForeignModule);
                        }
                        ComponentTypeRef::Component(_) => self.components.push(None),
                        _ => {}
                    }
                }
            }
            Payload::InstanceSection(instances) => {
                for instance in instances {
                    let instance = self.core_instance(instance?)?;
                    self.instances.push(instance);
                }
            }
            Payload::ComponentInstanceSection(instances) => {
                for instance in instances {
                    self.instance(&instance?);
                }
            }
            Payload::ComponentExportSection(exports) => {
                for export in exports {
                    self.export(&export?);
                }
            }
            Payload::ComponentCanonicalSection(functions) => {
                for function in functions {
                    self.canonical(&function?);
                }
            }
            Payload::CustomSection(section) => {
                if let KnownCustom::ComponentName(names) = section.as_known() {
                    // This section is only for people: unreadable names are skipped.
                    for name in names.into_iter().map_while(Result::ok) {
                        if let ComponentName::Component { name, .. } = name {
                            self.name = Some(name);
                        }
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn core_instance(&self, instance: Instance<'a>) -> Result<CoreInstance<'a>, Uninstrumentable> {
        Ok(match instance {
            Instance::Instantiate { module_index, args } => CoreInstance::Of {
                module: *self.modules.get(module_index as usize).ok_or_else(|| {
                    Uninstrumentable::Invalid {
                        message: format!("core module {module_index} is used before it is defined"),
                    }
                })?,
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
        })
    }

    fn component(&self, index: u32) -> Option<usize> {
        self.components.get(index as usize).copied().flatten()
    }

    fn instance(&mut self, instance: &ComponentInstance<'_>) {
        match instance {
            ComponentInstance::Instantiate {
                component_index,
                args,
            } => {
                self.instantiated.push(self.component(*component_index));
                for arg in args {
                    if arg.kind == ComponentExternalKind::Component {
                        self.handed_on.push(self.component(arg.index));
                    }
                }
            }
            ComponentInstance::FromExports(exports) => {
                for export in exports {
                    if export.kind == ComponentExternalKind::Component {
                        self.handed_on.push(self.component(export.index));
                    }
                }
            }
        }
    }

    /// An export gets an index of its own.
    fn export(&mut self, export: &wasmparser::ComponentExport<'_>) {
        let index = export.index as usize;
        match export.kind {
            ComponentExternalKind::Module => {
                self.modules.extend(self.modules.get(index).copied());
            }
            ComponentExternalKind::Component => {
                let component = self.component(export.index);
                self.handed_on.push(component);
                self.components.push(component);
            }
            _ => {}
        }
    }

    /// Reads an alias of something in this part. The survey reads aliases of the components around it.
    pub(crate) fn alias(
        &mut self,
        modules: &[CoreModule<'a>],
        alias: &ComponentAlias<'a>,
    ) -> Result<(), Uninstrumentable> {
        match alias {
            ComponentAlias::CoreInstanceExport {
                kind: ExternalKind::Func | ExternalKind::FuncExact,
                instance_index,
                name,
            } => {
                let target = self.resolve_export(modules, *instance_index, name);
                self.functions.push(target);
            }
            ComponentAlias::InstanceExport {
                kind: ComponentExternalKind::Module,
                ..
            } => return Err(Uninstrumentable::ForeignModule),
            ComponentAlias::InstanceExport {
                kind: ComponentExternalKind::Component,
                ..
            } => self.components.push(None),
            _ => {}
        }
        Ok(())
    }

    fn canonical(&mut self, function: &CanonicalFunction) {
        self.options.extend(called_by_host(function));
        match function {
            CanonicalFunction::Lift { options, .. } | CanonicalFunction::Lower { options, .. } => {
                self.is_bound = true;
                self.reallocs
                    .extend(options.iter().filter_map(|option| match option {
                        CanonicalOption::Realloc(function) => Some(*function),
                        _ => None,
                    }));
            }
            _ => {}
        }
        if !matches!(function, CanonicalFunction::Lift { .. }) {
            self.functions.push(None);
        }
    }

    /// Instances of core modules, with their modules.
    pub(crate) fn module_instances(&self) -> impl Iterator<Item = (u32, usize)> {
        let instances = self.instances.iter().zip(0..);
        instances.filter_map(|(instance, index)| match instance {
            CoreInstance::Of { module, .. } => Some((index, *module)),
            CoreInstance::Exports(_) => None,
        })
    }

    pub(crate) fn instantiated_modules(&self) -> BTreeSet<usize> {
        self.module_instances().map(|(_, module)| module).collect()
    }

    /// What an instance is given for an imported function of its module.
    pub(crate) fn passed(
        &self,
        modules: &[CoreModule<'a>],
        instance: u32,
        import: u32,
    ) -> Option<Passed<'a>> {
        let CoreInstance::Of { module, args } = self.instances.get(instance as usize)? else {
            return None;
        };
        let import = modules.get(*module)?.imports.get(import as usize)?;
        let (from, name) = (*args.get(import.module)?, import.name);
        if let Some(target) = self.resolve_export(modules, from, name) {
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

    /// Where a core function is defined; `None` for a function of the host.
    pub(crate) fn resolve(&self, function: u32) -> Option<Target> {
        self.functions.get(function as usize).copied().flatten()
    }

    fn resolve_export(
        &self,
        modules: &[CoreModule<'a>],
        mut instance: u32,
        mut name: &'a str,
    ) -> Option<Target> {
        loop {
            let (module, args) = match self.instances.get(instance as usize)? {
                CoreInstance::Exports(exports) => return self.resolve(*exports.get(name)?),
                CoreInstance::Of { module, args } => (*module, args),
            };
            let facts = modules.get(module)?;
            let function = *facts.exports.get(name)?;
            let Some(import) = facts.imports.get(function as usize) else {
                return Some(Target {
                    instance,
                    module,
                    function,
                });
            };
            let from = *args.get(import.module)?;
            // In a valid component, an instance passes on only what came before it.
            if from >= instance {
                return None;
            }
            (instance, name) = (from, import.name);
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
