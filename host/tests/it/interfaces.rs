//! Small components that call WASI besides the micro-app's own interface.

/// A component of the world: `items` are in its core module, `body` is in `run`, which then returns `ok("")`, and
/// `realloc` gives the host memory. It may call `$record`, `$arguments`, `$stdout`, `$write`, `$subscribe`, and
/// `$ready`, `$block` and `$drop` of a pollable. Memory from 4096 is for what the host writes.
pub(crate) fn with_wasi(items: &str, body: &str, realloc: &str) -> Vec<u8> {
    let text = include_str!("../components/with-wasi.wat")
        .replace("{items}", items)
        .replace("{realloc}", realloc)
        .replace("{body}", body);
    wat::parse_str(text).expect("the text is a component")
}

/// A component of the world that may call `$random`, which draws that many bytes and writes where they are.
pub(crate) fn with_random(body: &str) -> Vec<u8> {
    let text = r#"(component
        (import "wasi:random/random@0.2.0" (instance $random
            (export "get-random-bytes" (func (param "len" u64) (result (list u8))))))
        (core module $lib
            (memory (export "memory") 20)
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 1024))
        (core instance $lib (instantiate $lib))
        (core func $random (canon lower (func $random "get-random-bytes")
            (memory $lib "memory") (realloc (func $lib "realloc"))))
        (core module $m
            (import "host" "random" (func $random (param i64 i32)))
            (func (export "run") (result i32) {body} i32.const 16))
        (core instance $i (instantiate $m (with "host" (instance (export "random" (func $random))))))
        (func (export "run") (result (result string (error string)))
            (canon lift (core func $i "run") (memory $lib "memory"))))"#;
    wat::parse_str(text.replace("{body}", body)).expect("the text is a component")
}

/// A `realloc` for [`with_wasi`] that gives memory and takes none back.
pub(crate) const BUMP: &str = "(global.get $next)
    (global.set $next (i32.and (i32.add (i32.add (global.get $next) (local.get 3)) (i32.const 7)) (i32.const -8)))";
