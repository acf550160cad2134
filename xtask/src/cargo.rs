//! Starts cargo for the packages that run on this machine.
//!
//! Every step selects the same packages. Cargo unifies the features of the packages that are selected together,
//! so another selection would compile Wasmtime a second time.

use anyhow::{Context, Result};
use xshell::{Cmd, Shell, cmd};

use crate::fault::{FAILED, Fault};
use crate::project::{Project, cargo_program};

/// Everything that links Wasmtime, and the packages that it shares with the rest.
pub(crate) const HOST: [&str; 26] = [
    "-p",
    "fractalaw-contract",
    "-p",
    "fractalaw-manifest",
    "-p",
    "fractalaw-instrument",
    "-p",
    "fractalaw-report",
    "-p",
    "fractalaw-host",
    "-p",
    "fractalaw-ai",
    "-p",
    "fractalaw-data",
    "-p",
    "fractalaw-events",
    "-p",
    "fractalaw-cli",
    "-p",
    "fractalaw-serve",
    "-p",
    "fractalaw-testing",
    "-p",
    "fractalaw-tests",
    "-p",
    "fractalaw-fuzz",
];

/// The benchmarks. Those of the host link its library in another profile.
pub(crate) const BENCHES: [&str; 10] = [
    "-p",
    "fractalaw-benches",
    "-p",
    "fractalaw-data-benches",
    "-p",
    "fractalaw-build-benches",
    "-p",
    "fractalaw-test-benches",
    "-p",
    "fractalaw-measure",
];

/// The ledger, its auditor's program, the engines on SQLite, of data and of events, and what unit tests of guests have of them. They do not depend on Wasmtime.
/// The auditor and the tests depend on Arrow and Parquet, which the host does not use.
pub(crate) const LEDGER: [&str; 18] = [
    "-p",
    "fractalaw-ledger",
    "-p",
    "fractalaw-auditor",
    "-p",
    "fractalaw-arrow",
    "-p",
    "fractalaw-data-call",
    "-p",
    "fractalaw-sqlite",
    "-p",
    "fractalaw-events-engine",
    "-p",
    "fractalaw-native-host",
    "-p",
    "fractalaw-limits",
    "-p",
    "fractalaw-folders",
];

/// Data behind ADBC drivers. These packages do not depend on Wasmtime. What loads drivers turns on features of
/// Arrow that nothing else uses.
pub(crate) const ADBC: [&str; 4] = ["-p", "fractalaw-adbc", "-p", "fractalaw-adbc-client"];

/// The program that runs models. It depends on an engine for neural networks and on a server, which nothing else uses.
pub(crate) const MODELS: [&str; 4] = ["-p", "fractalaw-models", "-p", "fractalaw-catalogue"];

/// The program that moves events between nodes. It depends on a client of NATS, which nothing else uses.
pub(crate) const NATS: [&str; 2] = ["-p", "fractalaw-nats"];

/// The program that joins the parts of composed guests. It has a release of the WebAssembly tools of its own.
pub(crate) const COMPOSE: [&str; 2] = ["-p", "fractalaw-compose"];

/// The program that signs components and moves them, and what it shares with the host. It depends on a client of HTTP, which
/// nothing else uses.
pub(crate) const REGISTRY: [&str; 4] = ["-p", "fractalaw-registry", "-p", "fractalaw-provenance"];

/// These commands, always by themselves: their features are those of `cargo xtask`.
pub(crate) const XTASK: [&str; 6] = [
    "-p",
    "fractalaw-xtask",
    "-p",
    "fractalaw-workspace",
    "-p",
    "xtask",
];

/// All groups that have tests and docs.
pub(crate) const GROUPS: [&[&str]; 8] = [
    &XTASK, &COMPOSE, &HOST, &LEDGER, &ADBC, &MODELS, &NATS, &REGISTRY,
];

/// What is built and tested together in a workspace: everything that links Wasmtime.
pub(crate) fn host(project: &Project) -> Vec<&str> {
    match &project.settings {
        None => HOST.to_vec(),
        Some(settings) => settings.packages(),
    }
}

/// A shell at the root of the workspace.
pub(crate) fn shell(project: &Project) -> Result<Shell> {
    let shell = Shell::new().context("cannot start a shell")?;
    shell.change_dir(&project.root);
    // An absolute path, because a relative one would mean another folder from here.
    shell.set_var("CARGO_TARGET_DIR", &project.target);
    Ok(shell)
}

/// A cargo command.
pub(crate) fn cargo<'a>(shell: &'a Shell, subcommand: &str) -> Cmd<'a> {
    let program = cargo_program();
    cmd!(shell, "{program} {subcommand}")
}

/// Runs a step. `remedy` is the hint if it fails.
pub(crate) fn step(title: &str, remedy: &str, command: Cmd<'_>) -> Result<()> {
    eprintln!("\n── {title}");
    let shown = shown(&command);
    eprintln!("$ {shown}");
    command.quiet().run().map_err(|_| {
        Fault::new(FAILED, format!("{title}: `{shown}` failed"))
            .hint(remedy)
            .into()
    })
}

/// A command as one would type it.
pub(crate) fn shown(command: &Cmd<'_>) -> String {
    let text = command.to_string();
    match text.split_once(' ') {
        Some((_, rest)) => format!("cargo {rest}"),
        None => text,
    }
}
