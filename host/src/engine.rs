//! The one place where an engine is configured.

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

/// Memory and tables up to this size are cleared in place between runs instead of being returned to
/// the system, which costs less than mapping them again. It bounds what idle slots keep resident:
/// slots × (memories + tables) × this, 640 MiB for 64 slots if every run touched all of it.
const KEEP_RESIDENT_BYTES: usize = 1024 * 1024;

/// What a function pays for being entered, whatever the table says.
pub(crate) const ENTRY_FUEL: u64 = 1;

/// What a profiled function pays for one hook, on entering and on leaving: the constant and the call that
/// `fractalaw_instrument` puts there. The host gives it back, so that it has to be right to the unit.
pub(crate) const HOOK_FUEL: u64 = operators::TABLE.I32Const as u64 + operators::TABLE.Call as u64;

// Around its body such a function has a block, whose end some ways out reach and others pass by: no
// constant could make up for it if it cost anything.
const _: () = assert!(operators::TABLE.Block == 0 && operators::TABLE.End == 0);

/// Makes an engine whose pool serves `slots` runs at once.
pub(crate) fn new(slots: u32) -> Result<Engine, HostError> {
    if !(1..=MAX_SLOTS).contains(&slots) {
        return Err(HostError::Slots { slots });
    }
    let mut config = Config::new();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(slots)));
    meter(&mut config);
    make_deterministic(&mut config);
    choose_proposals(&mut config);
    // File names and lines of a guest come from its debug information, which ours do not carry;
    // the names of functions do, and need no environment variable to be shown.
    config.wasm_backtrace_details(WasmBacktraceDetails::Disable);
    config.memory_init_cow(true);
    Engine::new(&config).map_err(|source| HostError::Pool { slots, source })
}

fn pool(slots: u32) -> PoolingAllocationConfig {
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
        // Linux 6.7 tells which pages a run touched, so that only those are cleared.
        .pagemap_scan(Enabled::Auto);
    pool
}

/// Fuel counts the work, the epoch interrupts it: both are always on.
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

/// What components may use, which is `ACCEPTED` in the contract: a test holds this to it.
fn choose_proposals(config: &mut Config) {
    config
        .wasm_simd(true)
        .wasm_relaxed_simd(true)
        .wasm_tail_call(false)
        // What Wasmtime puts between the parts of a composed component has a memory of each. That a guest's own
        // module has no more than one is seen to before.
        .wasm_multi_memory(true)
        .wasm_memory64(false)
        .wasm_extended_const(true);
}
