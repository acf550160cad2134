//! Starts the harness in `tests/`: with which components, and what it does with snapshots.

use std::ffi::OsStr;
use std::path::Path;

use xshell::{Cmd, Shell};

use super::asked::Asked;
use crate::cargo::{cargo, host};
use crate::cargo_test::{arguments, without_verdicts};
use crate::project::Project;

/// What the harness does with snapshots that differ. The names are those of its flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Snapshots {
    Never,
    Pending,
    Accept,
    Functions,
}

/// Runs only the cases, and writes their snapshots as `snapshots` says.
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
    let command = harness(project, shell, &project.outputs(), asked);
    // insta writes the files, and only the environment can tell it how.
    let command = command
        .env("INSTA_OUTPUT", "none")
        .env("INSTA_UPDATE", update);
    command.args(["--snapshots", snapshots]).args(rest)
}

/// The harness, with components from this folder. Its command line says what to do. The environment does not,
/// because it is the user's.
pub(crate) fn harness<'a>(
    project: &Project,
    shell: &'a Shell,
    guests: &Path,
    asked: &Asked,
) -> Cmd<'a> {
    let command = cargo(shell, "test")
        .args(host(project))
        .args(["--test", "cases"]);
    let (text, names) = match asked {
        Asked::Everything => (None, &[][..]),
        Asked::Cases(names) => (None, &names[..]),
        Asked::Text(text) => (Some(&**text), &[][..]),
    };
    let command = arguments(without_verdicts(command), text, &[]);
    // The harness was compiled with a folder of its own. Two clones that share what cargo compiles can have one program.
    let tests = project.root.join("tests");
    let folders = [
        OsStr::new("--tests"),
        tests.as_os_str(),
        OsStr::new("--guests"),
        guests.as_os_str(),
    ];
    names.iter().fold(command.args(folders), |command, name| {
        command.args(["--only", name])
    })
}
