//! `cargo xtask run NAME --watch`: runs a guest again when it or its input changes.

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context, Result};

use super::options::options;
use crate::adbc;
use crate::build_guests::{component, is_path};
use crate::children;
use crate::digest;
use crate::fault::{Fault, USAGE};
use crate::programs::host;
use crate::project::Project;
use crate::watch::{Watch, say_changed, say_ended, sources};

/// Runs the command. Only a signal ends it, or a guest that does not exist.
pub(super) fn run(project: &Project, what: &str, given: &[String]) -> Result<ExitCode> {
    if options_with_paths(given).any(|option| option == ("--stdin", "-")) {
        return Err(Fault::new(
            USAGE,
            "`--stdin -` with `--watch`: our standard input can be read once only",
        )
        .hint("put it into a file, and give it with `--stdin FILE`")
        .into());
    }
    children::listen()?;
    let mut inputs = inputs(given);
    // A guest's component is known by its sources.
    if is_path(what) {
        inputs.push(PathBuf::from(what));
    }
    let mut places = sources(project)?;
    places.extend(inputs.iter().cloned());
    // Before the first round: what changes while it goes on starts another one.
    let mut watch = Watch::begin(places);
    let mut last = None;
    let mut is_input = true;
    loop {
        let began = Instant::now();
        let result = round(project, what, given, is_input, &mut last);
        let result = match result {
            // What is wrong with the command line does not change.
            Err(error) if Fault::code_of(&error) == USAGE => return Err(error),
            Err(error) => {
                eprintln!("error: {error:#}");
                last = None;
                "failed".to_owned()
            }
            Ok(result) => result,
        };
        watch.know_more(project);
        say_ended(&result, began.elapsed());
        let changed = watch.next();
        say_changed(project, &changed);
        let is_of = |path: &PathBuf| inputs.iter().any(|input| path.starts_with(input));
        is_input = changed.iter().any(is_of);
    }
}

/// Builds the guest if it is stale, and runs it if it is another component than the last, or if an input changed.
fn round(
    project: &Project,
    what: &str,
    given: &[String],
    is_input: bool,
    last: &mut Option<String>,
) -> Result<String> {
    let component = component(project, what)?;
    let digest = Some(digest::file(&component)?);
    if *last == digest && !is_input {
        return Ok("the same component, nothing to run".to_owned());
    }
    let host = host(project)?;
    adbc::ready(project, &component, given)?;
    let mut command = Command::new(&host);
    command
        .arg("run")
        .arg(&component)
        .args(options(project, given));
    let mut running = children::spawn(&mut command).context("cannot start the host's program")?;
    let status = running
        .wait()
        .context("cannot wait for the host's program")?;
    *last = digest;
    Ok(match status.code() {
        Some(code) => format!("exit code {code}"),
        None => format!("{status}"),
    })
}

/// The options that name what a run reads, with their values: `--stdin FILE` or `--stdin=FILE`.
fn options_with_paths(given: &[String]) -> impl Iterator<Item = (&str, &str)> {
    const OPTIONS: [&str; 5] = ["--stdin", "--policy", "--data", "--dir", "--replay"];
    // What stands behind `--` is the guest's.
    let own = given.split(|word| word == "--").next().unwrap_or_default();
    own.iter().enumerate().filter_map(|(index, word)| {
        let (option, value) = match word.split_once('=') {
            Some((option, value)) => (option, value),
            None => (&**word, &**own.get(index + 1)?),
        };
        OPTIONS.contains(&option).then_some((option, value))
    })
}

/// The files that the run reads, whether they exist yet or not. It may change what it is given with `:rw`, which would start it
/// again without end.
fn inputs(given: &[String]) -> Vec<PathBuf> {
    let values = options_with_paths(given).map(|(_, value)| value);
    let read = values.filter(|value| !value.ends_with(":rw"));
    let paths = read.map(|value| value.split("::").next().unwrap_or(value));
    paths.map(PathBuf::from).collect()
}

#[cfg(test)]
mod tests {
    use super::inputs;

    #[test]
    fn what_a_run_may_change_is_not_watched() {
        let given = [
            "--stdin",
            "Cargo.toml",
            "--dir",
            "src::/data",
            "--dir",
            "src::/data:rw",
            "--data",
            "Cargo.toml:rw",
            "--policy=missing.toml",
            "--arg",
            "src",
            "--",
            "--stdin",
            "of-the-guest",
        ];
        let given = given.map(str::to_owned);
        assert_eq!(
            inputs(&given),
            ["Cargo.toml", "src", "missing.toml"].map(std::path::PathBuf::from)
        );
    }
}
