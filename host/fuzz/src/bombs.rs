//! Components that are small and expensive to compile, each as expensive as its size allows. They test
//! `compile_fit` in the host.

use wasm_encoder::{
    CodeSection, Component, ComponentExportKind, ComponentImportSection, ComponentInstanceSection,
    ComponentSection, ComponentTypeRef, ComponentTypeSection, ComponentValType, ConstExpr,
    ElementSection, Elements, Encode, Function, FunctionSection, GlobalSection, GlobalType,
    MemorySection, MemoryType, Module, RawSection, RefType, TableSection, TableType, TypeSection,
    ValType,
};

/// One way to make a function expensive.
#[derive(Clone, Copy)]
pub struct Shape {
    /// What it is.
    pub name: &'static str,
    /// The number of parameters and of results of type 1, which functions and blocks may use.
    width: usize,
    locals: u32,
    /// Returns about that many bytes of instructions.
    body: fn(usize) -> Vec<u8>,
}

const fn shape(name: &'static str, body: fn(usize) -> Vec<u8>) -> Shape {
    Shape {
        name,
        width: 0,
        locals: 0,
        body,
    }
}

/// The shapes that were found to cost most for their bytes, one of each kind.
pub const SHAPES: [Shape; 19] = [
    shape("loops", |bytes| repeat(&[0x03, 0x40, 0x0b], bytes)),
    shape("loops in loops", |bytes| {
        let ends = [0x41, 0, 0x0d, 0, 0x0b].repeat(99);
        repeat(&[[0x03, 0x40].repeat(99), ends].concat(), bytes)
    }),
    Shape {
        locals: 250,
        ..shape("loops with locals", |bytes| {
            let step = |i| [0x20, i, 0x42, 1, 0x7c, 0x21, i, 0x41, 0, 0x0d, 0, 0x0b];
            let ends: Vec<u8> = (0..99).flat_map(step).collect();
            repeat(&[[0x03, 0x40].repeat(99), ends].concat(), bytes)
        })
    },
    Shape {
        width: 8,
        ..shape("loops with values", |bytes| {
            let loops = repeat(&[0x03, 1, 0x41, 0, 0x0d, 0, 0x0b], bytes);
            [[0x41, 0].repeat(8), loops, vec![0x1a; 8]].concat()
        })
    },
    shape("blocks in blocks", |bytes| {
        around(&[0x02, 0x40], &[0x0b], bytes)
    }),
    shape("ifs in ifs", |bytes| {
        around(&[0x41, 0, 0x04, 0x40], &[0x0b], bytes)
    }),
    shape("branches out of blocks", |bytes| {
        around(&[0x02, 0x40], &[0x41, 0, 0x0d, 0, 0x0b], bytes)
    }),
    shape("ifs with values", |bytes| {
        repeat(
            &[0x41, 0, 0x04, 0x7f, 0x41, 1, 0x05, 0x41, 2, 0x0b, 0x1a],
            bytes,
        )
    }),
    shape("branch tables", |bytes| {
        let table = [&[0x02, 0x40, 0x41, 0, 0x0e, 100][..], &[0; 101], &[0x0b]].concat();
        repeat(&table, bytes)
    }),
    shape("calls", |bytes| repeat(&[0x10, 0], bytes)),
    Shape {
        // As many results as a function may have.
        width: 8,
        ..shape("calls with values", |bytes| {
            let calls = repeat(&[0x10, 1], bytes.saturating_sub(24));
            [[0x41, 0].repeat(8), calls, vec![0x1a; 8]].concat()
        })
    },
    shape("indirect calls", |bytes| {
        repeat(&[0x41, 1, 0x11, 0, 0], bytes)
    }),
    shape("table reads", |bytes| {
        repeat(&[0x41, 1, 0x25, 0, 0x1a], bytes)
    }),
    shape("growth of memory", |bytes| {
        chain(&[0x41, 1], &[0x40, 0], bytes)
    }),
    shape("values that live across calls", |bytes| {
        let count = bytes / 5;
        [
            [0x3f, 0, 0x10, 0].repeat(count),
            vec![0x6a; count.saturating_sub(1)],
            vec![0x1a],
        ]
        .concat()
    }),
    shape("square roots", |bytes| {
        chain(
            &[&[0x44][..], &1.5_f64.to_le_bytes()].concat(),
            &[0x9f],
            bytes,
        )
    }),
    shape("conversions", |bytes| {
        chain(&[0x41, 1], &[0xb2, 0xa8], bytes)
    }),
    shape("loads", |bytes| chain(&[0x41, 1], &[0x28, 0, 0], bytes)),
    // Linkers generate this where data contains addresses. The largest known function is CPython's.
    shape("relocations", |bytes| {
        let address = [0x23, 0, 0x41, 0x80, 0x80, 0x01, 0x6a];
        repeat(&[&address[..], &address, &[0x36, 2, 0]].concat(), bytes)
    }),
];

fn repeat(unit: &[u8], bytes: usize) -> Vec<u8> {
    unit.repeat(bytes / unit.len())
}

fn around(begin: &[u8], end: &[u8], bytes: usize) -> Vec<u8> {
    let count = bytes / (begin.len() + end.len());
    [begin.repeat(count), end.repeat(count)].concat()
}

/// Each instruction takes the result of the one before it.
fn chain(first: &[u8], unit: &[u8], bytes: usize) -> Vec<u8> {
    [first, &repeat(unit, bytes), &[0x1a]].concat()
}

impl Shape {
    /// A component with that many of these functions, each of about that many bytes.
    pub fn component(&self, bytes: usize, functions: u32) -> Vec<u8> {
        let mut module = Module::new();
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let values = vec![ValType::I32; self.width];
        types.ty().function(values.clone(), values);
        module.section(&types);
        let mut declared = FunctionSection::new();
        for _ in 0..functions {
            declared.function(0);
        }
        declared.function(1);
        module.section(&declared);
        let mut tables = TableSection::new();
        tables.table(TableType {
            element_type: RefType::FUNCREF,
            table64: false,
            minimum: 10,
            maximum: None,
            shared: false,
        });
        module.section(&tables);
        let mut memories = MemorySection::new();
        memories.memory(MemoryType {
            minimum: 1,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        module.section(&memories);
        let mut globals = GlobalSection::new();
        let ty = GlobalType {
            val_type: ValType::I32,
            mutable: true,
            shared: false,
        };
        globals.global(ty, &ConstExpr::i32_const(0));
        module.section(&globals);
        let mut code = CodeSection::new();
        let body = (self.body)(bytes);
        for _ in 0..functions {
            let locals = (self.locals > 0).then_some((self.locals, ValType::I64));
            let mut function = Function::new(locals);
            function.raw(body.iter().copied().chain([0x0b]));
            code.function(&function);
        }
        // Calls function 1 with values, if there is one.
        let mut last = Function::new([]);
        last.raw([0x00, 0x0b]);
        code.function(&last);
        module.section(&code);
        around_module(&module.finish())
    }
}

/// A component of the world that contains this core module. The module is compiled although nothing instantiates
/// it.
fn around_module(module: &[u8]) -> Vec<u8> {
    let mut component = fractalaw_testing::component("", "");
    let section = RawSection {
        id: 1,
        data: module,
    };
    section.append_to_component(&mut component);
    component
}

/// That many empty functions.
pub fn functions(count: u32) -> Vec<u8> {
    shape("nothing", |_| Vec::new()).component(0, count)
}

/// That many types, all different.
pub fn types(count: u32) -> Vec<u8> {
    let mut module = Module::new();
    let mut types = TypeSection::new();
    for i in 0..count {
        let bit = |bit: u32| [ValType::I32, ValType::I64][(i >> bit & 1) as usize];
        types
            .ty()
            .function((0..20).map(bit).collect::<Vec<_>>(), []);
    }
    module.section(&types);
    around_module(&module.finish())
}

/// That many elements, each an expression.
pub fn elements(count: u32) -> Vec<u8> {
    let mut module = Module::new();
    let mut types = TypeSection::new();
    types.ty().function([], []);
    module.section(&types);
    let mut functions = FunctionSection::new();
    functions.function(0);
    module.section(&functions);
    let mut elements = ElementSection::new();
    let all = vec![ConstExpr::ref_func(0); count as usize];
    elements.passive(Elements::Expressions(RefType::FUNCREF, all.into()));
    module.section(&elements);
    let mut code = CodeSection::new();
    let mut function = Function::new([]);
    function.raw([0x0b]);
    code.function(&function);
    module.section(&code);
    around_module(&module.finish())
}

/// A component that names that many tools as its producers, with two bytes for each.
pub fn tools(count: u32) -> Vec<u8> {
    let (mut data, names) = (vec![1], ["processed-by"]);
    names[0].encode(&mut data);
    count.encode(&mut data);
    data.extend(vec![0; 2 * count as usize]);
    fractalaw_testing::with_section(&fractalaw_testing::component("", ""), "producers", &data)
}

/// That many imports, each a function without parameters and results.
pub fn imports(count: u32) -> Vec<u8> {
    let mut component = Component::new();
    let mut types = ComponentTypeSection::new();
    let none: [(&str, ComponentValType); 0] = [];
    types.function().params(none).result(None);
    component.section(&types);
    let mut imports = ComponentImportSection::new();
    for i in 0..count {
        imports.import(format!("i{i}").as_str(), ComponentTypeRef::Func(0));
    }
    component.section(&imports);
    component.finish()
}

/// That many components inside each other.
pub fn nested(depth: usize) -> Vec<u8> {
    let mut inner = Component::new().finish();
    for _ in 0..depth {
        let mut outer = Component::new();
        outer.section(&RawSection {
            id: 4,
            data: &inner,
        });
        inner = outer.finish();
    }
    inner
}

/// A component of two components. One calls the other through that many functions. Each function takes a list of
/// tuples with that many lists of text.
pub fn adapters(count: usize, fields: usize) -> Vec<u8> {
    let types = format!(
        "(type $t0 (list string)) (type $r (tuple {})) (type $t (list $r))",
        "$t0 ".repeat(fields)
    );
    let each = |one: fn(usize) -> String| (0..count).map(one).collect::<String>();
    let lifted = each(|i| {
        format!(
            "(func (export \"f{i}\") (param \"a\" $t)
                (canon lift (core func $i \"f\") (memory $i \"m\") (realloc (func $i \"r\"))))"
        )
    });
    let imported = each(|i| format!("(export \"f{i}\" (func (param \"a\" $t)))"));
    let lowered = each(|i| {
        format!(
            "(core func $l{i} (canon lower (func $a \"f{i}\") (memory $i \"m\") (realloc (func $i \"r\"))))"
        )
    });
    let arguments = each(|i| format!("(export \"f{i}\" (func $l{i}))"));
    let taken = each(|i| format!("(import \"\" \"f{i}\" (func (param i32 i32)))"));
    let module = "(core module $m (memory (export \"m\") 1)
            (func (export \"r\") (param i32 i32 i32 i32) (result i32) unreachable)
            (func (export \"f\") (param i32 i32)))
        (core instance $i (instantiate $m))";
    let text = format!(
        "(component
            (component $A {module} {types} {lifted})
            (instance $a (instantiate $A))
            (component $B (import \"a\" (instance $a {types} {imported})) {module} {lowered}
                (core module $n {taken})
                (core instance (instantiate $n (with \"\" (instance {arguments})))))
            (instance (instantiate $B (with \"a\" (instance $a)))))"
    );
    beside_run(&text)
}

/// A component of the world that also makes an instance of this component.
pub(crate) fn beside_run(text: &str) -> Vec<u8> {
    let inner = wat::parse_str(text).expect("the text is a component");
    let mut component = fractalaw_testing::component("", "");
    let section = RawSection {
        id: 4,
        data: &inner,
    };
    section.append_to_component(&mut component);
    let mut instances = ComponentInstanceSection::new();
    instances.instantiate::<[(&str, ComponentExportKind, u32); 0], &str>(0, []);
    instances.append_to_component(&mut component);
    component
}
