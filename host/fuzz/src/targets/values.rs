//! Calls of every host function that is offered, with values that no honest guest would make: wild pointers, huge
//! lengths, handles of others, text that is none.
//!
//! One component does it for all inputs: it reads the input as its standard input and takes it for a program. A
//! byte says which function to call, and each of its flat arguments is a tag with what it needs:
//!
//! | tag | argument |
//! |---|---|
//! | below 0x80 | itself |
//! | 0x80 and more | an address in the program, so many bytes on |
//! | 0xc0 and more | the word in the area for results at this place |
//! | 0xe0 | the last result |
//! | 0xf0 | the area for results |
//! | 0xf1 | the four bytes that follow |

use std::fmt::Write;
use std::fs::{self, File};
use std::io;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use fractalaw_host::{DirGrant, MicroApp};
use tempfile::TempDir;
use wasmparser::{Parser, Payload, TypeRef, ValType};
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{LiftLowerAbi, ManglingAndAbi, Resolve, WorldId};

use crate::{check, host};

const WIT: &str = include_str!("../../wit/calls-everything.wit");

/// Where the host puts results, unless the program says otherwise.
const RESULTS: u32 = 0x400;
/// What `run` returns.
const ANSWER: u32 = 0x800;
const HEAP: u32 = 0x1000;

/// A function as the guest imports it.
struct Import {
    module: String,
    name: String,
    params: Vec<ValType>,
    results: Vec<ValType>,
}

static CALLER: LazyLock<MicroApp> = LazyLock::new(|| {
    let app = host::load(&component());
    app.expect("what the host offers can be imported")
});

/// What the guest is given: a folder to read, and one to write, whose contents the next inputs meet.
struct Folders {
    /// Gone with the process, as far as the process has a say in that.
    root: TempDir,
}

/// Between how many inputs the folder to write is emptied.
const EMPTY_EVERY: u64 = 256;

static FOLDERS: LazyLock<Folders> = LazyLock::new(|| {
    let root = tempfile::tempdir().expect("a folder can be made");
    let make = || -> io::Result<()> {
        fs::create_dir_all(root.path().join("in/below"))?;
        fs::create_dir(root.path().join("out"))?;
        fs::write(root.path().join("in/a"), "some text\n")?;
        // Before 1970, which not every representation of a time can say.
        let old = File::create(root.path().join("in/old"))?;
        old.set_modified(UNIX_EPOCH - Duration::from_secs(1 << 30))
    };
    make().expect("files can be made");
    Folders { root }
});

impl Folders {
    fn grant(&self, name: &str) -> DirGrant {
        static INPUTS: AtomicU64 = AtomicU64::new(0);
        let host = self.root.path().join(name);
        let writable = name == "out";
        if writable
            && INPUTS
                .fetch_add(1, Ordering::Relaxed)
                .is_multiple_of(EMPTY_EVERY)
        {
            let emptied = fs::remove_dir_all(&host).and_then(|()| fs::create_dir(&host));
            emptied.expect("what a guest left can be removed");
        }
        DirGrant {
            host,
            guest: format!("/{name}"),
            writable,
        }
    }
}

/// Of every four inputs one meets the machine's clocks and files' own times.
pub(crate) fn run(bytes: &[u8]) {
    let program = &bytes[..bytes.len().min(60_000)];
    let run = host::small()
        .dir(FOLDERS.grant("in"))
        .dir(FOLDERS.grant("out"))
        .stdin(program.to_vec());
    let run = if program.len() % 4 == 3 {
        run
    } else {
        run.deterministic()
    };
    check::report(&host::run(&CALLER, &run));
}

fn world() -> (Resolve, WorldId) {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("calls-everything.wit", WIT);
    let package = package.expect("the text is WIT");
    let world = resolve.select_world(&[package], None);
    (resolve, world.expect("there is one world"))
}

const ABI: ManglingAndAbi = ManglingAndAbi::Legacy(LiftLowerAbi::Sync);

/// Every function of the world, and what drops each resource.
fn imports(resolve: &Resolve, world: WorldId) -> Vec<Import> {
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

fn component() -> Vec<u8> {
    let (resolve, world) = world();
    let text = core_module(&imports(&resolve, world));
    let mut module = wat::parse_str(text).expect("the text is a module");
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
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
fn place(imports: &[Import], name: &str) -> usize {
    let found = imports.iter().position(|import| import.name == name);
    found.expect("the world imports it")
}

/// Each function alone with small arguments, and some that lead on from one to the next. Handles count up from 1,
/// which is standard input; where folders were asked for, 2 and 3 are these.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let (resolve, world) = world();
    let imports = imports(&resolve, world);
    let at = |name: &str| place(&imports, name) as u8;
    let mut seeds: Vec<Vec<u8>> = imports
        .iter()
        .enumerate()
        .map(|(i, import)| {
            let mut program = vec![i as u8];
            program.extend(import.params.iter().map(|_| 1));
            // Results go to the last argument, if anywhere.
            if import.results.is_empty()
                && let Some(last) = program[1..].last_mut()
            {
                *last = 0xf0;
            }
            program
        })
        .collect();
    let folders = [at("get-directories"), 0xf0];
    let method = |name: &str| at(&format!("[method]descriptor.{name}"));
    let of_folders = imports.iter().enumerate().filter_map(|(i, import)| {
        let arguments = import.params.len().checked_sub(2)?;
        let is_method = import.name.starts_with("[method]descriptor.");
        let middle = vec![1; arguments];
        is_method.then(|| [&folders[..], &[i as u8, 2], &middle, &[0xf0]].concat())
    });
    seeds.extend(of_folders.collect::<Vec<_>>());
    // Of a path that is the last byte of the program: its place is its length less one.
    let open = |folder: u8, rest: &[u8]| {
        let mut program = folders.to_vec();
        let path = 0x80 + (10 + rest.len()) as u8;
        program.extend([method("open-at"), folder, 0, path, 1, 1, 3, 0xf0]);
        program.extend(rest);
        program.push(b'a');
        program
    };
    seeds.extend([
        open(2, &[]),
        open(3, &[]),
        // What was opened is 4: written to, listed, given other times and another size.
        open(3, &[method("write"), 4, 0x80, 9, 5, 0xf0]),
        open(3, &[method("write-via-stream"), 4, 9, 0xf0]),
        open(
            3,
            &[method("set-size"), 4, 0xf1, 0xff, 0xff, 0xff, 0xff, 0xf0],
        ),
        open(
            3,
            &[
                method("set-times"),
                4,
                2,
                0xf1,
                0xff,
                0xff,
                0xff,
                0xff,
                9,
                2,
                9,
                9,
                0xf0,
            ],
        ),
        open(3, &[method("symlink-at"), 3, 0x80, 5, 0x85, 5, 0xf0]),
        open(3, &[method("rename-at"), 3, 0x92, 1, 3, 0x80, 4, 0xf0]),
        open(2, &[method("read-directory"), 2, 0xf0]),
        open(2, &[method("stat-at"), 2, 1, 0x80, 3, 0xf0]),
    ]);
    let wide = [0xf1, 0xff, 0xff, 0xff, 0x7f];
    let write = "[method]output-stream.write";
    let record = at("record-event");
    seeds.extend([
        [
            &[at("get-stdout"), at(write), 0xe0, 0x80, 20, 0xf0][..],
            b"\x1b[2J\n--- Audit\n",
        ]
        .concat(),
        [
            &[at("get-stderr"), at(write), 0xe0, 0x80][..],
            &wide,
            &[0xf0],
        ]
        .concat(),
        [
            &[record, 0x80, 20, 0x81, 20, 0x82, 20][..],
            "\n[a] b — c\u{202e}\u{9b}".as_bytes(),
        ]
        .concat(),
        [&[record, 0x80, 1, 0x80, 1, 0x80][..], &wide].concat(),
        [&[at("get-random-bytes")][..], &wide, &[0xf0]].concat(),
        // More than can be counted, after some that were.
        [
            &[at("get-random-bytes"), 1, 0xf0, at("get-random-bytes")][..],
            &[0xf1, 0xff, 0xff, 0xff, 0xff, 0xf0],
        ]
        .concat(),
        [
            &[at("subscribe-duration")][..],
            &wide,
            &[at("[method]pollable.block"), 0xe0],
        ]
        .concat(),
        vec![
            at("get-directories"),
            0xf0,
            at("[method]descriptor.stat"),
            0xc0,
            0xf0,
        ],
        vec![at("exit"), 1],
        [at("get-stdout")].repeat(200),
        [
            &[imports.len() as u8, 1, 0x80, 30][..],
            b"trap: \xff\x1b[2J\n--- Audit Trail (0 entries) ---",
        ]
        .concat(),
    ]);
    seeds
}

#[cfg(test)]
mod tests {
    use super::*;
    use fractalaw_host::Outcome;

    #[test]
    fn the_component_that_calls_does_what_its_program_says() {
        let (resolve, world) = world();
        let imports = imports(&resolve, world);
        let at = |name: &str| place(&imports, name) as u8;
        let text = b"hello";
        let program = [
            &[
                at("get-stdout"),
                at("[method]output-stream.write"),
                0xe0,
                0x80 + 19,
                5,
                0xf0,
            ][..],
            &[at("record-event"), 0x80 + 19, 1, 0x80 + 19, 2, 0x80 + 19, 5],
            &[imports.len() as u8, 1, 0x80 + 19, 5, at("get-stderr"), 0][..],
            text,
        ]
        .concat();
        // What follows the calls is a program too, and ends it one way or another: so only a part is given.
        let request = host::small().deterministic().stdin(program);
        let report = host::run(&CALLER, &request);
        assert_eq!(report.stdout.bytes, text);
        assert_eq!(report.audit[0].to_string(), "[h] he — hello");
        assert!(!matches!(report.outcome, Outcome::Refused(_)));
    }

    #[test]
    fn every_function_of_the_world_is_imported() {
        let (resolve, world) = world();
        assert!(imports(&resolve, world).len() > 100);
    }

    #[test]
    fn what_mutations_begin_with_reaches_files() {
        let made = FOLDERS.root.path().join("out/a");
        let reached = seeds().iter().any(|seed| {
            super::run(seed);
            fs::metadata(&made).is_ok_and(|file| file.len() > 0)
        });
        assert!(reached, "nothing was written");
    }
}
