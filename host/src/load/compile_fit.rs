//! Whether the compiler may compile a component's code, judged from its instructions.
//!
//! Cranelift cannot be interrupted within a function, so its input must be bounded. The number of bytes is no
//! good measure. A loop of three bytes becomes some hundred instructions, because it checks fuel and epoch. A
//! branch of two bytes moves as many values as its label has. So each instruction counts for what it costs.

use fractalaw_report::Refusal;
use wasmparser::{BlockType, CompositeInnerType, FunctionBody, Operator, Payload, TypeRef};

use crate::limits::{
    BLOCK_VALUES, CODE_BYTES_TIMES_LOCALS, CODE_WORK, DECLARATIONS, FUNCTION_BYTES,
    FUNCTION_BYTES_TIMES_LOCALS, FUNCTION_RESULTS, FUNCTION_WORK, LOOP_DEPTH,
};

/// A function besides its instructions: it is entered, checked, linked and listed.
const FUNCTION: u64 = 384;
/// A loop, which checks fuel and epoch at its head.
const LOOP: u64 = 64;
/// A call, around which fuel is stored and loaded.
const CALL: u64 = 12;
/// An instruction that calls into the runtime, or that first checks bounds and a signature.
const RUNTIME: u64 = 96;
/// A block.
const BLOCK: u64 = 1;
/// A conditional branch, after which there are two ways, which may meet again.
const BRANCH: u64 = 24;
/// With this many blocks around it, a conditional branch costs one unit more. The time to compile grows with the
/// square of their depth. Interpreters' loops have some hundreds, other code some tens.
const DEPTH: u64 = 256;
/// A value that a call moves.
const ARGUMENT: u64 = 8;
/// A value that a branch moves, which lives in every block in between.
const VALUE: u64 = 32;

/// What a function has too many of.
const RESULTS: &str = "results of a function";

/// An element that is an expression, among declarations. It has many bytes where an index has four.
const EXPRESSION: u64 = 4;

/// Counts the work for all functions of a component, including modules that are never instantiated.
#[derive(Default)]
pub(crate) struct CompileFit {
    modules: Vec<Module>,
    declarations: u64,
    work: u64,
    bytes_times_locals: u64,
}

/// What is known of a module while it is read.
#[derive(Default)]
struct Module {
    /// The number of parameters and results of each type, by index.
    types: Vec<(u32, u32)>,
    /// The type of each function, by index.
    functions: Vec<u32>,
    /// The functions whose bodies were read, and those that were imported.
    bodies: usize,
}

impl CompileFit {
    /// Reads the next section. Refuses the component if there is too much to compile.
    pub(crate) fn visit(&mut self, payload: &Payload<'_>) -> Result<(), Refusal> {
        self.declare(payload)?;
        match payload {
            Payload::Version { .. } => self.modules.push(Module::default()),
            Payload::End(_) => drop(self.modules.pop()),
            _ => {}
        }
        let Some(module) = self.modules.last_mut() else {
            return Ok(());
        };
        match payload {
            Payload::TypeSection(types) => {
                for group in types.clone() {
                    for ty in group.map_err(Refusal::invalid)?.types() {
                        let (params, results) = match &ty.composite_type.inner {
                            CompositeInnerType::Func(ty) => (ty.params().len(), ty.results().len()),
                            _ => (0, 0),
                        };
                        at_most(RESULTS, results as u64, FUNCTION_RESULTS)?;
                        module.types.push((params as u32, results as u32));
                        // For each of these the compiler makes a function that calls the host.
                        self.work += FUNCTION + ARGUMENT * (params + results) as u64;
                        at_most("all functions (units of compiling)", self.work, CODE_WORK)?;
                    }
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.clone().into_imports() {
                    if let TypeRef::Func(ty) | TypeRef::FuncExact(ty) =
                        import.map_err(Refusal::invalid)?.ty
                    {
                        module.functions.push(ty);
                        module.bodies += 1;
                    }
                }
            }
            Payload::FunctionSection(functions) => {
                for ty in functions.clone() {
                    module.functions.push(ty.map_err(Refusal::invalid)?);
                }
            }
            Payload::CodeSectionEntry(body) => {
                let (work, bytes_times_locals) = module.function(body)?;
                self.work += work;
                at_most("all functions (units of compiling)", self.work, CODE_WORK)?;
                self.bytes_times_locals += bytes_times_locals;
                at_most(
                    "all functions (bytes × locals)",
                    self.bytes_times_locals,
                    CODE_BYTES_TIMES_LOCALS,
                )?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Declarations outside of functions take memory in the compiler of many times their size, and each piece
    /// takes an entry of a table.
    fn declare(&mut self, payload: &Payload<'_>) -> Result<(), Refusal> {
        self.declarations += match payload {
            Payload::Version { .. } => 1,
            Payload::TypeSection(s) => u64::from(s.count()),
            Payload::ImportSection(s) => u64::from(s.count()),
            Payload::FunctionSection(s) => u64::from(s.count()),
            Payload::TableSection(s) => u64::from(s.count()),
            Payload::MemorySection(s) => u64::from(s.count()),
            Payload::TagSection(s) => u64::from(s.count()),
            Payload::GlobalSection(s) => u64::from(s.count()),
            Payload::ExportSection(s) => u64::from(s.count()),
            Payload::DataSection(s) => u64::from(s.count()),
            Payload::ElementSection(s) => {
                let mut elements = 0;
                for segment in s.clone() {
                    elements += match segment.map_err(Refusal::invalid)?.items {
                        wasmparser::ElementItems::Functions(items) => u64::from(items.count()),
                        wasmparser::ElementItems::Expressions(_, items) => {
                            EXPRESSION * u64::from(items.count())
                        }
                    };
                }
                elements + u64::from(s.count())
            }
            Payload::InstanceSection(s) => u64::from(s.count()),
            Payload::CoreTypeSection(s) => u64::from(s.count()),
            Payload::ComponentInstanceSection(s) => u64::from(s.count()),
            Payload::ComponentAliasSection(s) => u64::from(s.count()),
            Payload::ComponentTypeSection(s) => u64::from(s.count()),
            Payload::ComponentCanonicalSection(s) => u64::from(s.count()),
            Payload::ComponentImportSection(s) => u64::from(s.count()),
            Payload::ComponentExportSection(s) => u64::from(s.count()),
            _ => 0,
        };
        at_most("declarations", self.declarations, DECLARATIONS)
    }
}

impl Module {
    /// The work for the next function, and its bytes times its locals.
    fn function(&mut self, body: &FunctionBody<'_>) -> Result<(u64, u64), Refusal> {
        let bytes = body.range().len() as u64;
        at_most("a function (bytes)", bytes, FUNCTION_BYTES)?;
        let own = self.functions.get(self.bodies).copied();
        let own = own.map_or((0, 0), |ty| self.signature(ty));
        self.bodies += 1;
        let mut locals = u64::from(own.0);
        for declared in body.get_locals_reader().map_err(Refusal::invalid)? {
            locals += u64::from(declared.map_err(Refusal::invalid)?.0);
        }
        let bytes_times_locals = bytes.saturating_mul(locals);
        at_most(
            "a function (bytes × locals)",
            bytes_times_locals,
            FUNCTION_BYTES_TIMES_LOCALS,
        )?;
        let mut work = Work {
            units: FUNCTION + bytes + u64::from(own.0) + u64::from(own.1),
            labels: vec![Label {
                values: own.1,
                is_loop: false,
            }],
            loops: 0,
            locals,
        };
        let mut operators = body.get_operators_reader().map_err(Refusal::invalid)?;
        while !operators.eof() {
            let operator = operators.read().map_err(Refusal::invalid)?;
            work.count(self, &operator)?;
        }
        Ok((work.units, bytes_times_locals))
    }

    /// The number of parameters and results of a type. It is zero for a missing type, which the validator
    /// refuses.
    fn signature(&self, ty: u32) -> (u32, u32) {
        self.types.get(ty as usize).copied().unwrap_or_default()
    }

    fn block(&self, ty: BlockType) -> (u32, u32) {
        match ty {
            BlockType::Empty => (0, 0),
            BlockType::Type(_) => (0, 1),
            BlockType::FuncType(ty) => self.signature(ty),
        }
    }
}

/// The work for one function while it is read.
struct Work {
    units: u64,
    labels: Vec<Label>,
    loops: u64,
    /// Each local may become a value of each loop.
    locals: u64,
}

/// A target of branches.
struct Label {
    /// The number of values that a branch to it moves.
    values: u32,
    is_loop: bool,
}

impl Work {
    fn count(&mut self, module: &Module, operator: &Operator<'_>) -> Result<(), Refusal> {
        self.units += match operator {
            Operator::Loop { blockty } => {
                let (params, results) = module.block(*blockty);
                self.labels.push(Label {
                    values: params,
                    is_loop: true,
                });
                self.loops += 1;
                at_most("loops in each other", self.loops, LOOP_DEPTH)?;
                values(params, results)?;
                LOOP + self.locals / 2 + VALUE * u64::from(params + results)
            }
            Operator::Block { blockty } | Operator::If { blockty } => {
                let (params, results) = module.block(*blockty);
                values(params, results)?;
                self.labels.push(Label {
                    values: results,
                    is_loop: false,
                });
                let way = match operator {
                    Operator::If { .. } => self.branch(),
                    _ => BLOCK,
                };
                way + VALUE * u64::from(params + results)
            }
            Operator::End => {
                if let Some(label) = self.labels.pop() {
                    self.loops -= u64::from(label.is_loop);
                }
                0
            }
            Operator::Else => self.moved(0),
            Operator::Br { relative_depth } => BLOCK + self.moved(*relative_depth),
            Operator::BrIf { relative_depth } => self.branch() + self.moved(*relative_depth),
            Operator::BrTable { targets } => {
                let mut units = self.branch() + self.moved(targets.default());
                for target in targets.targets() {
                    units += 1 + self.moved(target.map_err(Refusal::invalid)?);
                }
                units
            }
            Operator::Return => self
                .labels
                .first()
                .map_or(0, |label| VALUE * u64::from(label.values)),
            Operator::Call { function_index } => {
                let ty = module.functions.get(*function_index as usize);
                let (params, results) = ty.map_or((0, 0), |ty| module.signature(*ty));
                CALL + ARGUMENT * u64::from(params + results)
            }
            Operator::CallIndirect { type_index, .. } => {
                let (params, results) = module.signature(*type_index);
                RUNTIME + ARGUMENT * u64::from(params + results)
            }
            Operator::MemoryGrow { .. }
            | Operator::MemoryCopy { .. }
            | Operator::MemoryFill { .. }
            | Operator::MemoryInit { .. }
            | Operator::DataDrop { .. }
            | Operator::TableInit { .. }
            | Operator::TableCopy { .. }
            | Operator::TableFill { .. }
            | Operator::TableGrow { .. }
            | Operator::TableGet { .. }
            | Operator::TableSet { .. }
            | Operator::ElemDrop { .. }
            | Operator::RefFunc { .. } => RUNTIME,
            _ => 0,
        };
        at_most("a function (units of compiling)", self.units, FUNCTION_WORK)
    }

    /// The work for a conditional branch here.
    fn branch(&self) -> u64 {
        BRANCH + self.labels.len() as u64 / DEPTH
    }

    /// The work for a branch to that label.
    fn moved(&self, relative_depth: u32) -> u64 {
        let label = (self.labels.len() as u64).checked_sub(1 + u64::from(relative_depth));
        label.map_or(0, |label| {
            VALUE * u64::from(self.labels[label as usize].values)
        })
    }
}

fn values(params: u32, results: u32) -> Result<(), Refusal> {
    at_most(
        "values of a block",
        u64::from(params + results),
        BLOCK_VALUES,
    )
}

fn at_most(what: &'static str, found: u64, limit: usize) -> Result<(), Refusal> {
    let limit = limit as u64;
    if found > limit {
        return Err(Refusal::OverSlot { what, found, limit });
    }
    Ok(())
}
