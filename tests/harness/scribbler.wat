;; A micro-app that leaves a pattern in 3 MiB of its memory and in 1000 frames of its stack. Whoever runs in the same slot
;; next must see nothing of it, in memory or in fuel.
(component
    (core module $m
        (memory (export "memory") 48)
        (func $frames (param $depth i64) (result i64)
            local.get $depth
            i64.eqz
            if (result i64)
                i64.const 0xA5A5A5A5A5A5A5A5
            else
                local.get $depth
                i64.const 1
                i64.sub
                call $frames
                i64.const 1
                i64.rotl
            end)
        (func (export "run") (result i32)
            i32.const 0
            i32.const 0xA5
            i32.const 0x300000
            memory.fill
            i64.const 1000
            call $frames
            drop
            ;; The result: `ok`, with a text of no bytes.
            i32.const 16
            i32.const 0
            i32.const 12
            memory.fill
            i32.const 16)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable))
    (core instance $i (instantiate $m))
    (func (export "run") (result (result string (error string)))
        (canon lift (core func $i "run") (memory $i "memory") (realloc (func $i "realloc")))))
