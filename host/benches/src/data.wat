;; What makes the guest of `statements.wat` ask again and again, and the keys that it asks for.
(global $left (mut i32) (i32.const {queries}))
(global $key (mut i32) (i32.const 0))
(data (i32.const 1024) "SELECT name FROM t WHERE id = 000000")
(func $write-key
    (local $rest i32) (local $at i32)
    (global.set $key (i32.rem_u (i32.add (global.get $key) (i32.const {stride})) (i32.const 100000)))
    (local.set $rest (global.get $key))
    (local.set $at (i32.const 1060))
    (loop $next
        (local.set $at (i32.sub (local.get $at) (i32.const 1)))
        (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.rem_u (local.get $rest) (i32.const 10))))
        (local.set $rest (i32.div_u (local.get $rest) (i32.const 10)))
        (br_if $next (i32.gt_u (local.get $at) (i32.const 1054)))))
