//! `cargo xtask drivers` fetches the ADBC drivers for tests, and for runs of this workspace.
//!
//! The drivers come from package registries. Their versions and digests are pinned here. If a driver cannot be fetched,
//! this says why, and its tests say that they were skipped. So a machine without a network can still run everything
//! else.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::packages::{Had, Package, Registry};
use crate::project::Project;

/// A driver in a package.
struct Driver {
    /// The folder in `target/tools/adbc/` where the tests look for it.
    name: &'static str,
    package: Package,
    /// The shared library in the package.
    library: &'static str,
}

const DRIVERS: [Driver; 4] = [
    Driver {
        name: "duckdb",
        package: Package {
            registry: Registry::Npm,
            name: "@duckdb/node-bindings-linux-x64",
            version: "1.5.6-r.1",
            digest: "1b9f82478539bb9a1d1df44bd103121a12ae52142c07158dc52b97d2ec1d69ff",
        },
        library: "package/libduckdb.so",
    },
    Driver {
        name: "sqlite",
        package: Package {
            registry: Registry::PyPi,
            name: "adbc-driver-sqlite",
            version: "1.10.0",
            digest: "435cbf57c42e6c57762f6998041a8129ddf7a3f0b407712cbb62d46e0729a450",
        },
        library: "adbc_driver_sqlite/libadbc_driver_sqlite.so",
    },
    Driver {
        name: "postgresql",
        package: Package {
            registry: Registry::PyPi,
            name: "adbc-driver-postgresql",
            version: "1.10.0",
            digest: "a2efec61f5ba966e503081b7f058516745e95e0d965bfd9ecfcae2f6d2d4a178",
        },
        library: "adbc_driver_postgresql/libadbc_driver_postgresql.so",
    },
    Driver {
        name: "flightsql",
        package: Package {
            registry: Registry::PyPi,
            name: "adbc-driver-flightsql",
            version: "1.10.0",
            digest: "9dfee1c767281c9add95fcf29eac84338107a7610b2d9b19d1169e67083a3eaa",
        },
        library: "adbc_driver_flightsql/libadbc_driver_flightsql.so",
    },
];

/// The package whose tests use the drivers.
const USER: &str = "host/adbc/Cargo.toml";

/// Fetches the drivers that are missing. It fails only if a file does not have its pinned digest.
pub(crate) fn run(project: &Project) -> Result<()> {
    if !project.root.join(USER).is_file() {
        return Ok(());
    }
    for driver in &DRIVERS {
        let folder = project.target.join("tools/adbc").join(driver.name);
        match driver.fetch(&folder)? {
            Ok(library) => {
                eprintln!("{}: `{}`", driver.name, library.display());
                put_beside_programs(project, &library)?;
            }
            Err(why) => eprintln!("SKIPPED {}: {why}", driver.name),
        }
    }
    Ok(())
}

/// Puts a link to the library beside the programs, where the program that loads drivers looks first. So a run of this
/// workspace needs no `library`.
fn put_beside_programs(project: &Project, library: &Path) -> Result<()> {
    let programs = project.target.join("debug");
    let link = programs.join(library.file_name().unwrap_or_default());
    fs::create_dir_all(&programs)
        .and_then(|()| match fs::remove_file(&link) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => fs::hard_link(library, &link),
        })
        .with_context(|| format!("cannot put the driver at `{}`", link.display()))
}

/// Whether any driver was fetched.
pub(crate) fn any(project: &Project) -> bool {
    let folder = |driver: &Driver| project.target.join("tools/adbc").join(driver.name);
    DRIVERS
        .iter()
        .any(|driver| folder(driver).join(driver.file()).is_file())
}

impl Driver {
    /// The name of the library's file.
    fn file(&self) -> &'static str {
        self.library.rsplit('/').next().unwrap_or(self.library)
    }

    fn fetch(&self, folder: &Path) -> Result<Had<PathBuf>> {
        let library = folder.join(self.file());
        if !library.is_file()
            && !cfg!(all(
                target_os = "linux",
                target_arch = "x86_64",
                target_env = "gnu"
            ))
        {
            return Ok(Err("it is pinned for Linux on x86-64 only".to_owned()));
        }
        let had = self.package.fetch(&[(self.library, self.file())], folder)?;
        Ok(had.map(|()| library))
    }
}
