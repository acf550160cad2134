//! `build-guests --sizes`: what the bytes of a component are made of, and whose code they contain.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use comfy_table::{CellAlignment, Table, presets};
use fractalaw_contract::function_name;
use wasmparser::{KnownCustom, Name, Parser, Payload, TypeRef};

/// The functions that are shown for each guest.
const LARGEST: usize = 10;

/// The bytes of one component by purpose.
#[derive(Debug, Default)]
struct Sizes {
    parts: BTreeMap<&'static str, usize>,
    /// The bodies of functions by name.
    functions: Vec<(String, usize)>,
}

/// The breakdown as text: the parts, then the largest functions.
pub(crate) fn breakdown(guest: &str, component: &[u8]) -> Result<String> {
    let sizes =
        measure(component).with_context(|| format!("cannot read the component `{guest}`"))?;
    let mut table = table([guest, "bytes", "percent"]);
    let mut parts: Vec<_> = sizes.parts.into_iter().collect();
    parts.push(("total", component.len()));
    for (part, bytes) in parts {
        let percent = bytes as f64 * 100.0 / component.len() as f64;
        table.add_row([part.to_owned(), bytes.to_string(), format!("{percent:.1}")]);
    }
    let mut largest = sizes.functions;
    largest.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let mut functions = self::table(["largest functions", "bytes", ""]);
    for (name, bytes) in largest.into_iter().take(LARGEST) {
        functions.add_row([name, bytes.to_string(), String::new()]);
    }
    Ok(format!(
        "{}\n\n{}\n",
        table.trim_fmt(),
        functions.trim_fmt()
    ))
}

fn table(heading: [&str; 3]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(heading);
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if index > 0 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn measure(component: &[u8]) -> Result<Sizes> {
    let mut sizes = Sizes::default();
    let mut module = Module::default();
    // The bytes outside of all sections are the headings of the sections.
    let mut named = 0;
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload?;
        let part = match &payload {
            Payload::Version { encoding, .. } => {
                if *encoding == wasmparser::Encoding::Module {
                    module = Module::default();
                }
                continue;
            }
            Payload::End(_) => {
                sizes.functions.append(&mut module.take());
                continue;
            }
            // Their contents follow piece by piece.
            Payload::CodeSectionStart { .. } | Payload::ModuleSection { .. } => continue,
            Payload::ImportSection(imports) => {
                for import in imports.clone().into_imports() {
                    module.imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
                "core types, imports and exports"
            }
            Payload::CodeSectionEntry(body) => {
                let bytes = body.range().len();
                module.bodies.push(bytes);
                *sizes.parts.entry("code").or_default() += bytes;
                named += bytes;
                continue;
            }
            Payload::DataSection(_) => "data",
            Payload::CustomSection(section) => match section.as_known() {
                KnownCustom::Name(names) => {
                    module.read_names(names)?;
                    "names of functions"
                }
                KnownCustom::ComponentName(_) => "names in the component",
                _ => "metadata",
            },
            Payload::TypeSection(_)
            | Payload::FunctionSection(_)
            | Payload::TableSection(_)
            | Payload::MemorySection(_)
            | Payload::GlobalSection(_)
            | Payload::ExportSection(_)
            | Payload::ElementSection(_) => "core types, imports and exports",
            _ => "the component around the code",
        };
        if let Some((_, range)) = payload.as_section() {
            *sizes.parts.entry(part).or_default() += range.len();
            named += range.len();
        }
    }
    sizes.parts.insert(
        "headings of sections",
        component.len().saturating_sub(named),
    );
    Ok(sizes)
}

/// What is known of a core module while it is read. Its names come after its code.
#[derive(Debug, Default)]
struct Module {
    imported: u32,
    bodies: Vec<usize>,
    names: BTreeMap<u32, String>,
}

impl Module {
    fn read_names(&mut self, names: wasmparser::NameSectionReader<'_>) -> Result<()> {
        for name in names {
            if let Name::Function(functions) = name? {
                for naming in functions {
                    let naming = naming?;
                    let name = function_name::readable(naming.name);
                    self.names.insert(naming.index, name);
                }
            }
        }
        Ok(())
    }

    fn take(&mut self) -> Vec<(String, usize)> {
        let Module {
            imported,
            bodies,
            mut names,
        } = std::mem::take(self);
        let named = (imported..).zip(bodies).map(|(index, bytes)| {
            (
                names
                    .remove(&index)
                    .unwrap_or_else(|| format!("function {index}")),
                bytes,
            )
        });
        named.collect()
    }
}
