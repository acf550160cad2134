//! The state of one run.

use std::time::Instant;

use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::interfaces::audit_log::AuditLog;
use crate::interfaces::wasi::descriptors::Preopen;
use crate::interfaces::wasi::timers::Timers;
use crate::ledger::recording::Recording;
use crate::offer::determinism::VirtualTime;
use crate::offer::file_threads::FileLane;
use crate::offer::host_memory::HostMemory;
use crate::offer::limiter::Limiter;
use crate::offer::meter::Meter;
use crate::recorder::Recorder;

/// The data of one run's store.
pub(crate) struct RunState {
    pub(crate) meter: Meter,
    pub(crate) audit: AuditLog,
    /// What the host holds on the guest's behalf.
    pub(crate) memory: HostMemory,
    /// Of a deterministic run.
    pub(crate) virtual_time: Option<VirtualTime>,
    /// By the machine's clock, for host functions that take long.
    pub(crate) deadline: Instant,
    pub(crate) limiter: Limiter,
    pub(crate) wasi: WasiCtx,
    pub(crate) handles: ResourceTable,
    pub(crate) timers: Timers,
    /// The granted folders.
    pub(crate) preopens: Vec<Preopen>,
    /// Where files are read and written.
    pub(crate) files: FileLane,
    /// Where the ledger is to have each entry before the guest goes on.
    pub(crate) trail: Option<Recording>,
    /// In the run of a profiled twin only.
    pub(crate) recorder: Option<Box<Recorder>>,
}

impl RunState {
    pub(crate) fn is_deterministic(&self) -> bool {
        self.virtual_time.is_some()
    }
}

impl WasiView for RunState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.handles,
        }
    }
}
