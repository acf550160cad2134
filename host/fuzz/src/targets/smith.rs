//! Valid components: wasm-smith makes the core module, and this target makes a component of the world around it.

use std::sync::LazyLock;

use arbitrary::Unstructured;
use wasm_encoder::{ComponentSection, RawSection};
use wasm_smith::{Config, Module};

use crate::host;

/// What the module may import: the memory, and the lowered functions of the host.
const IMPORTS: &str = r#"(module
    (import "host" "memory" (memory 1))
    (import "host" "record" (func (param i32 i32 i32 i32 i32 i32)))
    (import "host" "now" (func (result i64)))
    (import "host" "random" (func (param i64 i32)))
    (import "host" "arguments" (func (param i32)))
    (import "host" "stdout" (func (result i32)))
    (import "host" "write" (func (param i32 i32 i32 i32)))
    (import "host" "subscribe" (func (param i64) (result i32)))
    (import "host" "block" (func (param i32)))
    (import "host" "query" (func (param i32 i32 i32)))
    (import "host" "insert" (func (param i32 i32 i32 i32 i32)))
    (import "host" "execute" (func (param i32 i32 i32))))"#;

static AVAILABLE: LazyLock<Vec<u8>> =
    LazyLock::new(|| wat::parse_str(IMPORTS).expect("the text is a module"));

static EXPORTS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let text = r#"(module (func (export "run") (result i32) unreachable))"#;
    wat::parse_str(text).expect("the text is a module")
});

pub(crate) fn run(bytes: &[u8]) {
    let mut choices = Unstructured::new(bytes);
    let Ok(config) = config(&mut choices) else {
        return;
    };
    // Too few bytes to choose from give no module.
    if let Ok(module) = Module::new(config, &mut choices) {
        host::load_and_run(&component(&module.to_bytes()), &host::small());
    }
}

/// Some inputs use proposals that the engine leaves out. These must be refused.
fn config(choices: &mut Unstructured<'_>) -> arbitrary::Result<Config> {
    let others = choices.ratio(1, 8)?;
    Ok(Config {
        available_imports: choices.ratio(7, 8)?.then(|| AVAILABLE.clone()),
        exports: choices.ratio(7, 8)?.then(|| EXPORTS.clone()),
        min_funcs: 1,
        max_funcs: choices.int_in_range(1..=200)?,
        max_instructions: choices.int_in_range(10..=2_000)?,
        max_memories: if others { 3 } else { 1 },
        max_tables: 4,
        max_imports: 20,
        max_nesting_depth: choices.int_in_range(1..=1_000)?,
        allow_start_export: choices.ratio(1, 4)?,
        gc_enabled: others,
        exceptions_enabled: others,
        memory64_enabled: others,
        threads_enabled: others,
        tail_call_enabled: others,
        wide_arithmetic_enabled: others,
        relaxed_simd_enabled: true,
        simd_enabled: true,
        ..Config::default()
    })
}

/// The bytes of an empty core module in a component.
const PLACE: &[u8] = b"\x01\x08\0asm\x01\0\0\0";

/// The component of the world in which the module takes the place of the empty one.
fn component(module: &[u8]) -> Vec<u8> {
    static AROUND: LazyLock<Vec<u8>> =
        LazyLock::new(|| wat::parse_str(AROUND_TEXT).expect("the text is a component"));
    let around = &*AROUND;
    let at = around.windows(PLACE.len()).position(|found| found == PLACE);
    let (before, after) = around.split_at(at.expect("there is an empty module"));
    let mut section = before.to_vec();
    RawSection {
        id: 1,
        data: module,
    }
    .append_to_component(&mut section);
    section.extend(&after[PLACE.len()..]);
    section
}

const AROUND_TEXT: &str = r#"(component
            (import "fractal:app/audit-log@0.1.0" (instance $log
                (type $entry (record
                    (field "event-type" string) (field "resource" string) (field "detail" string)))
                (export "audit-entry" (type $audit-entry (eq $entry)))
                (export "record-event" (func (param "entry" $audit-entry)))))
            (import "fractal:app/data-query@0.1.0" (instance $query
                (type $record (record (field "code" u32) (field "message" string)))
                (export "query-error" (type $error (eq $record)))
                (export "query" (func (param "sql" string) (result (result (list u8) (error $error)))))))
            (import "fractal:app/data-mutate@0.1.0" (instance $mutate
                (type $record (record (field "code" u32) (field "message" string)))
                (export "mutate-error" (type $error (eq $record)))
                (export "insert" (func (param "table" string) (param "data" (list u8))
                    (result (result u64 (error $error)))))
                (export "execute" (func (param "sql" string) (result (result u64 (error $error)))))))
            (import "wasi:io/poll@0.2.12" (instance $poll
                (export "pollable" (type $pollable (sub resource)))
                (export "[method]pollable.block" (func (param "self" (borrow $pollable))))))
            (alias export $poll "pollable" (type $pollable))
            (import "wasi:io/error@0.2.12" (instance $error
                (export "error" (type $error (sub resource)))))
            (alias export $error "error" (type $error))
            (import "wasi:io/streams@0.2.12" (instance $streams
                (alias outer 1 $error (type $outer-error))
                (export "error" (type $stream-io-error (eq $outer-error)))
                (type $cases (variant (case "last-operation-failed" (own $stream-io-error)) (case "closed")))
                (export "stream-error" (type $stream-error (eq $cases)))
                (export "output-stream" (type $output (sub resource)))
                (export "[method]output-stream.write" (func (param "self" (borrow $output))
                    (param "contents" (list u8)) (result (result (error $stream-error)))))))
            (alias export $streams "output-stream" (type $output))
            (import "wasi:cli/stdout@0.2.12" (instance $stdout
                (alias outer 1 $output (type $outer))
                (export "output-stream" (type $stream (eq $outer)))
                (export "get-stdout" (func (result (own $stream))))))
            (import "wasi:clocks/monotonic-clock@0.2.12" (instance $clock
                (alias outer 1 $pollable (type $outer))
                (export "pollable" (type $own (eq $outer)))
                (export "now" (func (result u64)))
                (export "subscribe-duration" (func (param "when" u64) (result (own $own))))))
            (import "wasi:random/random@0.2.12" (instance $random
                (export "get-random-bytes" (func (param "len" u64) (result (list u8))))))
            (import "wasi:cli/environment@0.2.12" (instance $environment
                (export "get-arguments" (func (result (list string))))))
            (core module $libc
                (memory (export "memory") 1)
                (data (i32.const 0) "permit")
                (data (i32.const 128) "SELECT id, site FROM permit")
                (data (i32.const 160) "UPDATE permit SET site = 'x'")
                (global $next (mut i32) (i32.const 1024))
                (func (export "realloc") (param i32 i32 i32 i32) (result i32)
                    (local $at i32)
                    (local.set $at (i32.and (i32.add (global.get $next) (i32.const 15)) (i32.const -16)))
                    (global.set $next (i32.add (local.get $at) (local.get 3)))
                    (if (i32.gt_u (global.get $next) (i32.const 65536)) (then unreachable))
                    (local.get $at)))
            (core instance $libc (instantiate $libc))
            (core func $record (canon lower (func $log "record-event") (memory $libc "memory")))
            (core func $now (canon lower (func $clock "now")))
            (core func $subscribe (canon lower (func $clock "subscribe-duration")))
            (core func $block (canon lower (func $poll "[method]pollable.block")))
            (core func $random (canon lower (func $random "get-random-bytes")
                (memory $libc "memory") (realloc (func $libc "realloc"))))
            (core func $arguments (canon lower (func $environment "get-arguments")
                (memory $libc "memory") (realloc (func $libc "realloc"))))
            (core func $stdout (canon lower (func $stdout "get-stdout")))
            (core func $write (canon lower (func $streams "[method]output-stream.write")
                (memory $libc "memory")))
            (core func $query (canon lower (func $query "query")
                (memory $libc "memory") (realloc (func $libc "realloc"))))
            (core func $insert (canon lower (func $mutate "insert")
                (memory $libc "memory") (realloc (func $libc "realloc"))))
            (core func $execute (canon lower (func $mutate "execute")
                (memory $libc "memory") (realloc (func $libc "realloc"))))
            (core module)
            (core instance $smith (instantiate 1 (with "host" (instance
                (export "memory" (memory $libc "memory"))
                (export "record" (func $record)) (export "now" (func $now)) (export "random" (func $random))
                (export "arguments" (func $arguments)) (export "stdout" (func $stdout))
                (export "write" (func $write)) (export "subscribe" (func $subscribe))
                (export "block" (func $block)) (export "query" (func $query))
                (export "insert" (func $insert)) (export "execute" (func $execute))))))
            (func (export "run") (result (result string (error string)))
                (canon lift (core func $smith "run") (memory $libc "memory")
                    (realloc (func $libc "realloc")))))"#;

/// Any bytes are choices. These are always the same.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    (1..=16_u64)
        .map(|seed| {
            let mut random = crate::mutate::Random::new(seed);
            (0..4096).map(|_| random.next() as u8).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::component;
    use crate::host;

    #[test]
    fn the_world_around_a_module_is_accepted_and_runs() {
        let text = r#"(module
            (import "host" "memory" (memory 1))
            (import "host" "record" (func $record (param i32 i32 i32 i32 i32 i32)))
            (import "host" "stdout" (func $stdout (result i32)))
            (import "host" "write" (func $write (param i32 i32 i32 i32)))
            (import "host" "query" (func $query (param i32 i32 i32)))
            (import "host" "execute" (func $execute (param i32 i32 i32)))
            (func (export "run") (result i32)
                (call $record (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
                (call $write (call $stdout) (i32.const 64) (i32.const 3) (i32.const 32))
                (call $query (i32.const 128) (i32.const 27) (i32.const 64))
                (call $execute (i32.const 160) (i32.const 28) (i32.const 80))
                i32.const 16))"#;
        let component = component(&wat::parse_str(text).unwrap());
        let report = host::load_and_run(&component, &host::small());
        assert_eq!(report.outcome.kind(), "completed", "{:?}", report.outcome);
        assert_eq!((report.audit.len(), report.stdout.bytes.len()), (1, 3));
        let changed = report.effects.iter().map(ToString::to_string);
        assert!(
            changed.clone().count() >= 1,
            "{:?}",
            changed.collect::<Vec<_>>()
        );
    }
}
