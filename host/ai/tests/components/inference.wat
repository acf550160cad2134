;; What `calls.wat` has in addition for a guest that calls `generate`. Each part goes where that file names it.
;; {inference}
(import "fractal:app/ai-inference@0.1.0" (instance $inference
    (alias outer 1 $ai-error (type $outer))
    (export "ai-error" (type $error (eq $outer)))
    (type $maybe (option string))
    (type $asked (record (field "system-prompt" $maybe) (field "user-prompt" string)
        (field "max-tokens" u32) (field "temperature" f32)))
    (export "generate-request" (type $request (eq $asked)))
    (type $written (record (field "text" string) (field "tokens-used" u32) (field "confidence" f32)))
    (export "generate-response" (type $response (eq $written)))
    (type $answer (result $response (error $error)))
    (export "generate" (func (param "request" $request) (result $answer)))))
;; {lowered}
(core func $generate (canon lower (func $inference "generate") (memory $lib "memory") (realloc (func $lib "realloc"))))
;; {imported}
(import "host" "generate" (func $generate (param i32 i32 i32 i32 i32 i32 f32 i32)))
;; {try}
(func $try-generate (param i32 i32 i32 i32 i32 i32 f32) (result i32)
    (call $free)
    (call $generate (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5)
        (local.get 6) (i32.const 32))
    (if (call $failed) (then (return (i32.const 1))))
    (call $text (i32.load (i32.const 36)) (i32.load (i32.const 40)))
    (call $byte (i32.const 32))
    (call $hex (i32.load (i32.const 44)))
    (call $byte (i32.const 32))
    (call $hex (i32.load (i32.const 48)))
    (call $byte (i32.const 10))
    i32.const 0)
;; {given}
(export "generate" (func $generate))
