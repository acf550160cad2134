;; A component that emits, schedules and cancels. In the first place in braces stands data, in the second the code of
;; `run`. It returns `ok("done")`. If a call fails, it returns the code and the message as its error.
(component $NAME
    (import "fractal:app/events-emit@0.1.0" (instance $emit
        (type $record (record (field "code" u32) (field "message" string)))
        (export "event-error" (type $error (eq $record)))
        (type $fields (record (field "event-type" string) (field "payload" (list u8)) (field "source-app" string)))
        (export "domain-event" (type $event (eq $fields)))
        (type $number u64)
        (export "event-id" (type $id (eq $number)))
        (type $emitted (result $id (error $error)))
        (export "emit" (func (param "event" $event) (result $emitted)))))
    (alias export $emit "event-error" (type $event-error))
    (import "fractal:app/events-schedule@0.1.0" (instance $schedule
        (alias outer 1 $event-error (type $outer))
        (export "event-error" (type $error (eq $outer)))
        (type $fields (record (field "name" string) (field "cron" (option string)) (field "run-at" (option u64))
            (field "target-app" string) (field "payload" (list u8))))
        (export "scheduled-task" (type $task (eq $fields)))
        (type $number u64)
        (export "task-id" (type $id (eq $number)))
        (type $scheduled (result $id (error $error)))
        (type $cancelled (result (error $error)))
        (export "schedule" (func (param "task" $task) (result $scheduled)))
        (export "cancel" (func (param "id" $id) (result $cancelled)))))
    (core module $lib
        (memory (export "memory") 40)
        ;; Each call is given the same place again.
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 131072))
    (core instance $lib (instantiate $lib))
    (core func $emit (canon lower (func $emit "emit") (memory $lib "memory") (realloc (func $lib "realloc"))))
    (core func $schedule (canon lower (func $schedule "schedule") (memory $lib "memory") (realloc (func $lib "realloc"))))
    (core func $cancel (canon lower (func $schedule "cancel") (memory $lib "memory") (realloc (func $lib "realloc"))))
    (core module $guest
        (import "lib" "memory" (memory 40))
        (import "host" "emit" (func $emit (param i32 i32 i32 i32 i32 i32 i32)))
        (import "host" "schedule" (func $schedule (param i32 i32 i32 i32 i32 i32 i64 i32 i32 i32 i32 i32)))
        (import "host" "cancel" (func $cancel (param i64 i32)))
        {data}
        (data (i32.const 512) "done")
        (data (i32.const 528) "00: ")
        ;; The id of the last event or task.
        (global $last (mut i64) (i64.const 0))
        ;; An error: its code, and its message behind it.
        (func $fail (param $code i32) (param $message i32) (param $bytes i32) (result i32)
            (i32.store8 (i32.const 528) (i32.add (i32.const 48) (i32.div_u (local.get $code) (i32.const 10))))
            (i32.store8 (i32.const 529) (i32.add (i32.const 48) (i32.rem_u (local.get $code) (i32.const 10))))
            (if (i32.gt_u (local.get $bytes) (i32.const 480)) (then (local.set $bytes (i32.const 480))))
            (memory.copy (i32.const 532) (local.get $message) (local.get $bytes))
            (i32.store8 (i32.const 16) (i32.const 1))
            (i32.store (i32.const 20) (i32.const 528))
            (i32.store (i32.const 24) (i32.add (local.get $bytes) (i32.const 4)))
            i32.const 1)
        ;; The answer of a call that gives an id.
        (func $answered (result i32)
            (if (result i32) (i32.load8_u (i32.const 32))
                (then (call $fail (i32.load (i32.const 40)) (i32.load (i32.const 44)) (i32.load (i32.const 48))))
                (else (global.set $last (i64.load (i32.const 40))) (i32.const 0))))
        (func $cancelled (result i32)
            (if (result i32) (i32.load8_u (i32.const 64))
                (then (call $fail (i32.load (i32.const 68)) (i32.load (i32.const 72)) (i32.load (i32.const 76))))
                (else (i32.const 0))))
        (func (export "run") (result i32)
            (i32.store (i32.const 20) (i32.const 512))
            (i32.store (i32.const 24) (i32.const 4))
            {body}
            i32.const 16))
    (core instance $guest (instantiate $guest (with "lib" (instance $lib)) (with "host" (instance
        (export "emit" (func $emit)) (export "schedule" (func $schedule)) (export "cancel" (func $cancel))))))
    (func (export "run") (result (result string (error string)))
        (canon lift (core func $guest "run") (memory $lib "memory"))))
