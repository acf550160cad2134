//! Fetches what a guest depends on before it is built, so that the build needs no network and no credentials.

use anyhow::Result;

use super::guest_cargo;
use super::hermetic;
use super::toolchain::TARGET;
use crate::fault::{FAILED, Fault};
use crate::project::Project;

/// What will be done with the packages.
#[derive(Clone, Copy, Debug)]
pub(crate) enum For {
    /// They are compiled to WebAssembly.
    Build,
    /// Their tests are compiled for this machine.
    Tests,
}

/// Lets cargo fetch the missing dependencies of packages in `guests/`, and complete `Cargo.lock`. No code of a
/// package runs: cargo only lists the packages.
///
/// It fails if cargo cannot resolve the workspace, which cargo does for all packages together. If cargo can
/// resolve it but cannot fetch something, only the packages that need it fail later.
pub(crate) fn fetch<'a>(
    project: &Project,
    packages: impl IntoIterator<Item = &'a str>,
    purpose: For,
) -> Result<()> {
    let mut command = hermetic::fetching(project);
    command.args(["tree", "--depth", "0"]);
    if let For::Build = purpose {
        command.args(["--target", TARGET, "--edges", "normal,build"]);
    }
    for package in packages {
        command.args(["--package", package]);
    }
    let ended = guest_cargo::run(&mut command, "cargo tree", false)?;
    let mut all = project.rust_guests()?;
    all.extend(project.libraries()?);
    match all.iter().find(|name| names(project, name, &ended.said)) {
        Some(named) if !ended.success => Err(Fault::new(
            FAILED,
            format!(
                "cargo cannot resolve the workspace, because of `{}`",
                shown(project, named)
            ),
        )
        .hint(format!(
            "correct `{}/Cargo.toml` as cargo says above: it resolves all guests together, and builds none until then",
            shown(project, named)
        ))
        .into()),
        _ => Ok(()),
    }
}

fn shown(project: &Project, guest: &str) -> String {
    let folder = project.rust_folder(guest);
    project.relative(&folder).display().to_string()
}

/// Whether cargo's message is about the manifest or the folder of this guest.
fn names(project: &Project, guest: &str, said: &str) -> bool {
    let folder = project.rust_folder(guest);
    let folder = folder.display().to_string();
    said.match_indices(&folder).any(|(at, _)| {
        let after = said[at + folder.len()..].chars().next();
        after.is_none_or(|c| !c.is_alphanumeric() && c != '-' && c != '_')
    })
}
