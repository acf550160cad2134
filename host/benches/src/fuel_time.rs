//! Nanoseconds for a unit of fuel, by class of instruction: before, with Wasmtime's own costs, and after, with
//! the host's.
//!
//! Each kernel is the worst that a guest can do with its instruction. It is a chain in which each instruction
//! waits for the one before, with as little around it as WebAssembly allows.

use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use wasmtime::{
    Config, Engine, Instance, InstanceAllocationStrategy, Module, OperatorCost,
    PoolingAllocationConfig, Store, TypedFunc,
};

use fractalaw_measure::pairs::median;
use fractalaw_measure::program::Flags;
use fractalaw_measure::table::{Bar, Row, Table, Unit};

/// The steps of a kernel between two checks of the loop.
const UNROLLED: usize = 100;

/// The least time of one measurement.
const MEASURED: Duration = Duration::from_millis(5);

/// The smallest of this many measurements counts, because disturbances only add time.
const TIMES: usize = 7;

/// What one kernel repeats: a step that takes a value of the type from the stack and leaves one. `$k` is a second
/// value of the type (one), `$i` and `$j` are numbers.
struct Kernel {
    class: &'static str,
    name: &'static str,
    value: &'static str,
    step: &'static str,
}

const fn kernel(
    class: &'static str,
    name: &'static str,
    value: &'static str,
    step: &'static str,
) -> Kernel {
    Kernel {
        class,
        name,
        value,
        step,
    }
}

#[rustfmt::skip]
const KERNELS: &[Kernel] = &[
    kernel("arithmetic", "i32.add, i32.xor", "i32", "local.get $k i32.add local.get $i i32.xor"),
    kernel("arithmetic", "i64.mul", "i64", "local.get $k i64.mul"),
    kernel("arithmetic", "i32.rotl, i32.add", "i32", "local.get $j i32.rotl local.get $k i32.add"),
    kernel("arithmetic", "i64.popcnt, i64.clz", "i64", "i64.popcnt i64.clz"),
    kernel("arithmetic", "select", "i32", "local.tee $i local.get $k local.get $i select"),
    kernel("float", "f64.add", "f64", "local.get $k f64.add"),
    kernel("float", "f32.mul", "f32", "local.get $k f32.mul"),
    kernel("float", "f64.min", "f64", "local.get $k f64.min"),
    kernel("float", "f64.copysign", "f64", "local.get $k f64.copysign"),
    kernel("float", "f64.nearest", "f64", "f64.nearest"),
    kernel("float", "f64.ceil", "f64", "f64.ceil"),
    kernel("conversion", "f64.convert_i64_u, i64.trunc_f64_u", "i64", "f64.convert_i64_u i64.trunc_f64_u"),
    kernel("conversion", "i64.trunc_sat_f64_u", "i64", "f64.convert_i64_s i64.trunc_sat_f64_u"),
    kernel("conversion", "f32.demote, f64.promote", "f64", "f32.demote_f64 f64.promote_f32"),
    kernel("division", "i32.div_u", "i32", "local.get $k i32.div_u"),
    kernel("division", "i64.div_s", "i64", "local.get $k i64.div_s"),
    kernel("division", "i64.rem_u", "i64", "local.get $k i64.rem_u"),
    kernel("division", "f64.div", "f64", "local.get $k f64.div"),
    kernel("division", "f32.sqrt", "f32", "f32.sqrt"),
    kernel("division", "f64.sqrt", "f64", "f64.sqrt"),
    kernel("memory", "i32.load", "i32", "i32.load"),
    kernel("memory", "i64.load8_s", "i32", "i64.load8_s i32.wrap_i64"),
    kernel("memory", "i32.store, i32.load", "i32", "local.set $i local.get $j local.get $i i32.store local.get $j i32.load"),
    kernel("memory", "global.set, global.get, i32.add", "i32", "global.set $g global.get $g local.get $k i32.add"),
    kernel("memory", "memory.size", "i32", "memory.size i32.sub"),
    kernel("memory.grow", "memory.grow by nothing", "i32", "drop local.get $j memory.grow"),
    kernel("bulk memory", "memory.fill, nothing", "i32", "local.get $i local.get $i local.get $j memory.fill"),
    kernel("bulk memory", "memory.fill, 16 bytes", "i32", "local.get $i local.get $i i32.const 16 memory.fill"),
    kernel("bulk memory", "memory.fill, 64 KiB", "i32", "local.get $i local.get $i i32.const 65536 memory.fill"),
    kernel("bulk memory", "memory.copy, nothing", "i32", "local.get $i local.get $i local.get $j memory.copy"),
    kernel("bulk memory", "memory.copy, 64 KiB", "i32", "local.get $i i32.const 65536 i32.const 65536 memory.copy"),
    kernel("bulk memory", "memory.init, nothing", "i32", "local.get $j local.get $j local.get $j memory.init $d"),
    kernel("bulk memory", "memory.init, 4 KiB", "i32", "local.get $i i32.const 0 i32.const 4096 memory.init $d"),
    kernel("bulk memory", "data.drop", "i32", "data.drop $dropped"),
    kernel("table", "table.get, ref.is_null", "i32", "table.get $t ref.is_null"),
    kernel("table", "table.set", "i32", "local.get $j ref.null func table.set $t"),
    kernel("table", "table.set, ref.func", "i32", "i32.const 1 ref.func $nothing table.set $t"),
    kernel("table", "table.size", "i32", "table.size $t i32.sub"),
    kernel("table", "table.grow by nothing", "i32", "drop ref.null func local.get $j table.grow $t"),
    kernel("table", "table.fill, nothing", "i32", "local.get $j ref.null func local.get $j table.fill $t"),
    kernel("table", "table.fill, 100", "i32", "i32.const 0 ref.null func i32.const 100 table.fill $t"),
    kernel("table", "table.copy, nothing", "i32", "local.get $j local.get $j local.get $j table.copy $t $t"),
    kernel("table", "table.copy, 100", "i32", "i32.const 0 i32.const 100 i32.const 100 table.copy $t $t"),
    kernel("table", "table.init, nothing", "i32", "local.get $j local.get $j local.get $j table.init $t $e"),
    kernel("table", "table.init, 100", "i32", "i32.const 0 i32.const 0 i32.const 100 table.init $t $e"),
    kernel("table", "elem.drop", "i32", "elem.drop $dropped"),
    kernel("call", "call", "i32", "call $nothing"),
    kernel("call", "call with ten values", "i32", "local.get $k local.get $k local.get $k local.get $k local.get $k local.get $k local.get $k local.get $k local.get $k call $ten"),
    kernel("indirect call", "call_indirect", "i32", "local.get $j call_indirect $called (param i32) (result i32)"),
    kernel("branch", "br_if, never taken", "i32", "local.get $k i32.add local.set $i local.get $i i32.eqz br_if $out local.get $i"),
    kernel("branch", "loop once", "i32", "loop (param i32) (result i32) end"),
    kernel("branch", "br_table, chance", "i32", BR_TABLE),
    kernel("branch", "if, chance", "i32", "i32.const 1103515245 i32.mul i32.const 12345 i32.add local.tee $i i32.const 0 i32.lt_s (if (then (local.set $i (i32.add (local.get $i) (local.get $k)))) (else (local.set $i (i32.mul (local.get $i) (i32.const 5))))) local.get $i"),
    kernel("vector", "i32x4.add", "v128", "local.get $k i32x4.add"),
    kernel("vector", "i64x2.mul", "v128", "local.get $k i64x2.mul"),
    kernel("vector", "i32x4.mul", "v128", "local.get $k i32x4.mul"),
    kernel("vector", "i8x16.shl", "v128", "local.get $j i8x16.shl local.get $k i8x16.add"),
    kernel("vector", "i8x16.shr_s", "v128", "local.get $j i8x16.shr_s local.get $k i8x16.add"),
    kernel("vector", "i64x2.shr_s", "v128", "local.get $j i64x2.shr_s local.get $k i64x2.add"),
    kernel("vector", "i8x16.popcnt", "v128", "i8x16.popcnt"),
    kernel("vector", "i8x16.swizzle", "v128", "local.get $k i8x16.swizzle"),
    kernel("vector", "i8x16.shuffle", "v128", "local.get $k i8x16.shuffle 0 17 2 19 4 21 6 23 8 25 10 27 12 29 14 31"),
    kernel("vector", "i64x2.neg, i64x2.abs", "v128", "i64x2.abs i64x2.neg"),
    kernel("vector", "i8x16.bitmask, splat", "v128", "i8x16.bitmask i8x16.splat"),
    kernel("vector", "i64x2.all_true, splat", "v128", "i64x2.all_true i32x4.splat"),
    kernel("vector", "i32x4.dot_i16x8_s", "v128", "local.get $k i32x4.dot_i16x8_s"),
    kernel("vector", "i16x8.q15mulr_sat_s", "v128", "local.get $k i16x8.q15mulr_sat_s"),
    kernel("vector", "i64x2.extmul_low_i32x4_u", "v128", "local.get $k i64x2.extmul_low_i32x4_u"),
    kernel("vector", "i16x8.extadd_pairwise_i8x16_s", "v128", "i16x8.extadd_pairwise_i8x16_s"),
    kernel("vector", "f32x4.add", "v128", "local.get $k f32x4.add"),
    kernel("vector", "f64x2.min", "v128", "local.get $k f64x2.min"),
    kernel("vector", "f32x4.max", "v128", "local.get $k f32x4.max"),
    kernel("vector", "f32x4.nearest", "v128", "f32x4.nearest"),
    kernel("vector", "f64x2.div", "v128", "local.get $k f64x2.div"),
    kernel("vector", "f32x4.sqrt", "v128", "f32x4.sqrt"),
    kernel("vector", "f64x2.sqrt", "v128", "f64x2.sqrt"),
    kernel("vector", "i32x4.trunc_sat_f32x4_u", "v128", "i32x4.trunc_sat_f32x4_u"),
    kernel("vector", "i32x4.trunc_sat_f64x2_s_zero", "v128", "i32x4.trunc_sat_f64x2_s_zero"),
    kernel("vector", "f32x4.convert_i32x4_u", "v128", "f32x4.convert_i32x4_u"),
    kernel("vector", "f64x2.convert_low_i32x4_u", "v128", "f64x2.convert_low_i32x4_u"),
    kernel("vector", "f64x2.promote_low_f32x4", "v128", "f64x2.promote_low_f32x4"),
    kernel("vector", "f32x4.relaxed_madd", "v128", "local.get $k local.get $k f32x4.relaxed_madd"),
    kernel("vector", "i16x8.relaxed_dot_i8x16_i7x16_s", "v128", "local.get $k i16x8.relaxed_dot_i8x16_i7x16_s"),
    kernel("vector", "v128.load", "v128", "i32x4.extract_lane 0 i32.const 0xffff i32.and v128.load"),
];

impl Kernel {
    fn text(&self) -> String {
        let one = match self.value {
            "v128" => "v128.const i32x4 1 1 1 1".to_owned(),
            value => format!("{value}.const 1"),
        };
        let steps = format!("{}\n", self.step).repeat(UNROLLED);
        format!(
            r#"(module
              (memory 4) (global $g (mut i32) (i32.const 0))
              ;; What the compiler cannot know.
              (global $k (export "k") (mut {value}) ({one})) (global $j (export "j") (mut i32) (i32.const 0))
              (table $t 256 1000 funcref) (table $called 1 1 funcref)
              (elem (table $called) (i32.const 0) func $one)
              (elem $e func {elements}) (elem $dropped func $nothing)
              (data $d "{data}") (data $dropped "x")
              (func $nothing)
              (func $one (param i32) (result i32) local.get 0)
              (func $ten (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32) local.get 0)
              (func (export "run") (param $n i32) (local $x {value}) (local $k {value}) (local $i i32) (local $j i32)
                global.get $k local.set $k
                global.get $k local.set $x
                global.get $j local.tee $j local.set $i
                block $out
                loop $again
                  local.get $x
                  {steps}
                  local.set $x
                  local.get $n i32.const 1 i32.sub local.tee $n br_if $again
                end end))"#,
            elements = "$nothing ".repeat(100),
            data = "d".repeat(4096),
            value = self.value,
        )
    }
}

/// A jump to one of four places, which no processor can predict.
const BR_TABLE: &str = "i32.const 1103515245 i32.mul i32.const 12345 i32.add local.set $i
    block block block block local.get $i i32.const 29 i32.shr_u
    br_table 0 1 2 3 1 0 3 2 end local.get $i i32.const 1 i32.add local.set $i end
    local.get $i i32.const 2 i32.xor local.set $i end
    local.get $i i32.const 3 i32.sub local.set $i end local.get $i";

/// Nanoseconds for a unit of fuel, for each kernel.
fn measure(costs: OperatorCost) -> Result<Vec<f64>> {
    let engine = engine(costs)?;
    KERNELS
        .iter()
        .map(|kernel| {
            time(&engine, &kernel.text()).map_err(|error| anyhow!("`{}`: {error:#}", kernel.name))
        })
        .collect()
}

fn engine(costs: OperatorCost) -> Result<Engine> {
    let mut pool = PoolingAllocationConfig::new();
    pool.max_tables_per_module(2).max_memory_size(64 << 20);
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .consume_fuel(true)
        .operator_cost(costs)
        .epoch_interruption(true)
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(true)
        .relaxed_simd_deterministic(true);
    Engine::new(&config).map_err(|error| anyhow!("{error:#}"))
}

fn time(engine: &Engine, text: &str) -> wasmtime::Result<f64> {
    let module = Module::new(engine, wat::parse_str(text)?)?;
    let mut store = Store::new(engine, ());
    store.set_fuel(u64::MAX / 2)?;
    store.set_epoch_deadline(1_000_000);
    let instance = Instance::new(&mut store, &module, &[])?;
    let run: TypedFunc<u32, ()> = instance.get_typed_func(&mut store, "run")?;
    let mut rounds = 1;
    loop {
        let start = Instant::now();
        run.call(&mut store, rounds)?;
        if start.elapsed() >= MEASURED {
            break;
        }
        rounds *= 2;
    }
    let mut best = f64::INFINITY;
    for _ in 0..TIMES {
        let before = store.get_fuel()?;
        let start = Instant::now();
        run.call(&mut store, rounds)?;
        let nanos = start.elapsed().as_nanos();
        #[expect(clippy::cast_precision_loss, reason = "far below what a float holds")]
        let each = nanos as f64 / (before - store.get_fuel()?) as f64;
        best = best.min(each);
    }
    Ok(best)
}

/// A walk through 64 MiB. Each address is known only when the one before was read, and no cache holds the next.
/// No cost of an instruction can foresee this, so the kernel has no bar. The deadline bounds it.
const COLD: &str = r#"(module
  (memory 1024)
  (func $link (local $i i32)
    loop $next
      (i32.store (local.get $i)
        (i32.and (i32.add (local.get $i) (i32.const 29360192)) (i32.const 0x3ffffc0)))
      (br_if $next (i32.ne (i32.const 0)
        (local.tee $i (i32.and (i32.add (local.get $i) (i32.const 64)) (i32.const 0x3ffffc0)))))
    end)
  (start $link)
  (global $at (mut i32) (i32.const 0))
  (func (export "run") (param $n i32)
    loop $again
      (global.set $at STEPS)
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))
    end))"#;

/// The nanoseconds that the median kernel takes for a unit of fuel with the host's costs.
pub(crate) fn median_instruction() -> Result<f64> {
    Ok(median(measure(fractalaw_host::OPERATOR_COSTS)?))
}

/// The table of all kernels. Ours are the host's costs, the reference is Wasmtime's, and the ratio compares ours
/// with the median kernel.
pub(crate) fn instructions(_: &Flags, table: &mut Table) -> Result<()> {
    let before = measure(OperatorCost::default())?;
    let after = measure(fractalaw_host::OPERATOR_COSTS)?;
    let (middle, middle_before) = (median(after.clone()), median(before.clone()));
    let worst = before.iter().copied().fold(0.0, f64::max);
    eprintln!(
        "  the worst is {:.1} times the median, and was {:.1} times",
        after.iter().copied().fold(0.0, f64::max) / middle,
        worst / middle_before
    );
    for (kernel, (before, after)) in KERNELS.iter().zip(before.iter().zip(&after)) {
        table.add(Row {
            name: format!("fuel/{}: {}", kernel.class, kernel.name),
            unit: Unit::NanosecondsPerFuel,
            ours: *after,
            reference: *before,
            ratio: after / middle,
            bar: Some(Bar::AtMost(4.0)),
        });
    }
    let steps = format!(
        "{}(global.get $at){}",
        "(i32.load ".repeat(UNROLLED),
        ")".repeat(UNROLLED)
    );
    let cold = |costs| {
        let text = COLD.replace("STEPS", &steps);
        time(&engine(costs)?, &text).map_err(|error| anyhow!("{error:#}"))
    };
    let (before, after) = (
        cold(OperatorCost::default())?,
        cold(fractalaw_host::OPERATOR_COSTS)?,
    );
    table.add(Row {
        name: "fuel/memory that no cache holds: i32.load".to_owned(),
        unit: Unit::NanosecondsPerFuel,
        ours: after,
        reference: before,
        ratio: after / middle,
        bar: None,
    });
    Ok(())
}
