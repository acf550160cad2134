//! What a component may import, and the state of one run behind it. One file for each interface.

pub(crate) mod audit_log;
mod offer;
mod payload;
pub(crate) mod wasi;

use wasmtime::Engine;
use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::determinism::Determinism;
use crate::limiter::Limiter;
use crate::meter::Meter;
use crate::recorder::Recorder;
use audit_log::AuditLog;

/// The data of one run's store.
pub(crate) struct RunState {
    pub(crate) meter: Meter,
    pub(crate) audit: AuditLog,
    pub(crate) determinism: Determinism,
    pub(crate) limiter: Limiter,
    pub(crate) wasi: WasiCtx,
    pub(crate) handles: ResourceTable,
    /// In the run of a profiled twin only.
    pub(crate) recorder: Option<Box<Recorder>>,
}

impl WasiView for RunState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.handles,
        }
    }
}

/// Whether an import of this name can be satisfied.
pub(crate) fn is_offered(import: &str) -> bool {
    import == audit_log::NAME || wasi::is_offered(import)
}

/// A linker with every interface that is offered.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<RunState>> {
    let mut linker = Linker::new(engine);
    audit_log::add_to_linker(&mut linker)?;
    wasi::add_to_linker(&mut linker)?;
    Ok(linker)
}
