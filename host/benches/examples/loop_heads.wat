;; A loop whose body is as short as those of parsers and scanners: it reads a byte, compares it, and goes on.
(module
  (memory (export "memory") 1)
  (func (export "scan") (param $rounds i32) (result i32)
    (local $at i32)
    (local $found i32)
    (loop $next
      (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 7))
        (then (local.set $found (i32.add (local.get $found) (i32.const 1)))))
      (local.set $at (i32.and (i32.add (local.get $at) (i32.const 1)) (i32.const 0xffff)))
      (br_if $next (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (local.get $found)))
