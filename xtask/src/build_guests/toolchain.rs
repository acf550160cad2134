//! The compiler and its WebAssembly target, which is installed if it is missing.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::fault::{FAILED, Fault};
use crate::project::Project;

/// The target that guests are compiled for.
pub(crate) const TARGET: &str = "wasm32-wasip2";

/// Which compiler is used, and where its own files are.
#[derive(Debug)]
pub(crate) struct Toolchain {
    /// The output of `rustc -vV`.
    pub(crate) version: String,
    sysroot: Option<PathBuf>,
}

impl Toolchain {
    /// Asks the compiler for its version. This is cheap, because it is needed to decide that there is nothing to
    /// do.
    pub(crate) fn ask(project: &Project) -> Result<Toolchain> {
        Ok(Toolchain {
            version: rustc(project, &["-vV"])?,
            sysroot: None,
        })
    }

    /// Makes sure that the target is installed. Called only before something is compiled.
    pub(crate) fn ready(&mut self, project: &Project) -> Result<&Path> {
        if self.sysroot.is_none() {
            let (sysroot, libraries) = folders(project)?;
            if !installed(&libraries) {
                install(project)?;
                if !installed(&folders(project)?.1) {
                    return Err(missing(format!(
                        "`rustup` added the `{TARGET}` target, but `rustc` does not find it in `{}`",
                        libraries.display()
                    ))
                    .hint("check that `rustc` on the path is rustup's: `rustup which rustc`")
                    .into());
                }
            }
            self.sysroot = Some(sysroot);
        }
        self.sysroot
            .as_deref()
            .context("the compiler has no sysroot")
    }

    /// The value of a line of `rustc -vV`, for example `release`.
    pub(crate) fn line(&self, key: &str) -> Option<&str> {
        self.version
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix(": "))
    }
}

/// The sysroot, and the folder that contains the target's libraries if the target is installed.
fn folders(project: &Project) -> Result<(PathBuf, PathBuf)> {
    let text = rustc(
        project,
        &[
            "--print",
            "sysroot",
            "--print",
            "target-libdir",
            "--target",
            TARGET,
        ],
    )?;
    match text.lines().collect::<Vec<_>>()[..] {
        [sysroot, libraries] => Ok((sysroot.into(), libraries.into())),
        _ => bail!(
            "`rustc --print sysroot --print target-libdir` printed `{}`",
            text.trim()
        ),
    }
}

fn installed(libraries: &Path) -> bool {
    libraries
        .read_dir()
        .is_ok_and(|mut entries| entries.next().is_some())
}

fn install(project: &Project) -> Result<()> {
    let command = format!("rustup target add {TARGET}");
    eprintln!("the `{TARGET}` target is not installed, adding it with `{command}`");
    let status = Command::new("rustup")
        .args(["target", "add", TARGET])
        .current_dir(&project.root)
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(missing(format!("`{command}` failed with {status}"))
            .hint(format!(
                "run `{command}` by hand, with access to the network"
            ))
            .into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(missing(format!(
            "the `{TARGET}` target is not installed, and there is no `rustup` to add it"
        ))
        .hint(format!(
            "install rustup, or `{TARGET}` in the way that `rustc` was installed"
        ))
        .into()),
        Err(error) => Err(error).with_context(|| format!("cannot start `{command}`")),
    }
}

fn missing(message: String) -> Fault {
    Fault::new(FAILED, message)
}

/// Runs the compiler and returns its output.
fn rustc(project: &Project, args: &[&str]) -> Result<String> {
    let shown = format!("rustc {}", args.join(" "));
    let output = Command::new("rustc")
        .args(args)
        .current_dir(&project.root)
        .output()
        .with_context(|| format!("cannot start `{shown}`"))?;
    if !output.status.success() {
        bail!(
            "`{shown}` failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("`{shown}` printed something else than text"))
}
