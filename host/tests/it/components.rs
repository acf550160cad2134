//! Where tests get components, and how they run one.

use std::fs;
use std::path::Path;

use fractalaw_host::{Host, Policy, Report, Run};

pub(crate) use fractalaw_testing::{
    RUNTIME, cache, component, guest, guest_bytes, guest_bytes_or_skip, slow_to_compile,
    with_manifest, with_section, workspace,
};

/// Runs a component, deterministically unless `run` says otherwise.
pub(crate) fn run(host: &Host, component: &[u8], run: Run) -> Report {
    let app = host.load(component).expect("the component is accepted");
    RUNTIME
        .block_on(host.run(&app, &run.deterministic()))
        .expect("the host works")
}

/// The policy of the cases, without the sections that grant interfaces of capabilities: a host of these tests offers none.
pub(crate) fn policy_of_cases() -> Policy {
    let text = fs::read_to_string(workspace().join("tests/policy.toml")).unwrap();
    let sections = text.split("\n[");
    let own: Vec<_> = sections
        .filter(|section| !section.contains("\"fractal:app/"))
        .collect();
    assert!(own.len() > 2);
    Policy::parse(Path::new("tests/policy.toml"), &own.join("\n[")).unwrap()
}
