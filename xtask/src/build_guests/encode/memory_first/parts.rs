//! What an encoded component consists of, and the module of its guest in two.

use std::collections::BTreeSet;

use anyhow::Result;
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{
    ExportKind, ExportSection, ImportSection, MemorySection, Module, RawSection, SectionId,
};
use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentAlias, ComponentExport, ComponentExternalKind,
    ComponentTypeRef, DataKind, DataSectionReader, ExternalKind, Instance, Operator, Parser,
    Payload,
};

/// The section of a component's types.
pub(super) const TYPES: u8 = 7;

/// The name of the section with the names of items, which are for people who read a component.
const NAMES: &str = "component-name";

/// What stands behind the modules.
pub(super) enum Item<'a> {
    CoreInstance(Instance<'a>),
    Alias(ComponentAlias<'a>),
    Canonical(CanonicalFunction),
    Export(ComponentExport<'a>),
    Types(&'a [u8]),
    Custom(&'a str, &'a [u8]),
}

/// What has indices of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    CoreInstance,
    CoreFunction,
    /// A function of the component.
    Function,
}

impl Item<'_> {
    /// What it makes; `None` if nothing refers to that by an index that moves.
    pub(super) fn kind(&self) -> Option<Kind> {
        match self {
            Item::CoreInstance(_) => Some(Kind::CoreInstance),
            Item::Alias(ComponentAlias::CoreInstanceExport { kind, .. }) => {
                (*kind == ExternalKind::Func).then_some(Kind::CoreFunction)
            }
            Item::Alias(alias) => is_function(alias).then_some(Kind::Function),
            Item::Canonical(CanonicalFunction::Lift { .. }) | Item::Export(_) => {
                Some(Kind::Function)
            }
            Item::Canonical(_) => Some(Kind::CoreFunction),
            Item::Types(_) | Item::Custom(..) => None,
        }
    }
}

/// Whether an alias makes a function of the component.
fn is_function(alias: &ComponentAlias<'_>) -> bool {
    let func = ComponentExternalKind::Func;
    matches!(alias, ComponentAlias::InstanceExport { kind, .. } if *kind == func)
}

/// A component as the encoder writes it.
pub(super) struct Parts<'a> {
    /// The sections before the first module: types and imports.
    pub(super) prefix: Vec<(u8, &'a [u8])>,
    /// The functions among them.
    pub(super) functions: u32,
    pub(super) modules: Vec<&'a [u8]>,
    pub(super) items: Vec<Item<'a>>,
}

impl<'a> Parts<'a> {
    /// Reads a component. There is nothing if it has what only other components have.
    pub(super) fn of(component: &'a [u8]) -> Result<Option<Parts<'a>>> {
        let mut parts = Parts {
            prefix: Vec::new(),
            functions: 0,
            modules: Vec::new(),
            items: Vec::new(),
        };
        let mut parser = Parser::new(0);
        let mut rest = component;
        loop {
            let wasmparser::Chunk::Parsed { consumed, payload } = parser.parse(rest, true)? else {
                return Ok(None);
            };
            rest = &rest[consumed..];
            match payload {
                Payload::End(_) => return Ok(Some(parts)),
                Payload::ModuleSection {
                    unchecked_range, ..
                } => {
                    let module = &component[unchecked_range];
                    // It is read later.
                    rest = &rest[module.len()..];
                    parts.modules.push(module);
                }
                payload => {
                    if !parts.add(component, payload)? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    fn add(&mut self, component: &'a [u8], payload: Payload<'a>) -> Result<bool> {
        let is_prefix = self.modules.is_empty();
        match payload {
            Payload::Version { .. } => {}
            Payload::CustomSection(section) if section.name() == NAMES => {}
            Payload::CustomSection(section) => {
                let custom = Item::Custom(section.name(), section.data());
                self.items.push(custom);
            }
            Payload::ComponentImportSection(section) if is_prefix => {
                for import in section.clone() {
                    let is_function = matches!(import?.ty, ComponentTypeRef::Func(_));
                    self.functions += u32::from(is_function);
                }
                self.prefix.push((10, &component[section.range()]));
            }
            Payload::ComponentAliasSection(section) if is_prefix => {
                for alias in section.clone() {
                    let alias = alias?;
                    if matches!(alias, ComponentAlias::CoreInstanceExport { .. }) {
                        return Ok(false);
                    }
                    self.functions += u32::from(is_function(&alias));
                }
                self.prefix.push((6, &component[section.range()]));
            }
            Payload::ComponentTypeSection(section) => {
                let data = &component[section.range()];
                match is_prefix {
                    true => self.prefix.push((TYPES, data)),
                    false => self.items.push(Item::Types(data)),
                }
            }
            Payload::InstanceSection(section) if !is_prefix => {
                for instance in section {
                    self.items.push(Item::CoreInstance(instance?));
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section {
                    self.items.push(Item::Alias(alias?));
                }
            }
            Payload::ComponentCanonicalSection(section) if !is_prefix => {
                for function in section {
                    self.items.push(Item::Canonical(function?));
                }
            }
            Payload::ComponentExportSection(section) if !is_prefix => {
                for export in section {
                    let export = export?;
                    if export.kind != ComponentExternalKind::Func || export.ty.is_some() {
                        return Ok(false);
                    }
                    self.items.push(Item::Export(export));
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The number of things of this kind that the items make.
    pub(super) fn count(&self, kind: Kind) -> usize {
        let items = self.items.iter();
        items.filter(|item| item.kind() == Some(kind)).count()
    }

    /// The index of what an item makes, among what the items make of its kind.
    pub(super) fn index_of(&self, place: usize) -> usize {
        let kind = self.items[place].kind();
        let before = self.items[..place].iter();
        before.filter(|item| item.kind() == kind).count()
    }

    /// The place of the item that makes something.
    fn place(&self, kind: Kind, index: u32) -> Option<usize> {
        let places = self.items.iter().enumerate();
        let mut places = places.filter(|(_, item)| item.kind() == Some(kind));
        Some(places.nth(index as usize)?.0)
    }
}

/// How the imports that need memory are wired: by a shim in front of the guest and a fix-up behind it.
pub(super) struct Wired {
    /// The module of the guest.
    pub(super) guest: u32,
    /// The core function that the guest imports from the shim, and the one that the fix-up puts there.
    pub(super) imports: Vec<(u32, u32)>,
    early: BTreeSet<usize>,
    dropped: BTreeSet<usize>,
}

impl Wired {
    /// What needs only the memory, and is made before the guest.
    pub(super) fn is_early(&self, place: usize) -> bool {
        self.early.contains(&place)
    }

    pub(super) fn is_dropped(&self, place: usize) -> bool {
        self.dropped.contains(&place)
    }

    /// There is nothing if it is not wired so, or if an import needs a function of the guest.
    pub(super) fn of(parts: &Parts<'_>) -> Option<Wired> {
        let instances = parts.items.iter().enumerate();
        let made: Vec<_> = instances
            .filter_map(|(place, item)| match item {
                Item::CoreInstance(Instance::Instantiate { module_index, args }) => {
                    Some((place, *module_index, args))
                }
                _ => None,
            })
            .collect();
        let &[(shim, _, none), (_, guest, _), (fix_up, _, arguments)] = &made[..] else {
            return None;
        };
        let [arguments] = &arguments[..] else {
            return None;
        };
        let puts = parts.place(Kind::CoreInstance, arguments.index)?;
        let Item::CoreInstance(Instance::FromExports(exports)) = &parts.items[puts] else {
            return None;
        };
        if !none.is_empty() || parts.modules.len() != 3 {
            return None;
        }
        let mut wired = Wired {
            guest,
            imports: Vec::new(),
            early: BTreeSet::new(),
            dropped: [shim, fix_up, puts].into(),
        };
        let shim = parts.index_of(shim) as u32;
        for (place, item) in parts.items.iter().enumerate() {
            let Item::Alias(ComponentAlias::CoreInstanceExport {
                kind,
                instance_index,
                name,
            }) = item
            else {
                continue;
            };
            if *kind != ExternalKind::Func {
                // The guest's memory, and the table between shim and fix-up.
                wired.dropped.insert(place);
            } else if *instance_index == shim {
                let import = exports.iter().find(|export| export.name == *name)?.index;
                wired.imports.push((parts.index_of(place) as u32, import));
                wired.dropped.insert(place);
                wired.add_early(parts, import)?;
            }
        }
        Some(wired)
    }

    fn add_early(&mut self, parts: &Parts<'_>, import: u32) -> Option<()> {
        let place = parts.place(Kind::CoreFunction, import)?;
        let Item::Canonical(CanonicalFunction::Lower {
            func_index,
            options,
        }) = &parts.items[place]
        else {
            return None;
        };
        let is_plain = |option: &CanonicalOption| {
            matches!(option, CanonicalOption::Memory(0) | CanonicalOption::UTF8)
        };
        if !options.iter().all(is_plain) {
            return None;
        }
        self.early.insert(place);
        if let Some(behind) = func_index.checked_sub(parts.functions) {
            self.early.insert(parts.place(Kind::Function, behind)?);
        }
        Some(())
    }
}

/// A module with the guest's memory and what is in it at first, and the guest with that memory imported. There is nothing
/// if the guest's own code needs what is in the memory at first.
pub(super) fn split(guest: &[u8], (from, name): (&str, &str)) -> Result<Option<(Module, Module)>> {
    let (mut imports, mut memories) = (ImportSection::new(), MemorySection::new());
    let (mut data, mut rest) = (Vec::new(), Vec::new());
    let mut uses_tables = false;
    for payload in Parser::new(0).parse_all(guest) {
        let payload = payload?;
        match &payload {
            Payload::ImportSection(section) => {
                RoundtripReencoder.parse_import_section(&mut imports, section.clone())?;
                continue;
            }
            Payload::MemorySection(section) => {
                for memory in section.clone() {
                    let memory = RoundtripReencoder.memory_type(memory?)?;
                    memories.memory(memory);
                    imports.import(from, name, memory);
                }
                continue;
            }
            Payload::DataSection(section) => {
                if !are_at_addresses(section.clone())? {
                    return Ok(None);
                }
                data.extend(payload.as_section());
                continue;
            }
            // The count is for instructions that name data.
            Payload::DataCountSection { .. } => continue,
            Payload::ExportSection(section) => {
                for export in section.clone() {
                    uses_tables |= export?.kind == ExternalKind::Table;
                }
            }
            Payload::CodeSectionEntry(body) => {
                for operator in body.get_operators_reader()? {
                    match operator? {
                        Operator::MemoryInit { .. } | Operator::DataDrop { .. } => {
                            return Ok(None);
                        }
                        operator => uses_tables |= is_of_tables(&operator),
                    }
                }
            }
            _ => {}
        }
        rest.extend(payload.as_section());
    }
    if memories.len() != 1 {
        return Ok(None);
    }
    if !uses_tables {
        // The compiler puts functions into a table that nothing calls through.
        let of_tables = [SectionId::Table as u8, SectionId::Element as u8];
        rest.retain(|(id, _)| !of_tables.contains(id));
    }
    let (mut memory, mut module) = (Module::new(), Module::new());
    memory.section(&memories);
    let mut exports = ExportSection::new();
    exports.export(name, ExportKind::Memory, 0);
    memory.section(&exports);
    for (id, range) in data {
        let data = &guest[range];
        memory.section(&RawSection { id, data });
    }
    let mut imports = Some(imports);
    for (id, range) in rest {
        // The imports stand behind the types.
        let is_before = [SectionId::Custom as u8, SectionId::Type as u8].contains(&id);
        if !is_before && let Some(imports) = imports.take() {
            module.section(&imports);
        }
        let data = &guest[range];
        module.section(&RawSection { id, data });
    }
    Ok(Some((memory, module)))
}

/// Whether all data is in memory from the beginning, at addresses that are numbers.
fn are_at_addresses(section: DataSectionReader<'_>) -> Result<bool> {
    for data in section {
        let DataKind::Active { offset_expr, .. } = data?.kind else {
            return Ok(false);
        };
        let first = offset_expr.get_operators_reader().read()?;
        if !matches!(first, Operator::I32Const { .. }) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_of_tables(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::CallIndirect { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::RefFunc { .. }
            | Operator::TableGet { .. }
            | Operator::TableSet { .. }
            | Operator::TableGrow { .. }
            | Operator::TableSize { .. }
            | Operator::TableFill { .. }
            | Operator::TableCopy { .. }
            | Operator::TableInit { .. }
            | Operator::ElemDrop { .. }
    )
}
