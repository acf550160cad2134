;; A component composed of two: `sender` runs, and hands a text to `receiver` or asks it for one. In the places in braces
;; stand the encodings of both, the byte that fills both memories, and what the sender does, which may call
;; `$take` (address, length), `$give` (length, address of the answer) and `$nothing`.
(component $composed
    (component $receiver
        (core module $m
            (memory (export "memory") 520)
            (func $fill (memory.fill (i32.const 65536) (i32.const {byte}) (i32.const 1048576)))
            (start $fill)
            (func $room (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 65536)
            (func $twice (param i32) (result i32) (i32.add (local.get 0) (local.get 0)))
            (func $take (export "take") (param i32 i32) (drop (call $twice (local.get 1))))
            (func $nothing (export "nothing"))
            (func $give (export "give") (param i32) (result i32)
                (i32.store (i32.const 8) (i32.const 65536))
                (i32.store (i32.const 12) (local.get 0))
                i32.const 8)
            (func $after (export "after") (param i32)))
        (core instance $i (instantiate $m))
        (func (export "take") (param "s" string) (canon lift (core func $i "take")
            (memory $i "memory") (realloc (func $i "realloc")) string-encoding={to}))
        (func (export "nothing") (canon lift (core func $i "nothing")))
        (func (export "give") (param "n" u32) (result string) (canon lift (core func $i "give")
            (memory $i "memory") (post-return (func $i "after")) string-encoding={to})))
    (component $sender
        (import "take" (func $take (param "s" string)))
        (import "give" (func $give (param "n" u32) (result string)))
        (import "nothing" (func $nothing))
        (core module $libc
            (memory (export "memory") 520)
            (func $fill (memory.fill (i32.const 65536) (i32.const {byte}) (i32.const 1048576)))
            (start $fill)
            (func $room (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 65536))
        (core instance $libc (instantiate $libc))
        (core func $take (canon lower (func $take) (memory $libc "memory") string-encoding={from}))
        (core func $nothing (canon lower (func $nothing)))
        (core func $give (canon lower (func $give)
            (memory $libc "memory") (realloc (func $libc "realloc")) string-encoding={from}))
        (core module $m
            (import "host" "take" (func $take (param i32 i32)))
            (import "host" "give" (func $give (param i32 i32)))
            (import "host" "nothing" (func $nothing))
            (import "libc" "memory" (memory 520))
            (func $run (export "run") (result i32) {run} i32.const 16))
        (core instance $i (instantiate $m (with "libc" (instance $libc)) (with "host" (instance
            (export "take" (func $take)) (export "give" (func $give))
            (export "nothing" (func $nothing))))))
        (func (export "run") (result (result string (error string)))
            (canon lift (core func $i "run") (memory $libc "memory")
                (realloc (func $libc "realloc")))))
    (instance $receiver (instantiate $receiver))
    (instance $sender (instantiate $sender (with "take" (func $receiver "take"))
        (with "give" (func $receiver "give")) (with "nothing" (func $receiver "nothing"))))
    (export "run" (func $sender "run")))
