;; The loop of `loop_heads.wat` with a counter of its own, as an instrumenter could write it: it traps when nothing is left, and calls nobody.
(module
  (memory (export "memory") 1)
  (global $left (mut i64) (i64.const 0x3fffffffffffffff))
  (func (export "scan") (param $rounds i32) (result i32)
    (local $at i32)
    (local $found i32)
    (loop $next
      (if (i64.lt_s (global.get $left) (i64.const 0)) (then (unreachable)))
      (global.set $left (i64.sub (global.get $left) (i64.const 12)))
      (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 7))
        (then
          (local.set $found (i32.add (local.get $found) (i32.const 1)))
          (global.set $left (i64.sub (global.get $left) (i64.const 4)))))
      (local.set $at (i32.and (i32.add (local.get $at) (i32.const 1)) (i32.const 0xffff)))
      (br_if $next (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (local.get $found)))
