//! `cargo xtask run`: builds a guest if it is stale, then lets the host's program run it.

mod options;

mod watch;

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::adbc;
use crate::build_guests::component;
use crate::fault::{Fault, USAGE};
use crate::flags;
use crate::programs::{host, start};
use crate::project::Project;
use options::{options, take_watch};

/// Runs the command. The exit code is that of `fractalaw run`.
pub(crate) fn run(project: &Project, flags: &flags::Run) -> Result<ExitCode> {
    if flags.what.starts_with('-') {
        return Err(misplaced(project, flags)?.into());
    }
    let mut given = flags.options.clone();
    if flags.watch | take_watch(&mut given) {
        return watch::run(project, &flags.what, &given);
    }
    let component = component(project, &flags.what)?;
    let host = host(project)?;
    adbc::ready(project, &component, &flags.options)?;
    start(
        Command::new(&host)
            .arg("run")
            .arg(&component)
            .args(options(project, &flags.options)),
    )
}

/// An option comes before the guest. Only the host's program knows which words belong to it.
fn misplaced(project: &Project, flags: &flags::Run) -> Result<Fault> {
    let guests = project.guests()?;
    let mut words = vec![&flags.what];
    words.extend(&flags.options);
    let what = words
        .iter()
        .position(|word| guests.contains(word))
        .or_else(|| words.iter().position(|word| word.ends_with(".wasm")))
        .map_or("GUEST", |at| words.remove(at));
    let options: Vec<_> = words.into_iter().map(String::as_str).collect();
    Ok(Fault::new(
        USAGE,
        format!(
            "`{}` stands before the guest, expected options after it",
            flags.what
        ),
    )
    .hint(format!("`cargo xtask run {what} {}`", options.join(" "))))
}
