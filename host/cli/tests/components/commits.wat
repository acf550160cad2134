;; After each statement, an audit entry with the statement's number is recorded.
(component
    (import "fractal:app/audit-log@0.1.0" (instance $log
        (type $entry (record
            (field "event-type" string) (field "resource" string) (field "detail" string)))
        (export "audit-entry" (type $audit-entry (eq $entry)))
        (export "record-event" (func (param "entry" $audit-entry)))))
    (import "fractal:app/data-mutate@0.1.0" (instance $mutate
        (type $record (record (field "code" u32) (field "message" string)))
        (export "mutate-error" (type $error (eq $record)))
        (type $count (result u64 (error $error)))
        (export "execute" (func (param "sql" string) (result $count)))))
    (core module $lib
        (memory (export "memory") 2)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 65536))
    (core instance $lib (instantiate $lib))
    (core func $record (canon lower (func $log "record-event") (memory $lib "memory")))
    (core func $execute (canon lower (func $mutate "execute") (memory $lib "memory") (realloc (func $lib "realloc"))))
    (core module $guest
        (import "lib" "memory" (memory 1))
        (import "host" "record" (func $record (param i32 i32 i32 i32 i32 i32)))
        (import "host" "execute" (func $execute (param i32 i32 i32)))
        (data (i32.const 512) "committed")
        (data (i32.const 528) "123")
        {data}
        (func $call (param $number i32) (param $sql i32) (param $bytes i32)
            (call $execute (local.get $sql) (local.get $bytes) (i32.const 64))
            (if (i32.load8_u (i32.const 64)) (then unreachable))
            (call $record (i32.const 512) (i32.const 9) (i32.const 512) (i32.const 0)
                (i32.add (i32.const 527) (local.get $number)) (i32.const 1)))
        (func (export "run") (result i32)
            {calls}
            {end}
            i32.const 16))
    (core instance $guest (instantiate $guest (with "lib" (instance $lib)) (with "host" (instance
        (export "record" (func $record)) (export "execute" (func $execute))))))
    (func (export "run") (result (result string (error string)))
        (canon lift (core func $guest "run") (memory $lib "memory"))))
