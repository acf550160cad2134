//! What a component may import. One file for each interface.

pub(crate) mod audit_log;
pub(crate) mod wasi;

use wasmtime::Engine;
use wasmtime::component::Linker;

use crate::offer::state::RunState;

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
