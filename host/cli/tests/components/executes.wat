(component
    (import "fractal:app/data-mutate@0.1.0" (instance $mutate
        (type $record (record (field "code" u32) (field "message" string)))
        (export "mutate-error" (type $error (eq $record)))
        (type $count (result u64 (error $error)))
        (export "execute" (func (param "sql" string) (result $count)))))
    (core module $lib
        (memory (export "memory") 2)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 65536))
    (core instance $lib (instantiate $lib))
    (core func $execute (canon lower (func $mutate "execute") (memory $lib "memory") (realloc (func $lib "realloc"))))
    (core module $guest
        (import "lib" "memory" (memory 1))
        (import "host" "execute" (func $execute (param i32 i32 i32)))
        {data}
        (func (export "run") (result i32)
            {calls}
            {end}
            i32.const 16))
    (core instance $guest (instantiate $guest (with "lib" (instance $lib)) (with "host" (instance
        (export "execute" (func $execute))))))
    (func (export "run") (result (result string (error string)))
        (canon lift (core func $guest "run") (memory $lib "memory"))))
