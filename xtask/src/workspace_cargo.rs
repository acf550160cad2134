//! Cargo as it is started for the packages that run on this machine.
//!
//! The same packages are selected in every step: cargo unifies the features of what is selected
//! together, and another selection would compile Wasmtime a second time.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, IsTerminal, Write, stdout};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use xshell::{Cmd, Shell, cmd};

use crate::children;
use crate::fault::{FAILED, Fault};
use crate::project::{Project, cargo_program};
use crate::totals::{Reading, Totals};

/// Everything that links Wasmtime, and what it shares with the rest.
pub(crate) const HOST: [&str; 12] = [
    "-p",
    "fractalaw-contract",
    "-p",
    "fractalaw-manifest",
    "-p",
    "fractalaw-instrument",
    "-p",
    "fractalaw-host",
    "-p",
    "fractalaw-tests",
    "-p",
    "fractalaw-fuzz",
];

/// The benchmarks, which link the host's library in another profile.
pub(crate) const BENCHES: [&str; 2] = ["-p", "fractalaw-benches"];

/// The ledger and its auditor's program: nothing of Wasmtime, and Arrow and Parquet, which the host has not.
pub(crate) const LEDGER: [&str; 4] = ["-p", "fractalaw-ledger", "-p", "fractalaw-auditor"];

/// This crate, always by itself: its features are those of `cargo xtask`.
pub(crate) const XTASK: [&str; 2] = ["-p", "xtask"];

/// A shell at the root of the workspace.
pub(crate) fn shell(project: &Project) -> Result<Shell> {
    let shell = Shell::new().context("cannot start a shell")?;
    shell.change_dir(&project.root);
    // Absolute, because a relative one would mean another folder from here.
    shell.set_var("CARGO_TARGET_DIR", &project.target);
    Ok(shell)
}

/// A cargo command.
pub(crate) fn cargo<'a>(shell: &'a Shell, subcommand: &str) -> Cmd<'a> {
    let program = cargo_program();
    cmd!(shell, "{program} {subcommand}")
}

/// Runs a step whose failure has a remedy.
pub(crate) fn step(title: &str, remedy: &str, command: Cmd<'_>) -> Result<()> {
    eprintln!("\n── {title}");
    let shown = shown(&command);
    eprintln!("$ {shown}");
    command.quiet().run().map_err(|_| {
        Fault::new(FAILED, format!("{title}: `{shown}` failed"))
            .hint(remedy)
            .into()
    })
}

/// A command as one would type it.
pub(crate) fn shown(command: &Cmd<'_>) -> String {
    let text = command.to_string();
    match text.split_once(' ') {
        Some((_, rest)) => format!("cargo {rest}"),
        None => text,
    }
}

/// Runs a `cargo test`, passes its output on, and adds up what the test binaries report.
///
/// Returns whether it succeeded.
pub(crate) fn run_tests(command: Cmd<'_>, totals: &mut Totals) -> Result<bool> {
    let shown = shown(&command);
    eprintln!("$ {shown}");
    let mut running = children::spawn(Command::from(command).stdout(Stdio::piped()))
        .with_context(|| format!("cannot start `{shown}`"))?;
    let output = running
        .child
        .stdout
        .take()
        .with_context(|| format!("`{shown}` has no output"))?;
    let mut output = BufReader::new(output);
    let (mut line, mut reading) = (Vec::new(), Reading::default());
    while output
        .read_until(b'\n', &mut line)
        .with_context(|| format!("cannot read from `{shown}`"))?
        > 0
    {
        stdout()
            .write_all(&line)
            .context("cannot write to standard output")?;
        reading.line(&String::from_utf8_lossy(&line));
        line.clear();
    }
    totals.add(reading.totals());
    let status = running
        .wait()
        .with_context(|| format!("cannot wait for `{shown}`"))?;
    if !status.success() {
        eprintln!("error: `{shown}` failed");
    }
    Ok(status.success())
}

/// Whether the test binaries should colour their output, which passes through us: as is said in the environment, or
/// else on a terminal that can.
pub(crate) fn colour() -> [&'static str; 2] {
    let variable = |name: &str| std::env::var_os(name);
    match is_coloured(variable, stdout().is_terminal()) {
        true => ["--color", "always"],
        false => ["--color", "never"],
    }
}

/// What <https://no-color.org> and <https://bixense.com/clicolors> ask for.
fn is_coloured(variable: impl Fn(&str) -> Option<OsString>, is_terminal: bool) -> bool {
    let is_set = |name| variable(name).is_some_and(|value| !value.is_empty());
    let is_zero = |name| variable(name).is_some_and(|value| value == "0");
    if is_set("NO_COLOR") {
        return false;
    }
    if is_set("CLICOLOR_FORCE") && !is_zero("CLICOLOR_FORCE") {
        return true;
    }
    let is_dumb = variable("TERM").is_some_and(|terminal| terminal == "dumb");
    is_terminal && !is_zero("CLICOLOR") && !is_dumb
}

#[cfg(test)]
mod tests {
    use super::is_coloured;

    #[test]
    fn the_environment_says_what_is_coloured_and_else_the_terminal() {
        type Variables = &'static [(&'static str, &'static str)];
        let cases: [(Variables, bool, bool); 9] = [
            (&[], true, true),
            (&[], false, false),
            (&[("NO_COLOR", "1")], true, false),
            (&[("NO_COLOR", "")], true, true),
            (&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], true, false),
            (&[("CLICOLOR", "0")], true, false),
            (&[("CLICOLOR_FORCE", "1")], false, true),
            (&[("CLICOLOR_FORCE", "0")], false, false),
            (&[("TERM", "dumb")], true, false),
        ];
        for (variables, terminal, expected) in cases {
            let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
            let variable = |name: &str| find(name).map(|(_, value)| value.into());
            assert_eq!(is_coloured(variable, terminal), expected, "{variables:?}");
        }
    }
}
