;; A component of the world that records an entry and then opens the file `file` of its first folder 200 times, all at once.
(component
    (import "fractal:app/audit-log@0.1.0" (instance $log
        (type $entry (record
            (field "event-type" string) (field "resource" string) (field "detail" string)))
        (export "audit-entry" (type $audit-entry (eq $entry)))
        (export "record-event" (func (param "entry" $audit-entry)))))
    (import "wasi:filesystem/types@0.2.12" (instance $types
        (export "descriptor" (type $descriptor (sub resource)))
        (type $flags (flags "symlink-follow"))
        (export "path-flags" (type $path-flags (eq $flags)))
        (type $opens (flags "create" "directory" "exclusive" "truncate"))
        (export "open-flags" (type $open-flags (eq $opens)))
        (type $uses (flags "read" "write" "file-integrity-sync" "data-integrity-sync"
            "requested-write-sync" "mutate-directory"))
        (export "descriptor-flags" (type $descriptor-flags (eq $uses)))
        (type $codes (enum "access" "would-block" "already" "bad-descriptor" "busy" "deadlock" "quota" "exist"
            "file-too-large" "illegal-byte-sequence" "in-progress" "interrupted" "invalid" "io"
            "is-directory" "loop" "too-many-links" "message-size" "name-too-long" "no-device" "no-entry"
            "no-lock" "insufficient-memory" "insufficient-space" "not-directory" "not-empty"
            "not-recoverable" "unsupported" "no-tty" "no-such-device" "overflow" "not-permitted" "pipe"
            "read-only" "invalid-seek" "text-file-busy" "cross-device"))
        (export "error-code" (type $error-code (eq $codes)))
        (export "[method]descriptor.open-at" (func (param "self" (borrow $descriptor))
            (param "path-flags" $path-flags) (param "path" string) (param "open-flags" $open-flags)
            (param "flags" $descriptor-flags)
            (result (result (own $descriptor) (error $error-code)))))))
    (alias export $types "descriptor" (type $descriptor))
    (import "wasi:filesystem/preopens@0.2.12" (instance $preopens
        (alias outer 1 $descriptor (type $outer))
        (export "descriptor" (type $own (eq $outer)))
        (export "get-directories" (func (result (list (tuple (own $own) string)))))))
    (core module $memory
        (memory (export "memory") 1)
        (global $next (mut i32) (i32.const 4096))
        (func (export "realloc") (param i32 i32 i32 i32) (result i32)
            global.get $next
            (global.set $next (i32.add (global.get $next)
                (i32.and (i32.add (local.get 3) (i32.const 7)) (i32.const -8))))))
    (core instance $memory (instantiate $memory))
    (core func $record (canon lower (func $log "record-event") (memory $memory "memory")))
    (core func $folders (canon lower (func $preopens "get-directories")
        (memory $memory "memory") (realloc (func $memory "realloc"))))
    (core func $open (canon lower (func $types "[method]descriptor.open-at")
        (memory $memory "memory")))
    (core module $m
        (import "host" "memory" (memory 1))
        (import "host" "record" (func $record (param i32 i32 i32 i32 i32 i32)))
        (import "host" "folders" (func $folders (param i32)))
        (import "host" "open" (func $open (param i32 i32 i32 i32 i32 i32 i32)))
        (data (i32.const 32) "file")
        (func (export "run") (result i32) (local $left i32)
            (call $record (i32.const 32) (i32.const 4) (i32.const 32) (i32.const 4)
                (i32.const 32) (i32.const 4))
            (call $folders (i32.const 64))
            (local.set $left (i32.const 200))
            (loop $again
                (call $open (i32.load (i32.load (i32.const 64))) (i32.const 0)
                    (i32.const 32) (i32.const 4) (i32.const 0) (i32.const 1) (i32.const 80))
                (br_if $again
                    (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
            i32.const 16))
    (core instance $i (instantiate $m (with "host" (instance
        (export "memory" (memory $memory "memory")) (export "record" (func $record))
        (export "folders" (func $folders)) (export "open" (func $open))))))
    (func (export "run") (result (result string (error string)))
        (canon lift (core func $i "run") (memory $memory "memory"))))
