//! Components of the world, around little code.

use wasm_encoder::{ComponentSection, CustomSection};

/// A component whose core module has these items, and `body` in `run`, which then returns `ok("")`. It may call
/// `$record`, which records an empty audit entry.
pub(crate) fn component(items: &str, body: &str) -> Vec<u8> {
    let text = format!(
        r#"(component
            (import "fractal:app/audit-log@0.1.0" (instance $log
                (type $entry (record
                    (field "event-type" string) (field "resource" string) (field "detail" string)))
                (export "audit-entry" (type $audit-entry (eq $entry)))
                (export "record-event" (func (param "entry" $audit-entry)))))
            (core module $memory (memory (export "memory") 1))
            (core instance $memory (instantiate $memory))
            (core func $record (canon lower (func $log "record-event") (memory $memory "memory")))
            (core module $m
                (import "host" "memory" (memory 1))
                (import "host" "record" (func $record-raw (param i32 i32 i32 i32 i32 i32)))
                (func $record
                    i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0 i32.const 0
                    call $record-raw)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable)
                {items}
                (func $run (export "run") (result i32) {body} i32.const 16))
            (core instance $i (instantiate $m (with "host" (instance
                (export "memory" (memory $memory "memory")) (export "record" (func $record))))))
            (func (export "run") (result (result string (error string)))
                (canon lift (core func $i "run") (memory $memory "memory") (realloc (func $i "realloc")))))"#
    );
    wat::parse_str(text).expect("the text is a component")
}

/// The component with one more custom section.
pub(crate) fn with_section(component: &[u8], name: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = component.to_vec();
    CustomSection {
        name: name.into(),
        data: data.into(),
    }
    .append_to_component(&mut bytes);
    bytes
}
