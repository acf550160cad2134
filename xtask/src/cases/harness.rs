//! The harness in `tests/`, started for cases: with which components, and what becomes of their snapshots.

use std::ffi::OsStr;
use std::path::Path;

use xshell::{Cmd, Shell};

use super::asked::Asked;
use crate::cargo::{HOST, cargo};
use crate::cargo_test::{arguments, without_verdicts};
use crate::project::Project;

/// What becomes of snapshots that differ, as the harness calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Snapshots {
    Never,
    Pending,
    Accept,
    Functions,
}

/// Only the cases, their snapshots written as `snapshots` says.
pub(crate) fn cases<'a>(
    project: &Project,
    shell: &'a Shell,
    snapshots: Snapshots,
    asked: &Asked,
    rest: &[String],
) -> Cmd<'a> {
    let (snapshots, update) = match snapshots {
        Snapshots::Never => ("never", "no"),
        Snapshots::Pending => ("pending", "new"),
        Snapshots::Accept => ("accept", "always"),
        Snapshots::Functions => ("functions", "always"),
    };
    let command = harness(shell, &project.outputs(), asked);
    // insta, which writes for the harness, can be told by the environment alone.
    let command = command
        .env("INSTA_OUTPUT", "none")
        .env("INSTA_UPDATE", update);
    command.args(["--snapshots", snapshots]).args(rest)
}

/// The harness, with components from this folder. What it is to do stands on its command line and not in the
/// environment, which is the user's.
pub(crate) fn harness<'a>(shell: &'a Shell, guests: &Path, asked: &Asked) -> Cmd<'a> {
    let command = cargo(shell, "test").args(HOST).args(["--test", "cases"]);
    let (text, names) = match asked {
        Asked::Everything => (None, &[][..]),
        Asked::Cases(names) => (None, &names[..]),
        Asked::Text(text) => (Some(&**text), &[][..]),
    };
    let command = arguments(without_verdicts(command), text, &[]);
    names.iter().fold(
        command.args([OsStr::new("--guests"), guests.as_os_str()]),
        |command, name| command.args(["--only", name]),
    )
}
