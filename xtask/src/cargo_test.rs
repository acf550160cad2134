//! Runs `cargo test`. No environment variable decides what passes, and the results of the test binaries are added
//! up.

use std::env;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, IsTerminal, Write, stdout};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use xshell::Cmd;

use crate::cargo::shown;
use crate::children;
use crate::totals::{Reading, Totals};

/// Removes the environment variables that would change what test binaries do: how often to try, what to replace,
/// where to look, and which program to start instead of a test.
pub(crate) fn without_verdicts(command: Cmd<'_>) -> Cmd<'_> {
    env::vars_os().fold(command, |command, (name, _)| {
        let text = name.to_string_lossy();
        let ours = ["FRACTALAW_", "INSTA_", "XTASK_", "NEXTEST", "RUST_TEST_"];
        let is_runner = text.starts_with("CARGO_TARGET_") && text.ends_with("_RUNNER");
        if is_runner || ours.iter().any(|start| text.starts_with(start)) {
            return command.env_remove(name);
        }
        command
    })
}

/// Adds the name that was asked for and more arguments for the test binaries. If a test fails in one binary, the
/// binaries after it still run.
pub(crate) fn arguments<'a>(command: Cmd<'a>, text: Option<&str>, rest: &[String]) -> Cmd<'a> {
    let command = command.arg("--no-fail-fast");
    command.arg("--").args(text).args(colour()).args(rest)
}

/// Runs `cargo test`, passes its output on, and adds up what the test binaries report.
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

/// Whether the test binaries should colour their output, which passes through us: as the environment says, or
/// otherwise if our output is a terminal.
pub(crate) fn colour() -> [&'static str; 2] {
    let variable = |name: &str| std::env::var_os(name);
    match is_coloured(variable, stdout().is_terminal()) {
        true => ["--color", "always"],
        false => ["--color", "never"],
    }
}

/// The rules of <https://no-color.org> and <https://bixense.com/clicolors>.
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
