//! `cargo xtask inspect`: builds what is stale, then lets the host's binary say what it is.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::build_guests::component;
use crate::flags;
use crate::programs::{host, start};
use crate::project::Project;

/// The command. The exit code is that of `fractalaw inspect`.
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
