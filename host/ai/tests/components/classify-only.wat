;; A component that classifies and makes no embeddings. Of `ai-embeddings` it has only the error type. It returns whether
;; the call failed as `0` or `1`.
(component $asker
    (import "fractal:app/ai-embeddings@0.1.0" (instance $embeddings
        (type $record (record (field "code" u32) (field "message" string)))
        (export "ai-error" (type $error (eq $record)))))
    (alias export $embeddings "ai-error" (type $ai-error))
    (import "fractal:app/ai-classify@0.1.0" (instance $classify
        (alias outer 1 $ai-error (type $outer))
        (export "ai-error" (type $error (eq $outer)))
        (type $pair (record (field "category" string) (field "score" f32)))
        (export "classification" (type $classification (eq $pair)))
        (type $list (list $classification))
        (type $ranking (result $list (error $error)))
        (type $texts (list string))
        (export "classify" (func (param "text" string) (param "categories" $texts) (result $ranking)))))
    (core module $lib
        (memory (export "memory") 1)
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096))
    (core instance $lib (instantiate $lib))
    (core func $classify (canon lower (func $classify "classify") (memory $lib "memory") (realloc (func $lib "realloc"))))
    (core module $guest
        (import "lib" "memory" (memory 1))
        (import "host" "classify" (func $classify (param i32 i32 i32 i32 i32)))
        ;; A category: its place and its length.
        (data (i32.const 64) "\50\00\00\00\04\00\00\00")
        (data (i32.const 80) "fire")
        (func (export "run") (result i32)
            (call $classify (i32.const 80) (i32.const 4) (i32.const 64) (i32.const 1) (i32.const 128))
            (i32.store8 (i32.const 32) (i32.add (i32.const 48) (i32.load8_u (i32.const 128))))
            (i32.store (i32.const 20) (i32.const 32))
            (i32.store (i32.const 24) (i32.const 1))
            i32.const 16))
    (core instance $guest (instantiate $guest (with "lib" (instance $lib)) (with "host" (instance
        (export "classify" (func $classify))))))
    (func (export "run") (result (result string (error string)))
        (canon lift (core func $guest "run") (memory $lib "memory"))))
