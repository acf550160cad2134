//! The only place where an engine is configured.

use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig,
    WasmBacktraceDetails,
};

use crate::cost::operators;
use crate::error::HostError;
use crate::limits::{
    ADAPTER_INSTANCES, CORE_INSTANCES, GUEST_STACK_BYTES, HOST_STACK_BYTES, MAX_SLOTS, MEMORIES,
    SLOT_MEMORY_BYTES, TABLE_ELEMENTS, TABLES,
};

/// Memories and tables up to this size are cleared in place between runs. This costs less than returning them to
/// the system and mapping them again. It bounds what idle slots keep resident: slots × (memories + tables) × this
/// size, which is 640 MiB for 64 slots if every run touched all of it.
const KEEP_RESIDENT_BYTES: usize = 1024 * 1024;

/// What a function pays for being entered, whatever the table says.
pub(crate) const ENTRY_FUEL: u64 = 1;

/// What a profiled function pays for one hook, at entry and at exit: the constant and the call that
/// `fractalaw_instrument` inserts. The host gives it back, so it must be right to the unit.
pub(crate) const HOOK_FUEL: u64 = operators::TABLE.I32Const as u64 + operators::TABLE.Call as u64;

// A profiled function has a block around its body. Some exits reach the end of that block and others do not. If
// the block cost anything, no constant could make up for it.
const _: () = assert!(operators::TABLE.Block == 0 && operators::TABLE.End == 0);

/// Which of the free slots a run gets. A guest cannot tell: this is for tests that show it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reuse {
    /// One in which the same micro-app ran before, if there is one: its memory is mapped there already.
    #[default]
    SameApp,
    /// One in which any micro-app ran before, as long as there is one. With a single slot, the memory in which one guest
    /// ran is the memory of the next.
    Any,
    /// One in which nothing has run yet. What a run leaves stays in its slot until the host is dropped. When all slots have
    /// served, a run waits in line, or is refused if nothing may wait.
    Never,
}

/// Makes an engine with a pool for `slots` runs at once.
pub(crate) fn new(slots: u32, reuse: Reuse) -> Result<Engine, HostError> {
    if !(1..=MAX_SLOTS).contains(&slots) {
        return Err(HostError::Slots { slots });
    }
    let mut config = Config::new();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(slots, reuse)));
    meter(&mut config);
    make_deterministic(&mut config);
    choose_proposals(&mut config);
    // A guest's file names and line numbers come from debug information, which our guests do not carry. Function
    // names are available without it, and need no environment variable to be shown.
    config.wasm_backtrace_details(WasmBacktraceDetails::Disable);
    config.memory_init_cow(true);
    Engine::new(&config).map_err(|source| HostError::Pool { slots, source })
}

fn pool(slots: u32, reuse: Reuse) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_core_instances(slots * (CORE_INSTANCES + ADAPTER_INSTANCES))
        .total_memories(slots * MEMORIES)
        .total_tables(slots * TABLES)
        .total_stacks(slots)
        .max_core_instances_per_component(CORE_INSTANCES + ADAPTER_INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .max_tables_per_module(TABLES)
        .max_memory_size(SLOT_MEMORY_BYTES)
        .table_elements(TABLE_ELEMENTS)
        .linear_memory_keep_resident(KEEP_RESIDENT_BYTES)
        .table_keep_resident(KEEP_RESIDENT_BYTES)
        // Since Linux 6.7 the system tells which pages a run touched, so only those are cleared.
        .pagemap_scan(Enabled::Auto);
    if reuse == Reuse::Any {
        pool.max_unused_warm_slots(0);
    }
    pool
}

/// Fuel counts the work, and the epoch interrupts it. Both are always on.
fn meter(config: &mut Config) {
    config
        .consume_fuel(true)
        .operator_cost(operators::TABLE)
        .epoch_interruption(true)
        .max_wasm_stack(GUEST_STACK_BYTES)
        .async_stack_size(GUEST_STACK_BYTES + HOST_STACK_BYTES);
}

fn make_deterministic(config: &mut Config) {
    config
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true);
}

/// The proposals that components may use. A test compares them with `ACCEPTED` in the contract.
fn choose_proposals(config: &mut Config) {
    config
        .wasm_simd(true)
        .wasm_relaxed_simd(true)
        .wasm_tail_call(false)
        // The code that Wasmtime puts between the parts of a composed component has a memory of each part. An
        // earlier check makes sure that a guest's own module has at most one.
        .wasm_multi_memory(true)
        .wasm_memory64(false)
        .wasm_extended_const(true);
}
