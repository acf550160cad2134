//! Takes the network out of a component.
//!
//! The libc of componentize-py imports `wasi:sockets`, whatever a guest does. A host grants the network to few
//! micro-apps, so a guest in Python would be refused nearly everywhere. Here a small component takes the place of these
//! imports: it has their types, and each of its functions traps.
//!
//! The small component is instantiated where the first of the imports stood, and an alias to one of its exports stands
//! where each of them stood. So only the indices of instances and components move, by one.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use wasm_encoder::reencode::{self, Reencode, ReencodeComponent, component_utils};
use wasm_encoder::{
    Alias, CodeSection, Component, ComponentAliasSection, ComponentExportKind,
    ComponentImportSection, ComponentInstanceSection, ComponentSectionId, ExportKind,
    ExportSection, Function, FunctionSection, Instruction, MemorySection, MemoryType, Module,
    RawSection, TypeSection, ValType,
};
use wasmparser::{ComponentAlias, ComponentExternalKind, ComponentTypeRef, Parser, Payload};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::abi::{AbiVariant, WasmType};
use wit_parser::{Resolve, WorldId, WorldItem};

use super::inner;
use super::world::version_of_wasi;

/// The beginning of the names of the imports that are taken out.
const OUT: &str = "wasi:sockets/";

/// The name of the component in their place.
const STAND_IN: &str = "no-network";

/// The memory's pages, and the most that it may have. Nothing uses them.
const NO_PAGES: u64 = 0;

/// Returns the component without imports of the network. `wit` is a folder with the packages of WASI.
pub(super) fn without_sockets(component: &[u8], wit: &Path) -> Result<Vec<u8>> {
    let found = Found::look(component)?;
    let Some(first) = found.first else {
        return Ok(component.to_vec());
    };
    let stand_in = stand_in(&found.taken_out, wit)?;
    let mut offline = Offline {
        found: &found,
        first,
        stand_in: &stand_in,
        is_placed: false,
    };
    let mut encoded = Component::new();
    offline
        .parse_component(&mut encoded, Parser::new(0), component)
        .map_err(|error| match error {
            reencode::Error::UserError(error) => error,
            error => anyhow::Error::msg(error.to_string()),
        })?;
    Ok(encoded.finish())
}

/// What the component imports, by index of the instance.
#[derive(Debug, Default)]
struct Found {
    /// The index of each imported instance, by its name without the version.
    imported: BTreeMap<String, u32>,
    /// The names of the imports that are taken out, without the version.
    taken_out: Vec<String>,
    /// The index of the first instance that is taken out, and how many components stand before it.
    first: Option<(u32, u32)>,
}

impl Found {
    fn look(component: &[u8]) -> Result<Found> {
        let mut found = Found::default();
        let (mut instances, mut components, mut depth) = (0, 0, 0);
        for payload in Parser::new(0).parse_all(component) {
            match payload? {
                Payload::ModuleSection { .. } => depth += 1,
                Payload::ComponentSection { .. } => {
                    components += u32::from(depth == 0);
                    depth += 1;
                }
                Payload::End(_) => depth = i32::max(depth - 1, 0),
                _ if depth > 0 => {}
                Payload::ComponentImportSection(imports) => {
                    for import in imports {
                        let import = import?;
                        if !matches!(import.ty, ComponentTypeRef::Instance(_)) {
                            continue;
                        }
                        let name = unversioned(import.name.name);
                        if name.starts_with(OUT) {
                            found.first.get_or_insert((instances, components));
                            found.taken_out.push(name.to_owned());
                        }
                        found.imported.insert(name.to_owned(), instances);
                        instances += 1;
                    }
                }
                Payload::ComponentInstanceSection(section) => instances += section.count(),
                Payload::ComponentAliasSection(section) => {
                    for alias in section {
                        let kind = ComponentExternalKind::Instance;
                        instances += u32::from(matches!(
                            alias?,
                            ComponentAlias::InstanceExport { kind: found, .. } if found == kind
                        ));
                    }
                }
                _ => {}
            }
        }
        Ok(found)
    }
}

fn unversioned(name: &str) -> &str {
    name.split_once('@').map_or(name, |(name, _)| name)
}

/// The component in the place of the imports.
struct StandIn {
    component: Vec<u8>,
    /// The full names of its imports.
    imports: Vec<String>,
    /// The full names of its exports.
    exports: Vec<String>,
}

/// A component that exports these interfaces of WASI. Its functions trap.
fn stand_in(interfaces: &[String], wit: &Path) -> Result<StandIn> {
    let version = version_of_wasi()?;
    let mut resolve = Resolve::default();
    resolve.push_dir(wit)?;
    let mut text = "package local:network;\n\nworld network {\n".to_owned();
    for interface in interfaces {
        text += &format!("    export {interface}@{version};\n");
    }
    text += "}\n";
    let package = resolve.push_str("network.wit", &text)?;
    let world = resolve.select_world(&[package], Some("network"))?;
    let mut module = trapping(&resolve, world)?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    let names = |items: Vec<_>| -> Vec<String> {
        (items.into_iter())
            .map(|key| resolve.name_world_key(key))
            .collect()
    };
    let world = &resolve.worlds[world];
    Ok(StandIn {
        component: inner::named(
            &ComponentEncoder::default().module(&module)?.encode()?,
            STAND_IN,
        )?,
        imports: names(world.imports.keys().collect()),
        exports: names(world.exports.keys().collect()),
    })
}

/// A core module for a world of exported interfaces, in which every function traps.
fn trapping(resolve: &Resolve, world: WorldId) -> Result<Vec<u8>> {
    let (mut types, mut functions) = (TypeSection::new(), FunctionSection::new());
    let (mut exports, mut code) = (ExportSection::new(), CodeSection::new());
    let mut add = |name: &str, params: Vec<ValType>, results: Vec<ValType>| {
        let index = types.len();
        types.ty().function(params, results);
        functions.function(index);
        exports.export(name, ExportKind::Func, index);
        let mut body = Function::new([]);
        body.instruction(&Instruction::Unreachable);
        body.instruction(&Instruction::End);
        code.function(&body);
    };
    add("cabi_realloc", vec![ValType::I32; 4], vec![ValType::I32]);
    for (key, item) in &resolve.worlds[world].exports {
        let WorldItem::Interface { id, .. } = item else {
            bail!("the world exports something else than an interface")
        };
        for (name, function) in &resolve.interfaces[*id].functions {
            let signature = resolve.wasm_signature(AbiVariant::GuestExport, function);
            let values = |types: &[WasmType]| types.iter().map(value).collect();
            add(
                &format!("{}#{name}", resolve.name_world_key(key)),
                values(&signature.params),
                values(&signature.results),
            );
        }
    }
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: NO_PAGES,
        maximum: Some(NO_PAGES),
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    exports.export("memory", ExportKind::Memory, 0);
    let mut module = Module::new();
    module
        .section(&types)
        .section(&functions)
        .section(&memories)
        .section(&exports)
        .section(&code);
    Ok(module.finish())
}

fn value(ty: &WasmType) -> ValType {
    match ty {
        WasmType::I64 | WasmType::PointerOrI64 => ValType::I64,
        WasmType::F32 => ValType::F32,
        WasmType::F64 => ValType::F64,
        WasmType::I32 | WasmType::Pointer | WasmType::Length => ValType::I32,
    }
}

/// Encodes the component anew.
struct Offline<'a> {
    found: &'a Found,
    first: (u32, u32),
    stand_in: &'a StandIn,
    is_placed: bool,
}

impl Offline<'_> {
    /// Defines the stand-in and makes an instance of it.
    fn place(&mut self, component: &mut Component) -> Result<()> {
        component.section(&RawSection {
            id: ComponentSectionId::Component.into(),
            data: &self.stand_in.component,
        });
        let mut arguments = Vec::new();
        for name in &self.stand_in.imports {
            let index = self.found.imported.get(unversioned(name));
            let index = *index.with_context(|| format!("the component has no import `{name}`"))?;
            ensure!(
                index < self.first.0,
                "`{name}` is imported after `{OUT}`, expected before"
            );
            arguments.push((name.as_str(), ComponentExportKind::Instance, index));
        }
        let mut instances = ComponentInstanceSection::new();
        instances.instantiate(self.first.1, arguments);
        component.section(&instances);
        self.is_placed = true;
        Ok(())
    }

    fn imports(
        &mut self,
        component: &mut Component,
        section: wasmparser::ComponentImportSectionReader<'_>,
    ) -> Result<()> {
        for import in section {
            let import = import?;
            let name = unversioned(import.name.name);
            if !name.starts_with(OUT) {
                let mut imports = ComponentImportSection::new();
                let ty = self.component_type_ref(import.ty);
                imports.import(import.name, ty.map_err(|error| anyhow::anyhow!("{error}"))?);
                component.section(&imports);
                continue;
            }
            if !self.is_placed {
                self.place(component)?;
            }
            let mut exports = self.stand_in.exports.iter();
            let export = exports.find(|export| unversioned(export) == name);
            let mut aliases = ComponentAliasSection::new();
            aliases.alias(Alias::InstanceExport {
                instance: self.first.0,
                kind: ComponentExportKind::Instance,
                name: export.with_context(|| format!("nothing stands in for `{name}`"))?,
            });
            component.section(&aliases);
        }
        Ok(())
    }
}

impl Reencode for Offline<'_> {
    type Error = anyhow::Error;
}

impl ReencodeComponent for Offline<'_> {
    fn component_instance_index(&mut self, index: u32) -> u32 {
        index + u32::from(index >= self.first.0)
    }

    fn component_index(&mut self, index: u32) -> u32 {
        index + u32::from(index >= self.first.1)
    }

    fn parse_component_payload(
        &mut self,
        component: &mut Component,
        payload: Payload<'_>,
        whole: &[u8],
    ) -> Result<(), reencode::Error<anyhow::Error>> {
        match payload {
            Payload::ComponentImportSection(section) => self
                .imports(component, section)
                .map_err(reencode::Error::UserError),
            payload => component_utils::parse_component_payload(self, component, payload, whole),
        }
    }

    // What is inside has indices of its own, and stays as it is.

    fn parse_component_submodule(
        &mut self,
        component: &mut Component,
        _: Parser,
        module: &[u8],
    ) -> Result<(), reencode::Error<anyhow::Error>> {
        component.section(&RawSection {
            id: ComponentSectionId::CoreModule.into(),
            data: module,
        });
        Ok(())
    }

    fn parse_component_subcomponent(
        &mut self,
        component: &mut Component,
        _: Parser,
        inner: &[u8],
        _: &[u8],
    ) -> Result<(), reencode::Error<anyhow::Error>> {
        component.section(&RawSection {
            id: ComponentSectionId::Component.into(),
            data: inner,
        });
        Ok(())
    }

    fn component_instance_type(
        &mut self,
        ty: Box<[wasmparser::InstanceTypeDeclaration<'_>]>,
    ) -> Result<wasm_encoder::InstanceType, reencode::Error<anyhow::Error>> {
        // Aliases inside a type name instances of the type.
        let first = std::mem::replace(&mut self.first, (u32::MAX, u32::MAX));
        let encoded = component_utils::component_instance_type(self, ty);
        self.first = first;
        encoded
    }
}
