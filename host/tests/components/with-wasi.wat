;; A component of the world that imports functions of WASI as well. In the places in braces stand further items of the
;; core module, the code of `realloc`, and that of `run`, which then returns `ok("")`.
(component
    (import "fractal:app/audit-log@0.1.0" (instance $log
        (type $entry (record
            (field "event-type" string) (field "resource" string) (field "detail" string)))
        (export "audit-entry" (type $audit-entry (eq $entry)))
        (export "record-event" (func (param "entry" $audit-entry)))))
    (import "wasi:io/poll@0.2.12" (instance $poll
        (export "pollable" (type $pollable (sub resource)))
        (export "[method]pollable.ready" (func (param "self" (borrow $pollable)) (result bool)))
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
        (export "subscribe-duration" (func (param "when" u64) (result (own $own))))))
    (import "wasi:cli/environment@0.2.12" (instance $environment
        (export "get-arguments" (func (result (list string))))))
    (core module $shim
        (memory (export "memory") 1)
        (table (export "table") 1 1 funcref)
        (type $realloc (func (param i32 i32 i32 i32) (result i32)))
        (func (export "realloc") (type $realloc)
            (call_indirect (type $realloc) (local.get 0) (local.get 1) (local.get 2) (local.get 3)
                (i32.const 0))))
    (core instance $shim (instantiate $shim))
    (core func $record (canon lower (func $log "record-event") (memory $shim "memory")))
    (core func $arguments (canon lower (func $environment "get-arguments")
        (memory $shim "memory") (realloc (func $shim "realloc"))))
    (core func $stdout (canon lower (func $stdout "get-stdout")))
    (core func $write (canon lower (func $streams "[method]output-stream.write")
        (memory $shim "memory")))
    (core func $subscribe (canon lower (func $clock "subscribe-duration")))
    (core func $ready (canon lower (func $poll "[method]pollable.ready")))
    (core func $block (canon lower (func $poll "[method]pollable.block")))
    (core func $drop (canon resource.drop $pollable))
    (core module $m
        (import "host" "memory" (memory 1))
        (import "host" "table" (table 1 1 funcref))
        (import "host" "record" (func $record (param i32 i32 i32 i32 i32 i32)))
        (import "host" "arguments" (func $arguments (param i32)))
        (import "host" "stdout" (func $stdout (result i32)))
        (import "host" "write" (func $write (param i32 i32 i32 i32)))
        (import "host" "subscribe" (func $subscribe (param i64) (result i32)))
        (import "host" "ready" (func $ready (param i32) (result i32)))
        (import "host" "block" (func $block (param i32)))
        (import "host" "drop" (func $drop (param i32)))
        {items}
        (global $next (mut i32) (i32.const 4096))
        (func $realloc (param i32 i32 i32 i32) (result i32) {realloc})
        (elem (i32.const 0) func $realloc)
        (func $run (export "run") (result i32) {body} i32.const 16))
    (core instance $i (instantiate $m (with "host" (instance
        (export "memory" (memory $shim "memory")) (export "table" (table $shim "table"))
        (export "record" (func $record)) (export "arguments" (func $arguments))
        (export "stdout" (func $stdout)) (export "write" (func $write))
        (export "subscribe" (func $subscribe)) (export "ready" (func $ready))
        (export "block" (func $block)) (export "drop" (func $drop))))))
    (func (export "run") (result (result string (error string)))
        (canon lift (core func $i "run") (memory $shim "memory") (realloc (func $shim "realloc")))))
