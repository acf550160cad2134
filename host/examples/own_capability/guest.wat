(component $storm-watch
    (import "example:weather/warnings@1.0.0" (instance $warnings
        (export "send" (func (param "place" string) (param "text" string) (result (result (error string)))))))
    (core module $lib
        (memory (export "memory") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 256))
    (core instance $lib (instantiate $lib))
    (core func $send (canon lower (func $warnings "send") (memory $lib "memory") (realloc (func $lib "realloc"))))
    (core module $guest
        (import "lib" "memory" (memory 1)) (import "host" "send" (func $send (param i32 i32 i32 i32 i32)))
        (data (i32.const 36) "\59\00\00\00\0b\00\00\00")
        (data (i32.const 64) "Doversea wall closedLeithboth warned")
        (func (export "run") (result i32)
            (call $send (i32.const 64) (i32.const 5) (i32.const 69) (i32.const 15) (i32.const 16))
            (call $send (i32.const 84) (i32.const 5) (i32.const 69) (i32.const 15) (i32.const 16))
            (select (i32.const 16) (i32.const 32) (i32.load8_u (i32.const 16)))))
    (core instance $guest (instantiate $guest
        (with "lib" (instance $lib)) (with "host" (instance (export "send" (func $send))))))
    (func (export "run") (result (result string (error string)))
        (canon lift (core func $guest "run") (memory $lib "memory"))))
