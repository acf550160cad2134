;; A component whose `run` calls a function of `wasi:cli/exit`, in braces with the status that it gives.
(component
    (import "wasi:cli/exit@0.2.12" (instance $exit
        (export "exit" (func (param "status" (result))))
        (export "exit-with-code" (func (param "status-code" u8)))))
    (core func $exit (canon lower (func $exit "{call}")))
    (core module $m
        (import "" "exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (func (export "run") (result i32)
            (call $exit (i32.const {status}))
            unreachable))
    (core instance $i (instantiate $m (with "" (instance (export "exit" (func $exit))))))
    (func (export "run") (result (result string (error string)))
        (canon lift (core func $i "run") (memory $i "memory"))))
