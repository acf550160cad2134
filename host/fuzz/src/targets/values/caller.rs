//! The component that calls: made from the world, so that each function that it imports is one that it can call.

use std::fmt::Write;

use wasmparser::{Parser, Payload, TypeRef, ValType};
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{LiftLowerAbi, ManglingAndAbi, Resolve, WorldId};

use crate::host;

/// Where the host puts results, unless the program says otherwise.
const RESULTS: u32 = 0x400;
/// What `run` returns.
const ANSWER: u32 = 0x800;
const HEAP: u32 = 0x1000;

/// A function as the guest imports it.
pub(super) struct Import {
    module: String,
    pub(super) name: String,
    pub(super) params: Vec<ValType>,
    pub(super) results: Vec<ValType>,
}

const ABI: ManglingAndAbi = ManglingAndAbi::Legacy(LiftLowerAbi::Sync);

/// Every function of the world, and what drops each resource.
pub(super) fn imports() -> Vec<Import> {
    let offered = host::offer()
        .offered()
        .expect("the host's own WIT is valid");
    imports_of(&offered.resolve, offered.world)
}

fn imports_of(resolve: &Resolve, world: WorldId) -> Vec<Import> {
    let module = dummy_module(resolve, world, ABI);
    let mut types = Vec::new();
    let mut imports = Vec::new();
    for payload in Parser::new(0).parse_all(&module) {
        match payload.expect("the module is one") {
            Payload::TypeSection(section) => {
                let groups = section.into_iter_err_on_gc_types();
                types.extend(groups.map(|ty| ty.expect("the type is one")));
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import.expect("the import is one");
                    let TypeRef::Func(ty) = import.ty else {
                        continue;
                    };
                    imports.push(Import {
                        module: import.module.to_owned(),
                        name: import.name.to_owned(),
                        params: types[ty as usize].params().to_vec(),
                        results: types[ty as usize].results().to_vec(),
                    });
                }
            }
            _ => {}
        }
    }
    imports
}

/// The component itself.
pub(super) fn component() -> Vec<u8> {
    let offered = host::offer()
        .offered()
        .expect("the host's own WIT is valid");
    let (resolve, world) = (&offered.resolve, offered.world);
    let text = core_module(&imports_of(resolve, world));
    let mut module = wat::parse_str(text).expect("the text is a module");
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8)
        .expect("the world can be embedded");
    let encoder = ComponentEncoder::default().validate(true).module(&module);
    let encoded = encoder.and_then(|mut encoder| encoder.encode());
    encoded.expect("the module is of the world")
}

fn core_module(imports: &[Import]) -> String {
    let (mut declared, mut calls, mut table) = (String::new(), String::new(), String::new());
    for (i, import) in imports.iter().enumerate() {
        let Import {
            module,
            name,
            params,
            results,
        } = import;
        let (mut types, mut arguments) = (String::new(), String::new());
        for ty in params {
            let _ = write!(types, " (param {ty})");
            arguments += match ty {
                ValType::I64 => "(i64.extend_i32_s (call $argument))",
                ValType::F32 => "(f32.reinterpret_i32 (call $argument))",
                ValType::F64 => "(f64.promote_f32 (f32.reinterpret_i32 (call $argument)))",
                _ => "(call $argument)",
            };
        }
        let call = format!("(call $h{i} {arguments})");
        let call = match results[..] {
            [] => call,
            [ValType::I64] => format!("(global.set $last (i32.wrap_i64 {call}))"),
            [ValType::I32] => format!("(global.set $last {call})"),
            _ => format!("(drop {call})"),
        };
        for ty in results {
            let _ = write!(types, " (result {ty})");
        }
        let _ = writeln!(
            declared,
            "(import \"{module}\" \"{name}\" (func $h{i}{types}))"
        );
        let _ = writeln!(calls, "(func $c{i} {call})");
        let _ = write!(table, " $c{i}");
    }
    let (stdin, read) = (
        place(imports, "get-stdin"),
        place(imports, "[method]input-stream.blocking-read"),
    );
    let programs = imports.len() + 1;
    format!(
        r#"(module {declared}
            (memory (export "memory") 2)
            (global $heap (mut i32) (i32.const {HEAP}))
            (global $start (mut i32) (i32.const 0))
            (global $next (mut i32) (i32.const 0))
            (global $end (mut i32) (i32.const 0))
            (global $last (mut i32) (i32.const 0))
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local $at i32)
                (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 15)) (i32.const -16)))
                (global.set $heap (i32.add (local.get $at) (local.get 3)))
                (if (i32.gt_u (global.get $heap) (i32.mul (memory.size) (i32.const 65536)))
                    (then (drop (memory.grow (i32.add (i32.shr_u (local.get 3) (i32.const 16)) (i32.const 1))))))
                (local.get $at))
            (func $byte (result i32)
                (if (i32.ge_u (global.get $next) (global.get $end)) (then (return (i32.const 0))))
                (i32.load8_u (global.get $next))
                (global.set $next (i32.add (global.get $next) (i32.const 1))))
            (func $argument (result i32) (local $tag i32)
                (local.set $tag (call $byte))
                (if (i32.lt_u (local.get $tag) (i32.const 0x80)) (then (return (local.get $tag))))
                (if (i32.lt_u (local.get $tag) (i32.const 0xc0))
                    (then (return (i32.add (global.get $start) (i32.and (local.get $tag) (i32.const 0x3f))))))
                (if (i32.lt_u (local.get $tag) (i32.const 0xe0))
                    (then (return (i32.load (i32.add (i32.const {RESULTS})
                        (i32.shl (i32.and (local.get $tag) (i32.const 0x1f)) (i32.const 2)))))))
                (if (i32.lt_u (local.get $tag) (i32.const 0xf0)) (then (return (global.get $last))))
                (if (i32.eq (local.get $tag) (i32.const 0xf0)) (then (return (i32.const {RESULTS}))))
                (i32.or (i32.or (call $byte) (i32.shl (call $byte) (i32.const 8)))
                    (i32.or (i32.shl (call $byte) (i32.const 16)) (i32.shl (call $byte) (i32.const 24)))))
            {calls}
            (func $answer
                (i32.store8 (i32.const {ANSWER}) (call $argument))
                (i32.store offset=4 (i32.const {ANSWER}) (call $argument))
                (i32.store offset=8 (i32.const {ANSWER}) (call $argument)))
            (table funcref (elem {table} $answer))
            (func (export "run") (result i32)
                (call $h{read} (call $h{stdin}) (i64.const 65536) (i32.const {RESULTS}))
                (if (i32.load8_u (i32.const {RESULTS})) (then (return (i32.const {ANSWER}))))
                (global.set $start (i32.load offset=4 (i32.const {RESULTS})))
                (global.set $next (global.get $start))
                (global.set $end (i32.add (global.get $start) (i32.load offset=8 (i32.const {RESULTS}))))
                (loop $again
                    (call_indirect (i32.rem_u (call $byte) (i32.const {programs})))
                    (br_if $again (i32.lt_u (global.get $next) (global.get $end))))
                (i32.const {ANSWER})))"#
    )
}

/// Which import it is.
pub(super) fn place(imports: &[Import], name: &str) -> usize {
    let found = imports.iter().position(|import| import.name == name);
    found.expect("the world imports it")
}
