//! What a component may import, and the state of one run behind it. One file for each interface.

pub(crate) mod audit_log;
mod offer;
mod payload;
pub(crate) mod wasi;

use std::time::Instant;

use wasmtime::Engine;
use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::determinism::VirtualTime;
use crate::file_threads::FileLane;
use crate::host_memory::HostMemory;
use crate::ledger::recording::Recording;
use crate::limiter::Limiter;
use crate::meter::Meter;
use crate::recorder::Recorder;
use audit_log::AuditLog;
use wasi::descriptors::Preopen;
use wasi::timers::Timers;

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

/// What a component may import only if it is granted: everything that reaches out of the run. WASI's
/// plumbing needs no grant, because nothing is behind it that was not given by other grants; the audit log
/// needs none, because every run has one. `POLICY.md` has the reasons.
pub(crate) const NEED_GRANT: [&str; 8] = [
    "fractal:app/ai-classify",
    "fractal:app/ai-embeddings",
    "fractal:app/ai-inference",
    "fractal:app/data-mutate",
    "fractal:app/data-query",
    "fractal:app/events-emit",
    "fractal:app/events-schedule",
    "wasi:sockets",
];

/// The grant that an import of this name needs, if it needs one.
pub(crate) fn needs_grant(import: &str) -> Option<&'static str> {
    NEED_GRANT.into_iter().find(|grant| {
        let rest = import.strip_prefix(grant);
        rest.is_some_and(|rest| rest.starts_with(['@', '/']))
    })
}

/// A linker with every interface that is offered. `durable` says that an entry is to be on disk before the
/// guest goes on.
pub(crate) fn linker(engine: &Engine, durable: bool) -> wasmtime::Result<Linker<RunState>> {
    let mut linker = Linker::new(engine);
    audit_log::add_to_linker(&mut linker, durable)?;
    wasi::add_to_linker(&mut linker)?;
    Ok(linker)
}
