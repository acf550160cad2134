//! Puts hooks into the functions of a core module.

use std::borrow::Cow;
use std::collections::BTreeMap;

use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{
    BlockType, CodeSection, DataCountSection, DataSection, ElementSection, EntityType, ExportKind,
    ExportSection, Function, FunctionSection, GlobalSection, ImportSection, Instruction,
    MemorySection, Module, NameMap, NameSection, StartSection, TableSection, TagSection,
    TypeSection, ValType,
};
use wasmparser::{FunctionBody, Operator, Parser, Payload};

use crate::blocks::Blocks;
use crate::error::{Result, Uninstrumentable};
use crate::hooks::{ENTER, EXIT, HOOKS};
use crate::module::{Copies, CoreModule};

/// The module from which functions without hooks are imported. Each is imported under the index that the function
/// with hooks had.
pub(crate) const WITHOUT: &str = "fractal:profile/hooks/without";

/// The name under which a module exports its copy of a function.
pub(crate) fn copy_name(function: u32) -> String {
    format!("{WITHOUT}/{function}")
}

/// Puts hooks into every function that the module defines. `first_id` is the id of the first one. Copies without
/// hooks are exported under [`copy_name`]. With `blocks`, each block has a hook too, and is added there.
pub(crate) fn rewrite(
    facts: &CoreModule<'_>,
    module: u32,
    first_id: u32,
    copies: &Copies,
    mut blocks: Option<&mut Blocks>,
) -> Result<Module> {
    let mut rewriter = Rewriter::new(facts, module, copies);
    let mut out = Module::new();
    let mut has_imports = false;
    for payload in Parser::new(0).parse_all(facts.bytes) {
        match payload? {
            Payload::TypeSection(section) => {
                let mut types = TypeSection::new();
                rewriter.parse_type_section(&mut types, section)?;
                rewriter.add_types(&mut types)?;
                out.section(&types);
            }
            Payload::ImportSection(section) => {
                let mut imports = ImportSection::new();
                rewriter.parse_import_section(&mut imports, section)?;
                out.section(rewriter.add_imports(&mut imports));
                has_imports = true;
            }
            Payload::FunctionSection(section) => {
                if !has_imports {
                    out.section(rewriter.add_imports(&mut ImportSection::new()));
                }
                let mut functions = FunctionSection::new();
                rewriter.parse_function_section(&mut functions, section)?;
                for &function in &copies.defined {
                    functions.function(facts.defined[rewriter.defined(function)]);
                }
                out.section(&functions);
            }
            Payload::ExportSection(section) => {
                let mut exports = ExportSection::new();
                rewriter.parse_export_section(&mut exports, section)?;
                for function in &copies.exported {
                    let copy = rewriter.without[function];
                    exports.export(&copy_name(*function), ExportKind::Func, copy);
                }
                out.section(&exports);
            }
            Payload::CodeSectionStart { .. } => {
                out.section(&rewriter.code(first_id, blocks.as_deref_mut())?);
            }
            other => rewriter.copy_section(&mut out, other)?,
        }
    }
    out.section(&rewriter.names());
    Ok(out)
}

struct Rewriter<'a> {
    facts: &'a CoreModule<'a>,
    module: u32,
    copies: &'a Copies,
    /// The index in the new module of each function without hooks, by the function's old index.
    without: BTreeMap<u32, u32>,
    /// The types of the blocks around bodies with more than one result, by the function's type.
    block_types: BTreeMap<u32, u32>,
}

impl Reencode for Rewriter<'_> {
    type Error = Uninstrumentable;

    /// The two hooks, and the imports without hooks, come after the imported functions.
    fn function_index(&mut self, function: u32) -> Result<u32> {
        Ok(if function < self.facts.imported() {
            function
        } else {
            function + self.added()
        })
    }
}

impl<'a> Rewriter<'a> {
    fn new(facts: &'a CoreModule<'a>, module: u32, copies: &'a Copies) -> Rewriter<'a> {
        let imported = copies.imported.iter().copied().zip(facts.imported() + 2..);
        let first = facts.imported() + 2 + (copies.imported.len() + facts.defined.len()) as u32;
        let defined = copies.defined.iter().copied().zip(first..);
        let without = imported.chain(defined).collect();
        // The type of the hooks comes after the existing types, and then the types of blocks.
        let mut next = facts.types.len() as u32 + 1;
        let mut block_types = BTreeMap::new();
        for &ty in &facts.defined {
            if let Some(Some(signature)) = facts.types.get(ty as usize)
                && signature.results.len() > 1
                && !block_types.contains_key(&ty)
            {
                if !signature.params.is_empty() {
                    block_types.insert(ty, next);
                    next += 1;
                } else {
                    block_types.insert(ty, ty);
                }
            }
        }
        Rewriter {
            facts,
            module,
            copies,
            without,
            block_types,
        }
    }

    /// The number of imported functions that are added.
    fn added(&self) -> u32 {
        2 + self.copies.imported.len() as u32
    }

    /// The position of a function among those that the module defines.
    fn defined(&self, function: u32) -> usize {
        (function - self.facts.imported()) as usize
    }

    fn enter(&self) -> u32 {
        self.facts.imported()
    }

    fn exit(&self) -> u32 {
        self.facts.imported() + 1
    }

    fn add_types(&mut self, types: &mut TypeSection) -> Result<()> {
        types.ty().function([ValType::I32], []);
        let mut added: Vec<_> = self.block_types.clone().into_iter().collect();
        added.retain(|(ty, block)| ty != block);
        added.sort_by_key(|(_, block)| *block);
        for (ty, _) in added {
            let signature = self.facts.types[ty as usize].as_ref();
            let results = signature.map_or(&[][..], |signature| &signature.results);
            let results: Vec<_> = results
                .iter()
                .map(|result| self.val_type(*result))
                .collect::<Result<_>>()?;
            types.ty().function([], results);
        }
        Ok(())
    }

    fn add_imports<'s>(&self, imports: &'s mut ImportSection) -> &'s ImportSection {
        let ty = EntityType::Function(self.facts.types.len() as u32);
        imports.import(HOOKS, ENTER, ty);
        imports.import(HOOKS, EXIT, ty);
        for &import in &self.copies.imported {
            let ty = EntityType::Function(self.facts.imports[import as usize].ty);
            imports.import(WITHOUT, &import.to_string(), ty);
        }
        imports
    }

    /// Copies the sections in which nothing but indices changes. Custom sections are left out: they give
    /// positions in the code, which are no longer right. The names are written again.
    fn copy_section(&mut self, out: &mut Module, payload: Payload<'_>) -> Result<()> {
        match payload {
            Payload::TableSection(section) => {
                let mut tables = TableSection::new();
                self.parse_table_section(&mut tables, section)?;
                out.section(&tables);
            }
            Payload::MemorySection(section) => {
                let mut memories = MemorySection::new();
                self.parse_memory_section(&mut memories, section)?;
                out.section(&memories);
            }
            Payload::TagSection(section) => {
                let mut tags = TagSection::new();
                self.parse_tag_section(&mut tags, section)?;
                out.section(&tags);
            }
            Payload::GlobalSection(section) => {
                let mut globals = GlobalSection::new();
                self.parse_global_section(&mut globals, section)?;
                out.section(&globals);
            }
            Payload::StartSection { func, .. } => {
                let function_index = self.function_index(func)?;
                out.section(&StartSection { function_index });
            }
            Payload::ElementSection(section) => {
                let mut elements = ElementSection::new();
                self.parse_element_section(&mut elements, section)?;
                out.section(&elements);
            }
            Payload::DataCountSection { count, .. } => {
                out.section(&DataCountSection { count });
            }
            Payload::DataSection(section) => {
                let mut data = DataSection::new();
                self.parse_data_section(&mut data, section)?;
                out.section(&data);
            }
            _ => {}
        }
        Ok(())
    }

    fn code(&mut self, first_id: u32, mut blocks: Option<&mut Blocks>) -> Result<CodeSection> {
        let mut code = CodeSection::new();
        let facts = self.facts;
        for (place, body) in facts.bodies.iter().enumerate() {
            let block = self.block_type(facts.defined[place])?;
            let blocks = blocks.as_deref_mut();
            code.function(&self.with_hooks(body, place as u32, first_id, block, blocks)?);
        }
        for &function in &self.copies.defined {
            code.function(&self.copy(&facts.bodies[self.defined(function)])?);
        }
        Ok(code)
    }

    fn block_type(&mut self, ty: u32) -> Result<BlockType> {
        if let Some(block) = self.block_types.get(&ty) {
            return Ok(BlockType::FunctionType(*block));
        }
        let signature = self.facts.types[ty as usize].as_ref();
        match signature.and_then(|signature| signature.results.first()) {
            Some(&result) => Ok(BlockType::Result(self.val_type(result)?)),
            None => Ok(BlockType::Empty),
        }
    }

    fn with_hooks(
        &mut self,
        body: &FunctionBody<'_>,
        place: u32,
        first_id: u32,
        block: BlockType,
        mut blocks: Option<&mut Blocks>,
    ) -> Result<Function> {
        let id = Instruction::I32Const((first_id + place).cast_signed());
        let (enter, exit) = (
            Instruction::Call(self.enter()),
            Instruction::Call(self.exit()),
        );
        let mut function = self.new_function_with_parsed_locals(body)?;
        function.instruction(&id);
        function.instruction(&enter);
        function.instruction(&Instruction::Block(block));
        let mut finder = blocks
            .as_deref()
            .and_then(|blocks| blocks.finder(self.module, place, body.range().start));
        // The body's own `end` closes the block.
        for operator in body.get_operators_reader()?.into_iter_with_offsets() {
            let (operator, at) = operator?;
            if let (Some(blocks), Some(finder)) = (blocks.as_deref_mut(), &mut finder)
                && let Some(id) = finder.before(&operator, at, blocks)
            {
                function.instruction(&Instruction::I32Const(id.cast_signed()));
                function.instruction(&enter);
            }
            if let Some(operator) = leaves_unseen(&operator) {
                return Err(reencode::Error::UserError(Uninstrumentable::NonLocalExit {
                    module: self.module,
                    function: self.facts.imported() + place,
                    operator,
                }));
            }
            if returns(&operator) {
                function.instruction(&id);
                function.instruction(&exit);
            }
            function.instruction(&self.instruction(operator)?);
        }
        function.instruction(&id);
        function.instruction(&exit);
        function.instruction(&Instruction::End);
        Ok(function)
    }

    /// The original function, calling others without hooks.
    fn copy(&mut self, body: &FunctionBody<'_>) -> Result<Function> {
        let mut function = self.new_function_with_parsed_locals(body)?;
        for operator in body.get_operators_reader()? {
            let operator = operator?;
            let copy = match operator {
                Operator::Call { function_index } => self
                    .without
                    .get(&function_index)
                    .copied()
                    .map(Instruction::Call),
                Operator::ReturnCall { function_index } => self
                    .without
                    .get(&function_index)
                    .copied()
                    .map(Instruction::ReturnCall),
                _ => None,
            };
            function.instruction(&match copy {
                Some(call) => call,
                None => self.instruction(operator)?,
            });
        }
        Ok(function)
    }

    /// The existing names. A function without a name is named by its old index, so that a backtrace of the twin
    /// reads like one of the component.
    fn names(&self) -> NameSection {
        let facts = self.facts;
        let mut names = NameMap::new();
        for import in 0..facts.imported() {
            if let Some(name) = facts.names.get(&import) {
                names.append(import, name);
            }
        }
        let name = |function: u32| match facts.names.get(&function) {
            Some(name) => Cow::Borrowed(*name),
            None => Cow::Owned(format!("function {function}")),
        };
        names.append(self.enter(), ENTER);
        names.append(self.exit(), EXIT);
        for function in (facts.imported()..).take(facts.bodies.len()) {
            names.append(function + self.added(), &name(function));
        }
        for function in &self.copies.defined {
            names.append(self.without[function], &name(*function));
        }
        let mut section = NameSection::new();
        if let Some(name) = facts.name {
            section.module(name);
        }
        section.functions(&names);
        section
    }
}

/// Whether control goes back to the caller here, directly or by a tail call.
fn returns(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Return
            | Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. }
    )
}

/// The name of an operator that skips frames or resumes them without a return.
fn leaves_unseen(operator: &Operator<'_>) -> Option<&'static str> {
    Some(match operator {
        Operator::TryTable { .. } => "try_table",
        Operator::Throw { .. } => "throw",
        Operator::ThrowRef => "throw_ref",
        Operator::Try { .. } => "try",
        Operator::Rethrow { .. } => "rethrow",
        Operator::Delegate { .. } => "delegate",
        Operator::ContNew { .. } | Operator::ContBind { .. } => "cont.new",
        Operator::Suspend { .. } => "suspend",
        Operator::Resume { .. }
        | Operator::ResumeThrow { .. }
        | Operator::ResumeThrowRef { .. } => "resume",
        Operator::Switch { .. } => "switch",
        _ => return None,
    })
}
