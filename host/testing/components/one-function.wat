;; A component of the world around one core function. In the first place in braces stand further items of the core
;; module, in the second the code of `run`, which then returns `ok("")`.
(component
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
        (canon lift (core func $i "run") (memory $memory "memory") (realloc (func $i "realloc")))))
