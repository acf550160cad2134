//! Twins are valid components, and a component that cannot be instrumented says why. The tests of the host run
//! twins and check what they cost.

mod blocks;

use wasmparser::{Parser, Payload, Validator, WasmFeatures};

use crate::{CROSSING, Crossing, Uninstrumentable, instrument, instrument_blocks, meter_crossings};

fn encode(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("the text is a component")
}

/// A component of one core module.
fn around(module: &str) -> Vec<u8> {
    encode(&format!(
        "(component (core module $m {module}) (core instance (instantiate $m)))"
    ))
}

#[track_caller]
fn check(component: &[u8], functions: usize) {
    let twin = instrument(component).expect("it has a twin");
    assert_eq!(twin.functions.len(), functions);
    if let Err(error) = Validator::new_with_features(WasmFeatures::all()).validate_all(&twin.bytes)
    {
        panic!("{error}\n{:?}", twin.functions);
    }
    assert_eq!(instrument(component).unwrap(), twin, "the same again");
    let covered = instrument_blocks(component, None).expect("it has a twin with blocks");
    assert_eq!(covered.functions, twin.functions);
    assert!(
        covered
            .blocks
            .is_sorted_by(|a, b| (a.module, a.end) <= (b.module, b.start))
    );
    let valid = Validator::new_with_features(WasmFeatures::all()).validate_all(&covered.bytes);
    if let Err(error) = valid {
        panic!("{error}\n{:?}", covered.blocks);
    }
}

#[test]
fn every_shape_of_function_has_a_valid_twin() {
    let modules = [
        ("", 0),
        ("(func)", 1),
        ("(func (result i32) i32.const 1)", 1),
        ("(func (result i32 i64) i32.const 1 i64.const 2)", 1),
        (
            "(func (param i32) (result i32 i32) local.get 0 local.get 0 return)",
            1,
        ),
        ("(func (result i32) unreachable)", 1),
        ("(func (param i32) (br_if 0 (local.get 0)) (br 0))", 1),
        (
            "(func (param i32) (result i32) (block (result i32) (br_table 0 1 (i32.const 3) (local.get 0))))",
            1,
        ),
        ("(func (param i32) (block (loop (return))) nop)", 1),
        ("(func $f (result i32) return_call $f)", 1),
        (
            "(table 1 funcref) (type $t (func (result i32))) (elem (i32.const 0) $f)
             (func $f (type $t) (call_indirect (type $t) (i32.const 0)))
             (func (type $t) (return_call_indirect (type $t) (i32.const 0)))",
            2,
        ),
        (
            "(global funcref (ref.func $f)) (func $f) (func $g (drop (ref.func $f)))  (start $g)",
            2,
        ),
        (
            "(func (param v128) (result v128) (i32x4.add (local.get 0) (local.get 0)))",
            1,
        ),
        (
            "(memory 1) (data $d \"text\") (func (memory.init $d (i32.const 0) (i32.const 0) (i32.const 4)))",
            1,
        ),
    ];
    for (module, functions) in modules {
        check(&around(module), functions);
    }
}

#[test]
fn definitions_behind_the_hooks_are_moved_through_the_whole_component() {
    let component = encode(
        r#"(component $outer
            (type $word string)
            (type $entry (record (field "name" $word)))
            (import "example:a/b" (instance $log
                (alias outer $outer $word (type $again))
                (export "entry" (type $e (eq $again)))
                (export "record" (func (param "entry" $e)))
                (export "get" (func (result string)))))
            (import "f" (func $f (param "x" u32)))
            (component $nested
                (alias outer $outer $entry (type $t))
                (export "t" (type $t)))
            (instance $nested (instantiate $nested))
            (core module $lib
                (memory (export "memory") 1)
                (func $grow (result i32) (memory.grow (i32.const 1)))
                (func $alloc (export "realloc") (param i32 i32 i32 i32) (result i32)
                    (drop (call $grow)) i32.const 8)
                (func (export "after") (param i32)))
            (core instance $lib (instantiate $lib))
            (core instance $passed (export "r" (func $lib "realloc")))
            (core module $pass (import "lib" "r" (func (param i32 i32 i32 i32) (result i32)))
                (export "realloc" (func 0)))
            (core instance $pass (instantiate $pass (with "lib" (instance $passed))))
            (core func $lowered (canon lower (func $log "record")
                (memory $lib "memory") (realloc (func $pass "realloc"))))
            (core func $get (canon lower (func $log "get")
                (memory $lib "memory") (realloc (func $lib "realloc"))))
            (core func $f (canon lower (func $f)))
            (core module $m
                (import "host" "record" (func (param i32 i32)))
                (import "host" "get" (func (param i32)))
                (import "host" "f" (func (param i32)))
                (func (export "run") (result i32)
                    (call 0 (i32.const 0) (i32.const 0)) (call 2 (i32.const 1)) i32.const 0))
            (core instance $i (instantiate $m (with "host" (instance
                (export "record" (func $lowered)) (export "get" (func $get)) (export "f" (func $f))))))
            (func $run (result string) (canon lift (core func $i "run")
                (memory $lib "memory") (realloc (func $lib "realloc"))
                (post-return (func $lib "after"))))
            (export "run" (func $run))
            (export "nested" (instance $nested)))"#,
    );
    check(&component, 4);
    let twin = instrument(&component).unwrap();
    let names: Vec<_> = twin.functions.iter().map(|f| f.name.as_deref()).collect();
    assert_eq!(names, [Some("grow"), Some("alloc"), None, None]);
    assert_eq!(twin.functions[3].module, 2);
    assert_eq!(twin.functions[3].index, 3);
    assert_eq!(twin.functions[1].stands_for.as_deref(), Some("lib#r"));
    // `alloc`, what it calls, and `after` exist once with hooks and once without.
    let bodies = Parser::new(0)
        .parse_all(&twin.bytes)
        .filter(|payload| matches!(payload, Ok(Payload::CodeSectionEntry(_))));
    assert_eq!(bodies.count(), 4 + 3);
}

#[test]
fn what_a_copy_calls_in_another_module_is_copied_there() {
    let component = encode(
        r#"(component
            (import "now" (func $now (result u64)))
            (core func $now (canon lower (func $now)))
            (core module $libc (memory (export "memory") 1)
                (func $grow (param i32) (result i32) local.get 0)
                (func (export "malloc") (param i32) (result i32) (call $grow (local.get 0)))
                (func (export "free") (param i32)))
            (core instance $libc (instantiate $libc))
            (core module $m
                (import "env" "free" (func (param i32)))
                (import "env" "malloc" (func $malloc (param i32) (result i32)))
                (import "host" "now" (func $now (result i64)))
                (func $alloc (export "realloc") (param i32 i32 i32 i32) (result i32)
                    (drop (call $now)) (call $malloc (local.get 3)))
                (func (export "run") (result i32) (call $malloc (i32.const 8))))
            (core instance $host (export "now" (func $now)))
            (core instance $i (instantiate $m
                (with "env" (instance $libc)) (with "host" (instance $host))))
            (core module $last (func) )
            (core instance (instantiate $last))
            (func (export "run") (result string) (canon lift (core func $i "run")
                (memory $libc "memory") (realloc (func $i "realloc")))))"#,
    );
    check(&component, 6);
    let twin = instrument(&component).unwrap();
    let bodies = Parser::new(0)
        .parse_all(&twin.bytes)
        .filter(|payload| matches!(payload, Ok(Payload::CodeSectionEntry(_))));
    assert_eq!(bodies.count(), 6 + 3);
}

#[test]
fn names_and_the_components_own_sections_are_kept() {
    let component = encode(
        r#"(component $whole (@custom "fractal:manifest" "kept")
            (core module $m (@custom ".debug_info" "dropped") (func $named) (func)))"#,
    );
    let twin = instrument(&component).unwrap();
    let has = |text: &[u8]| twin.bytes.windows(text.len()).any(|window| window == text);
    assert!(has(b"whole") && has(b"kept") && has(b"named") && has(b"function 1"));
    assert!(!has(b".debug_info"));
}

#[test]
fn what_has_no_twin_says_why() {
    let exceptions = around("(func) (func (block (try_table (catch_all 0) nop)))");
    let cases = [
        (b"\0asm\x01\0\0\0".to_vec(), Uninstrumentable::NotAComponent),
        (
            exceptions,
            Uninstrumentable::NonLocalExit {
                module: 0,
                function: 1,
                operator: "try_table",
            },
        ),
        (
            encode(
                r#"(component (component $c (core module $m (func)) (core instance (instantiate $m)))
                    (export "c" (component $c)))"#,
            ),
            Uninstrumentable::ForeignComponent,
        ),
        (
            encode(r#"(component (import "m" (core module)))"#),
            Uninstrumentable::ForeignModule,
        ),
        (
            encode(r#"(component (import "fractal:profile/hooks" (instance)))"#),
            Uninstrumentable::NameTaken,
        ),
        (
            encode(r#"(component (core module (import "fractal:profile/hooks" "enter" (func))))"#),
            Uninstrumentable::NameTaken,
        ),
    ];
    for (component, expected) in cases {
        let found = instrument(&component).unwrap_err();
        assert_eq!(found.to_string(), expected.to_string());
    }
}

#[test]
fn every_truncation_and_flipped_byte_is_refused_or_read_without_panic() {
    let bytes = encode(
        r#"(component (core module $m (memory (export "m") 1)
            (func (export "f") (result i32) (call 1) return)
            (func (result i32) (i32.const 1)))
            (core instance $i (instantiate $m))
            (func (export "f") (result u32) (canon lift (core func $i "f") (memory $i "m"))))"#,
    );
    for bytes in [bytes, composed()] {
        for end in 0..bytes.len() {
            let _ = instrument(&bytes[..end]);
            let _ = instrument_blocks(&bytes[..end], Some(&PRICE));
        }
        for place in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[place] ^= 0x15;
            let _ = instrument(&bytes);
            let _ = instrument_blocks(&bytes, Some(&PRICE));
        }
    }
}

const PRICE: Crossing = Crossing {
    limit_values: 10,
    limit_bytes: 1 << 20,
    step_bytes_log2: 6,
    step_constants: 50,
};

/// Two parts. One has its `realloc` in a module without a name section. The other has it in a module that uses
/// our reserved function name.
fn composed() -> Vec<u8> {
    composed_of(1)
}

/// With that many instances of the part that calls.
fn composed_of(callers: usize) -> Vec<u8> {
    let text = r#"(component
            (component $a
                (core module (memory (export "m") 1)
                    (func (export "r") (param i32 i32 i32 i32) (result i32) i32.const 0)
                    (func (export "f") (param i32 i32)))
                (core instance $i (instantiate 0))
                (func (export "f") (param "s" string)
                    (canon lift (core func $i "f") (memory $i "m") (realloc (func $i "r")))))
            (component $b
                (import "f" (func $f (param "s" string)))
                (core module $m (@custom "kept" "data") (memory (export "m") 1)
                    (func $other (@name "[crossing]"))
                    (func $named (export "r") (param i32 i32 i32 i32) (result i32) i32.const 0))
                (core instance $i (instantiate $m))
                (core func (canon lower (func $f) (memory $i "m") (realloc (func $i "r")))))
            (instance $a (instantiate $a)) "#;
    let calls = r#"(instance (instantiate $b (with "f" (func $a "f"))))"#.repeat(callers);
    encode(&format!("{text}{calls})"))
}

#[test]
fn functions_that_make_room_are_called_by_ones_that_pay_and_nothing_else_changes() {
    let component = composed();
    let metered = meter_crossings(&component, &PRICE).unwrap();
    Validator::new_with_features(WasmFeatures::all())
        .validate_all(&metered)
        .unwrap();
    let count =
        |bytes: &[u8], text: &[u8]| bytes.windows(text.len()).filter(|w| *w == text).count();
    let bodies = |bytes: &[u8]| {
        let payloads = Parser::new(0).parse_all(bytes);
        payloads
            .filter(|payload| matches!(payload, Ok(Payload::CodeSectionEntry(_))))
            .count()
    };
    assert_eq!(bodies(&metered), bodies(&component) + 2);
    // The component's own use of the name is gone, and the two functions that pay have it.
    assert_eq!(count(&component, CROSSING.as_bytes()), 1);
    assert_eq!(count(&metered, CROSSING.as_bytes()), 2);
    for kept in [&b"kept"[..], b"data", b"named"] {
        assert_eq!(count(&metered, kept), count(&component, kept));
    }
    let twin = instrument(&metered).unwrap();
    let parts: Vec<_> = twin.functions.iter().map(|f| f.part.as_deref()).collect();
    assert_eq!(
        parts,
        [
            Some("a"),
            Some("a"),
            Some("a"),
            Some("b"),
            Some("b"),
            Some("b")
        ]
    );
    Validator::new_with_features(WasmFeatures::all())
        .validate_all(&twin.bytes)
        .unwrap();
    let strict = Crossing {
        limit_values: 0,
        ..PRICE
    };
    assert_eq!(
        meter_crossings(&component, &strict).unwrap_err(),
        Uninstrumentable::TooManyValues { found: 1, limit: 0 }
    );
    // The code that moves a value is generated again for each instance of the part that calls.
    let one = Crossing {
        limit_values: 1,
        ..PRICE
    };
    assert!(meter_crossings(&component, &one).is_ok());
    assert_eq!(
        meter_crossings(&composed_of(2), &one).unwrap_err(),
        Uninstrumentable::TooManyValues { found: 2, limit: 1 }
    );
}
