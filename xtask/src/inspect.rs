//! `cargo xtask inspect`: builds a guest if it is stale, then lets the host's program inspect it.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::build_guests::component;
use crate::flags;
use crate::programs::{host, start};
use crate::project::Project;

/// Runs the command. The exit code is that of `fractalaw inspect`.
pub(crate) fn run(project: &Project, flags: &flags::Inspect) -> Result<ExitCode> {
    let component = component(project, &flags.what)?;
    let host = host(project)?;
    start(
        Command::new(host)
            .arg("inspect")
            .arg(component)
            .args(&flags.options),
    )
}
