;; A component whose `run` returns `ok("ok")`. In braces stand its imports and whatever else is beside.
(component
    {items}
    (core module $bare
        (memory (export "memory") 1)
        (data (i32.const 16) "\00\00\00\00\1c\00\00\00\02\00\00\00ok")
        (func (export "run") (result i32) i32.const 16))
    (core instance $bare (instantiate $bare))
    (func (export "run") (result (result string (error string)))
        (canon lift (core func $bare "run") (memory $bare "memory"))))
