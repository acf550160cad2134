//! Where tests get components, and how they run one.

use fractalaw_host::{Host, Report, Run};

pub(crate) use fractalaw_testing::{
    RUNTIME, cache, component, guest, guest_bytes, slow_to_compile, with_manifest, with_section,
    workspace,
};

/// Runs a component, deterministically unless `run` says otherwise.
pub(crate) fn run(host: &Host, component: &[u8], run: Run) -> Report {
    let app = host.load(component).expect("the component is accepted");
    RUNTIME
        .block_on(host.run(&app, &run.deterministic()))
        .expect("the host works")
}
