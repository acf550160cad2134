//! Makes the parts of a composed component pay for the data that they hand to each other.
//!
//! Wasmtime puts code of its own between two parts. This code copies and transcodes text in functions of the
//! host, which cost no fuel and cannot be interrupted. Before each such step it asks the receiving part for
//! memory, through the function that the part names as its `realloc`, and for at least as many bytes as the step
//! then reads or writes. So in the module with that function, each export of it is replaced by another function.
//! The new one pays for the bytes and then calls the old one:
//!
//! ```text
//! more than LIMIT?  unreachable
//! for each started STEP of bytes:  instructions that cost fuel and do nothing
//! call realloc
//! ```
//!
//! The new function is added after everything that the module has. So no index changes, in the module or in the
//! component.
//!
//! Each core module of a part also gets the part's name as its own, behind [`PART`]. A backtrace has the names of modules,
//! and so it says which part it was in.

use std::collections::BTreeSet;

use wasm_encoder::{
    BlockType, CodeSection, Component, ComponentSectionId, CustomSection, ExportKind,
    ExportSection, Function, FunctionSection, Module, NameMap, NameSection, RawSection,
    ValType as EncodedType,
};
use wasmparser::{Chunk, ExternalKind, Parser, Payload, ValType};

use crate::error::Uninstrumentable;
use crate::module::CoreModule;
use crate::survey::Survey;
use crate::values;

/// The name of the functions that pay. No other function of the component has this name afterwards. So a
/// backtrace that begins with it shows that more bytes than the limit were to cross.
pub const CROSSING: &str = "[crossing]";

/// The beginning of the names of the modules of parts. Behind it is the name of the part, after those of the parts around
/// it.
pub const PART: &str = "[part] ";

/// The price of data that crosses between parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crossing {
    /// The most values in the types of all functions that parts call.
    pub limit_values: u64,
    /// The most bytes that a part may be asked to make room for at once.
    pub limit_bytes: u32,
    /// The bytes that are paid for together, as a power of two.
    pub step_bytes_log2: u32,
    /// The constants that are loaded and dropped for each step, besides the instructions of the loop.
    pub step_constants: u32,
}

/// Returns the component with parts that pay for the data that they hand to each other.
///
/// # Errors
///
/// If the bytes are not a component, if a `realloc` function is not in them, or if the types of the functions
/// that parts call have too many values.
pub fn meter_crossings(component: &[u8], price: &Crossing) -> Result<Vec<u8>, Uninstrumentable> {
    values::check(component, price.limit_values)?;
    let survey = Survey::without_copies(component)?;
    let mut reallocs: Vec<BTreeSet<u32>> = vec![BTreeSet::new(); survey.modules.len()];
    for part in &survey.parts {
        // A function of the host cannot be called as `realloc`: the call traps, and no data crosses.
        for target in part
            .reallocs
            .iter()
            .filter_map(|realloc| part.resolve(*realloc))
        {
            if makes_room(&survey.modules[target.module], target.function) {
                reallocs[target.module].insert(target.function);
            }
        }
    }
    let mut meter = Meter {
        survey: &survey,
        reallocs,
        price,
        modules: 0,
    };
    Ok(meter.component(component)?.finish())
}

/// Whether a function has the type that the canonical ABI requires of a `realloc`. If not, the component is
/// invalid.
fn makes_room(module: &CoreModule<'_>, function: u32) -> bool {
    let defined = function.checked_sub(module.imported());
    let ty = defined.and_then(|defined| module.defined.get(defined as usize));
    let signature = ty.and_then(|ty| module.types.get(*ty as usize)?.as_ref());
    signature.is_some_and(|signature| {
        signature.params == [ValType::I32; 4] && signature.results == [ValType::I32]
    })
}

/// Copies components, section by section.
struct Meter<'a> {
    survey: &'a Survey<'a>,
    /// The `realloc` functions of each module.
    reallocs: Vec<BTreeSet<u32>>,
    price: &'a Crossing,
    /// Modules seen so far.
    modules: usize,
}

impl Meter<'_> {
    fn component(&mut self, bytes: &[u8]) -> Result<Component, Uninstrumentable> {
        let mut out = Component::new();
        let mut parser = Parser::new(0);
        let mut rest = bytes;
        loop {
            let Chunk::Parsed { consumed, payload } = parser.parse(rest, true)? else {
                return Ok(out);
            };
            rest = rest.get(consumed..).unwrap_or_default();
            let nested = match &payload {
                Payload::ModuleSection {
                    unchecked_range, ..
                }
                | Payload::ComponentSection {
                    unchecked_range, ..
                } => bytes.get(unchecked_range.clone()).unwrap_or_default(),
                _ => &[],
            };
            rest = rest.get(nested.len()..).unwrap_or_default();
            match payload {
                Payload::ModuleSection { .. } => {
                    let module = self.module(nested)?;
                    section(&mut out, ComponentSectionId::CoreModule.into(), &module);
                }
                Payload::ComponentSection { .. } => {
                    let component = self.component(nested)?.finish();
                    section(&mut out, ComponentSectionId::Component.into(), &component);
                }
                Payload::End(_) => return Ok(out),
                other => {
                    if let Some((id, range)) = other.as_section() {
                        section(&mut out, id, bytes.get(range).unwrap_or_default());
                    }
                }
            }
        }
    }

    fn module(&mut self, bytes: &[u8]) -> Result<Vec<u8>, Uninstrumentable> {
        let place = self.modules;
        self.modules += 1;
        let facts = &self.survey.modules[place];
        let reallocs = &self.reallocs[place];
        let part = self.survey.path(facts.part);
        let takes_name = facts.names.values().any(|name| *name == CROSSING);
        if reallocs.is_empty() && !takes_name && part.is_none() {
            return Ok(bytes.to_vec());
        }
        let mut out = Module::new();
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::FunctionSection(_) => out.section(&functions(facts, reallocs)),
                Payload::ExportSection(section) => out.section(&exports(facts, reallocs, section)?),
                Payload::CodeSectionStart { .. } => out.section(&self.code(facts, reallocs)),
                Payload::CodeSectionEntry(_) => &mut out,
                Payload::CustomSection(section) if section.name() == "name" => &mut out,
                Payload::CustomSection(section) => out.section(&CustomSection {
                    name: section.name().into(),
                    data: section.data().into(),
                }),
                other => match other.as_section() {
                    Some((id, range)) => out.section(&RawSection {
                        id,
                        data: bytes.get(range).unwrap_or_default(),
                    }),
                    None => &mut out,
                },
            };
        }
        out.section(&names(facts, reallocs, part.as_deref()));
        Ok(out.finish())
    }

    fn code(&self, facts: &CoreModule<'_>, reallocs: &BTreeSet<u32>) -> CodeSection {
        let mut code = CodeSection::new();
        for body in &facts.bodies {
            code.raw(body.as_bytes());
        }
        for realloc in reallocs {
            code.function(&pays(*realloc, self.price));
        }
        code
    }
}

fn section(out: &mut Component, id: u8, data: &[u8]) {
    out.section(&RawSection { id, data });
}

/// The functions that pay have the type of the functions that they call.
fn functions(facts: &CoreModule<'_>, reallocs: &BTreeSet<u32>) -> FunctionSection {
    let mut functions = FunctionSection::new();
    for ty in &facts.defined {
        functions.function(*ty);
    }
    for realloc in reallocs {
        functions.function(facts.defined[(realloc - facts.imported()) as usize]);
    }
    functions
}

/// The index of the function that pays for this `realloc`.
fn paying(facts: &CoreModule<'_>, reallocs: &BTreeSet<u32>, function: u32) -> Option<u32> {
    let place = reallocs.iter().position(|realloc| *realloc == function)?;
    Some(facts.imported() + (facts.defined.len() + place) as u32)
}

fn exports(
    facts: &CoreModule<'_>,
    reallocs: &BTreeSet<u32>,
    section: wasmparser::ExportSectionReader<'_>,
) -> Result<ExportSection, Uninstrumentable> {
    let mut exports = ExportSection::new();
    for export in section {
        let export = export?;
        let paying = match export.kind {
            ExternalKind::Func => paying(facts, reallocs, export.index),
            _ => None,
        };
        let kind = ExportKind::from(export.kind);
        exports.export(export.name, kind, paying.unwrap_or(export.index));
    }
    Ok(exports)
}

/// The existing names, the names of the functions that pay, and that of the part.
fn names(facts: &CoreModule<'_>, reallocs: &BTreeSet<u32>, part: Option<&str>) -> NameSection {
    let mut names = NameMap::new();
    for (function, name) in &facts.names {
        if *name != CROSSING {
            names.append(*function, name);
        }
    }
    for realloc in reallocs {
        if let Some(paying) = paying(facts, reallocs, *realloc) {
            names.append(paying, CROSSING);
        }
    }
    let mut section = NameSection::new();
    match (part, facts.name) {
        (Some(part), _) => section.module(&format!("{PART}{part}")),
        (None, Some(name)) => section.module(name),
        (None, None) => {}
    }
    section.functions(&names);
    section
}

/// Parameters of `realloc`: old address, old size, alignment, new size. After them, the steps that are left to
/// pay.
const NEW_SIZE: u32 = 3;
const STEPS: u32 = 4;

fn pays(realloc: u32, price: &Crossing) -> Function {
    let mut function = Function::new([(1, EncodedType::I32)]);
    let mut code = function.instructions();
    code.local_get(NEW_SIZE)
        .i32_const(price.limit_bytes.cast_signed())
        .i32_gt_u()
        .if_(BlockType::Empty)
        .unreachable()
        .end();
    let step_bytes = 1_i32 << price.step_bytes_log2;
    code.local_get(NEW_SIZE)
        .i32_const(step_bytes - 1)
        .i32_add()
        .i32_const(price.step_bytes_log2.cast_signed())
        .i32_shr_u()
        .local_tee(STEPS)
        .if_(BlockType::Empty)
        .loop_(BlockType::Empty);
    for _ in 0..price.step_constants {
        code.i32_const(0).drop();
    }
    code.local_get(STEPS)
        .i32_const(1)
        .i32_sub()
        .local_tee(STEPS)
        .br_if(0)
        .end()
        .end();
    for parameter in 0..=NEW_SIZE {
        code.local_get(parameter);
    }
    code.call(realloc).end();
    function
}
