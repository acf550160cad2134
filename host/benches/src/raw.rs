//! The reference: a component run by Wasmtime alone, with the host's engine settings and none of the host's code
//! around it. A loop over it shows the least that a fresh instance can cost.

use fractalaw_host::Limits;
use wasmtime::component::{
    Component, ComponentExportIndex, ComponentType, InstancePre, Lift, Linker, ResourceTable,
    TypedFunc,
};
use wasmtime::error::Context;
use wasmtime::{
    Config, Enabled, Engine, Inlining, InstanceAllocationStrategy, PoolingAllocationConfig, Result,
    Store, StoreContextMut,
};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

const KEEP_RESIDENT_BYTES: usize = 1 << 20;

/// What a guest's `run` returns.
pub(crate) type Returned = (Result<String, String>,);

/// What the reference meters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Metering {
    pub(crate) fuel: bool,
    pub(crate) epochs: bool,
    /// Whether Cranelift inlines calls.
    pub(crate) inlining: bool,
}

impl Metering {
    pub(crate) const BOTH: Metering = Metering {
        fuel: true,
        epochs: true,
        inlining: false,
    };
}

/// An audit entry, lifted and dropped.
#[derive(ComponentType, Lift)]
#[component(record)]
#[expect(dead_code, reason = "lifting them is what costs; nobody looks")]
struct Entry {
    #[component(name = "event-type")]
    event_type: String,
    resource: String,
    detail: String,
}

/// A store's data with only what WASI needs.
pub(crate) struct State {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

/// A component, compiled and pre-linked.
pub(crate) struct Raw {
    pub(crate) engine: Engine,
    pre: InstancePre<State>,
    run: ComponentExportIndex,
    metering: Metering,
}

impl Raw {
    pub(crate) fn new(component: &[u8], slots: u32, metering: Metering) -> Result<Raw> {
        Raw::in_engine(&engine(slots, metering)?, component, metering)
    }

    /// The same in an engine that others may use too.
    pub(crate) fn in_engine(engine: &Engine, component: &[u8], metering: Metering) -> Result<Raw> {
        let engine = engine.clone();
        let mut linker = Linker::<State>::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        linker.instance("fractal:app/audit-log@0.1.0")?.func_wrap(
            "record-event",
            |_: StoreContextMut<'_, State>, (entry,): (Entry,)| {
                std::hint::black_box(entry);
                Ok(())
            },
        )?;
        let component = Component::from_binary(&engine, component)?;
        let run = component.get_export_index(None, "run");
        let run = run.context("the component exports no `run`")?;
        let pre = linker.instantiate_pre(&component)?;
        Ok(Raw {
            engine,
            pre,
            run,
            metering,
        })
    }

    /// Makes a fresh store and an instance in it, and calls it once.
    pub(crate) async fn run(&self, wasi: WasiCtx) -> Result<Returned> {
        let mut store = Store::new(
            &self.engine,
            State {
                wasi,
                table: ResourceTable::new(),
            },
        );
        if self.metering.fuel {
            store.set_fuel(Limits::of(fractalaw_host::Tier::Heavy).fuel)?;
        }
        if self.metering.epochs {
            store.set_epoch_deadline(1_000_000);
        }
        let instance = self.pre.instantiate_async(&mut store).await?;
        let run: TypedFunc<(), Returned> = instance.get_typed_func(&mut store, self.run)?;
        run.call_async(&mut store, ()).await
    }
}

fn engine(slots: u32, metering: Metering) -> Result<Engine> {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_core_instances(slots * 16)
        .total_memories(slots * 2)
        .total_tables(slots * 8)
        .total_stacks(slots)
        .max_memory_size(256 << 20)
        .table_elements(100_000)
        .linear_memory_keep_resident(KEEP_RESIDENT_BYTES)
        .table_keep_resident(KEEP_RESIDENT_BYTES)
        .pagemap_scan(Enabled::Auto);
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .consume_fuel(metering.fuel)
        .epoch_interruption(metering.epochs)
        .max_wasm_stack(1 << 20)
        .async_stack_size(2 << 20)
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .memory_init_cow(true)
        .compiler_inlining(if metering.inlining {
            Inlining::Yes
        } else {
            Inlining::No
        });
    Engine::new(&config)
}
