//! Gives a component the least that an instance needs: the guest's module, and before it a module with its memory.
//!
//! An import that gets texts or lists needs the memory that they are in. `wit-component` takes it from the guest's
//! module, which must then exist before its imports do. So the guest imports functions of a module in front of it, the
//! shim, which call through a table, and a module behind it, the fix-up, puts the imports into that table. The host makes
//! these two modules, the table and each of its entries in every run.
//!
//! Here the memory, with what is in it at first, becomes a module of its own that is made first. The imports are made with
//! that memory, and the guest imports them as they are. Shim and fix-up are left out. This works if no import hands
//! texts or lists back to the guest, because that needs a function of the guest. The standard library has imports of
//! that kind, and a guest without it need not.

mod parts;

use anyhow::{Context, Result};
use wasm_encoder::{
    Alias, CanonicalFunctionSection, CanonicalOption, Component, ComponentAliasSection,
    ComponentExportKind, ComponentExportSection, CustomSection, ExportKind, InstanceSection,
    ModuleArg, ModuleSection, RawSection,
};
use wasmparser::{
    CanonicalFunction, CanonicalOption as Option_, ComponentAlias, ExternalKind, Instance,
};

use parts::{Item, Kind, Parts, Wired};

/// The name under which the guest imports its memory.
const MEMORY: (&str, &str) = ("env", "memory");

/// The component in this form, or nothing if it does not fit into it.
pub(crate) fn reshaped(component: &[u8]) -> Result<Option<Vec<u8>>> {
    let Some(parts) = Parts::of(component).context("cannot read the encoded component")? else {
        return Ok(None);
    };
    let Some(wired) = Wired::of(&parts) else {
        return Ok(None);
    };
    let Some((memory, guest)) = parts::split(parts.modules[wired.guest as usize], MEMORY)? else {
        return Ok(None);
    };
    let mut out = Component::new();
    for (id, data) in &parts.prefix {
        out.section(&RawSection { id: *id, data });
    }
    out.section(&ModuleSection(&memory));
    out.section(&ModuleSection(&guest));
    let mut instances = InstanceSection::new();
    instances.instantiate::<_, &str>(0, []);
    out.section(&instances);
    let mut aliases = ComponentAliasSection::new();
    aliases.alias(Alias::CoreInstanceExport {
        instance: 0,
        kind: ExportKind::Memory,
        name: MEMORY.1,
    });
    out.section(&aliases);
    Writer::new(&parts, &wired).write(&mut out)?;
    Ok(Some(out.finish()))
}

/// Where everything behind the modules now is.
struct Writer<'a> {
    parts: &'a Parts<'a>,
    wired: &'a Wired,
    /// The new index of each core instance, core function and function, by its old one.
    core_instances: Vec<Option<u32>>,
    core_functions: Vec<Option<u32>>,
    functions: Vec<Option<u32>>,
    made_core_instances: u32,
    made_core_functions: u32,
    made_functions: u32,
}

impl<'a> Writer<'a> {
    fn new(parts: &'a Parts<'a>, wired: &'a Wired) -> Writer<'a> {
        // Those of the imports stay where they are.
        let mut functions: Vec<_> = (0..parts.functions).map(Some).collect();
        functions.resize(functions.len() + parts.count(Kind::Function), None);
        Writer {
            parts,
            wired,
            core_instances: vec![None; parts.count(Kind::CoreInstance)],
            core_functions: vec![None; parts.count(Kind::CoreFunction)],
            functions,
            // The memory's.
            made_core_instances: 1,
            made_core_functions: 0,
            made_functions: parts.functions,
        }
    }

    /// First the imports that need memory, and then the rest, without what only served to wire these imports.
    fn write(mut self, out: &mut Component) -> Result<()> {
        for (place, item) in self.parts.items.iter().enumerate() {
            if self.wired.is_early(place) {
                self.item(out, item, place)?;
            }
        }
        // What the guest imported from the shim is what the fix-up put there.
        for &(shim, import) in &self.wired.imports {
            self.core_functions[shim as usize] = self.core_functions[import as usize];
        }
        for (place, item) in self.parts.items.iter().enumerate() {
            if !self.wired.is_early(place) && !self.wired.is_dropped(place) {
                self.item(out, item, place)?;
            }
        }
        Ok(())
    }

    fn item(&mut self, out: &mut Component, item: &Item<'_>, place: usize) -> Result<()> {
        let old = self.parts.index_of(place);
        match item {
            Item::CoreInstance(instance) => {
                out.section(&self.core_instance(instance)?);
            }
            Item::Alias(alias) => {
                let mut aliases = ComponentAliasSection::new();
                aliases.alias(self.alias(alias)?);
                out.section(&aliases);
            }
            Item::Canonical(function) => {
                let mut functions = CanonicalFunctionSection::new();
                self.canonical(&mut functions, function)?;
                out.section(&functions);
            }
            Item::Export(export) => {
                let mut exports = ComponentExportSection::new();
                let function = moved(&self.functions, export.index)?;
                exports.export(export.name, ComponentExportKind::Func, function, None);
                out.section(&exports);
            }
            Item::Types(data) => {
                let id = parts::TYPES;
                out.section(&RawSection { id, data });
            }
            Item::Custom(name, data) => {
                let (name, data) = ((*name).into(), (*data).into());
                out.section(&CustomSection { name, data });
            }
        }
        let (indices, made, old) = match item.kind() {
            Some(Kind::CoreInstance) => {
                (&mut self.core_instances, &mut self.made_core_instances, old)
            }
            Some(Kind::CoreFunction) => {
                (&mut self.core_functions, &mut self.made_core_functions, old)
            }
            Some(Kind::Function) => {
                let old = self.parts.functions as usize + old;
                (&mut self.functions, &mut self.made_functions, old)
            }
            None => return Ok(()),
        };
        indices[old] = Some(*made);
        *made += 1;
        Ok(())
    }

    fn core_instance(&self, instance: &Instance<'_>) -> Result<InstanceSection> {
        let mut instances = InstanceSection::new();
        match instance {
            Instance::Instantiate { args, .. } => {
                let mut with = Vec::new();
                for arg in args {
                    let index = moved(&self.core_instances, arg.index)?;
                    with.push((arg.name, ModuleArg::Instance(index)));
                }
                with.push((MEMORY.0, ModuleArg::Instance(0)));
                // The guest: nothing else is instantiated.
                instances.instantiate(1, with);
            }
            Instance::FromExports(exports) => {
                let mut with = Vec::new();
                for export in exports {
                    let index = moved(&self.core_functions, export.index)?;
                    with.push((export.name, ExportKind::Func, index));
                }
                instances.export_items(with);
            }
        }
        Ok(instances)
    }

    fn alias<'b>(&self, alias: &ComponentAlias<'b>) -> Result<Alias<'b>> {
        Ok(match *alias {
            ComponentAlias::InstanceExport {
                kind,
                instance_index: instance,
                name,
            } => Alias::InstanceExport {
                instance,
                kind: kind.into(),
                name,
            },
            ComponentAlias::CoreInstanceExport {
                kind: ExternalKind::Func,
                instance_index,
                name,
            } => Alias::CoreInstanceExport {
                instance: moved(&self.core_instances, instance_index)?,
                kind: ExportKind::Func,
                name,
            },
            _ => anyhow::bail!("an alias stands where none was expected"),
        })
    }

    fn canonical(
        &self,
        functions: &mut CanonicalFunctionSection,
        function: &CanonicalFunction,
    ) -> Result<()> {
        match function {
            CanonicalFunction::Lower {
                func_index,
                options,
            } => {
                let function = moved(&self.functions, *func_index)?;
                functions.lower(function, self.options(options)?);
            }
            CanonicalFunction::Lift {
                core_func_index,
                type_index,
                options,
            } => {
                let function = moved(&self.core_functions, *core_func_index)?;
                functions.lift(function, *type_index, self.options(options)?);
            }
            CanonicalFunction::ResourceDrop { resource } => {
                functions.resource_drop(*resource);
            }
            _ => anyhow::bail!("a canonical function stands where none was expected"),
        }
        Ok(())
    }

    fn options(&self, options: &[Option_]) -> Result<Vec<CanonicalOption>> {
        let options = options.iter().map(|option| {
            Ok(match *option {
                Option_::Realloc(function) => {
                    CanonicalOption::Realloc(moved(&self.core_functions, function)?)
                }
                Option_::PostReturn(function) => {
                    CanonicalOption::PostReturn(moved(&self.core_functions, function)?)
                }
                // There is one memory.
                other => other.into(),
            })
        });
        options.collect()
    }
}

fn moved(indices: &[Option<u32>], old: u32) -> Result<u32> {
    let new = indices.get(old as usize).copied().flatten();
    new.with_context(|| format!("index {old} stands for nothing"))
}

#[cfg(test)]
mod tests {
    use wasmparser::{Parser, Payload, Validator, WasmFeatures};
    use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
    use wit_parser::Resolve;

    use super::{parts::Parts, reshaped};

    const WIT: &str = r#"
        package test:memory;
        interface texts {
            take: func(text: string);
            count: func(number: u32) -> u32;
            give: func() -> string;
        }
        world guest { import texts; export run: func() -> string; }"#;

    fn encoded(imports: &str, body: &str) -> Vec<u8> {
        encoded_with(imports, body, "")
    }

    /// A guest with these imports, which does this.
    fn encoded_with(imports: &str, body: &str, more: &str) -> Vec<u8> {
        let guest = format!(
            r#"(module {imports} {more}
                (memory (export "memory") 2)
                (data (i32.const 16) "in memory at first")
                (table 1 funcref) (elem (i32.const 0) func $unused) (func $unused)
                (func (export "run") (result i32) {body} (i32.const 8))
                (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64)))"#
        );
        let mut module = wat::parse_str(guest).unwrap();
        let mut resolve = Resolve::default();
        let package = resolve.push_str("test.wit", WIT).unwrap();
        let world = resolve.select_world(&[package], None).unwrap();
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
        let mut encoder = ComponentEncoder::default().module(&module).unwrap();
        encoder.encode().unwrap()
    }

    const TAKE: &str = r#"(import "test:memory/texts" "take" (func $take (param i32 i32)))"#;
    const COUNT: &str = r#"(import "test:memory/texts" "count" (func (param i32) (result i32)))"#;
    const GIVE: &str = r#"(import "test:memory/texts" "give" (func (param i32)))"#;
    const CALL: &str = "(call $take (i32.const 16) (i32.const 9))";

    fn imports_of(module: &[u8]) -> Vec<String> {
        let mut names = Vec::new();
        for payload in Parser::new(0).parse_all(module) {
            if let Payload::ImportSection(section) = payload.unwrap() {
                let imports = section.into_imports().map(Result::unwrap);
                names.extend(imports.map(|import| format!("{} {}", import.module, import.name)));
            }
        }
        names
    }

    #[test]
    fn imports_that_take_texts_get_a_memory_that_is_made_before_the_guest() {
        let encoded = encoded(&format!("{TAKE}{COUNT}"), CALL);
        let reshaped = reshaped(&encoded).unwrap().unwrap();
        let features = WasmFeatures::default() | WasmFeatures::COMPONENT_MODEL;
        let mut validator = Validator::new_with_features(features);
        validator.validate_all(&reshaped).unwrap();
        assert!(reshaped.len() < encoded.len());
        let [before, after] = [&encoded, &reshaped].map(|bytes| Parts::of(bytes).unwrap().unwrap());
        assert_eq!((before.modules.len(), after.modules.len()), (3, 2));
        // The guest imports what it did, and the memory with its data is in front of it.
        let [memory, guest] = after.modules[..] else {
            panic!("there are two")
        };
        let mut expected = imports_of(before.modules[0]);
        expected.push("env memory".to_owned());
        assert_eq!(imports_of(guest), expected);
        assert!(imports_of(memory).is_empty());
        let has_data = |module: &[u8]| module.windows(9).any(|bytes| bytes == b"in memory");
        assert!(has_data(memory) && !has_data(guest));
        assert!(!has_table(guest));
    }

    fn has_table(module: &[u8]) -> bool {
        let mut payloads = Parser::new(0).parse_all(module);
        payloads.any(|payload| matches!(payload, Ok(Payload::TableSection(_))))
    }

    #[test]
    fn a_table_that_the_guest_calls_through_stays() {
        let call = format!("{CALL} (i32.const 0) (call_indirect)");
        let reshaped = reshaped(&encoded(TAKE, &call)).unwrap().unwrap();
        assert!(has_table(Parts::of(&reshaped).unwrap().unwrap().modules[1]));
    }

    #[test]
    fn a_guest_that_copies_its_data_itself_keeps_it() {
        let copies = "(memory.init $passive (i32.const 0) (i32.const 0) (i32.const 1))";
        let body = format!("{CALL} {copies}");
        let encoded = encoded_with(TAKE, &body, "(data $passive \"p\")");
        assert_eq!(reshaped(&encoded).unwrap(), None);
    }

    #[test]
    fn a_component_stays_as_it_is_if_an_import_gives_a_text_or_none_needs_memory() {
        for imports in [format!("{TAKE}{GIVE}"), COUNT.to_owned(), String::new()] {
            let body = if imports.contains("take") { CALL } else { "" };
            let encoded = encoded(&imports, body);
            assert_eq!(reshaped(&encoded).unwrap(), None, "{imports}");
        }
    }

    #[test]
    fn a_component_of_another_tool_stays_as_it_is() {
        let nested = "(component (component (core module)) (core module))";
        let with_start = "(component (core module $m) (core instance (instantiate $m)))";
        for text in [nested, with_start, "(component)"] {
            assert_eq!(reshaped(&wat::parse_str(text).unwrap()).unwrap(), None);
        }
    }
}
