//! `cargo xtask run`: builds a guest if it is stale, then lets the host's program run it.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::adbc;
use crate::build_guests::component;
use crate::fault::{Fault, USAGE};
use crate::flags;
use crate::programs::{host, start};
use crate::project::Project;

/// Runs the command. The exit code is that of `fractalaw run`.
pub(crate) fn run(project: &Project, flags: &flags::Run) -> Result<ExitCode> {
    if flags.what.starts_with('-') {
        return Err(misplaced(project, flags)?.into());
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

/// The options of the run. `--ledger` without a file means the workspace's own ledger, which is made if it does
/// not exist.
fn options(project: &Project, given: &[String]) -> Vec<OsString> {
    let mut options = Vec::new();
    let mut given = given.iter().peekable();
    while let Some(option) = given.next() {
        options.push(OsString::from(option));
        let alone = given.peek().is_none_or(|next| next.starts_with('-'));
        if option == "--ledger" && alone {
            options.push(project.ledger().into());
            options.push("--create-ledger".into());
        }
    }
    options
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
