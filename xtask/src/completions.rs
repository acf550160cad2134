//! `cargo xtask completions`: a script with which a shell completes `cargo xtask`.
//!
//! `clap_complete` writes what completes a program `xtask`. The scripts in `completions/` let `cargo xtask` use it. They also find the names of
//! guests and cases, in the shell itself: starting cargo at each press of the key would take too long.

use std::collections::BTreeSet;
use std::io::{Write, stdout};

use anyhow::{Context, Result};
use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::flags::completions::{Completions, Shell as Asked};
use crate::flags::{Flags, RUN_OPTIONS};

/// The name under which `clap_complete` knows the commands.
const NAME: &str = "xtask";

/// Prints the script.
pub(crate) fn run(flags: &Completions) -> Result<()> {
    let (shell, cargo) = match flags.shell {
        Asked::Bash => (Shell::Bash, include_str!("../completions/cargo.bash")),
        Asked::Zsh => (Shell::Zsh, include_str!("../completions/cargo.zsh")),
        Asked::Fish => (Shell::Fish, include_str!("../completions/cargo.fish")),
    };
    let mut script = Vec::new();
    generate(shell, &mut Flags::command().name(NAME), NAME, &mut script);
    script.extend(cargo.replace("{run_options}", &run_options()).bytes());
    let written = stdout().write_all(&script);
    written.context("cannot write to standard output")
}

/// The options of `run`, which the host's program has: they stand in the help.
fn run_options() -> String {
    let lines = RUN_OPTIONS
        .lines()
        .filter(|line| line.starts_with("    --"));
    let before_the_text = lines.filter_map(|line| line.trim().split("  ").next());
    let words = before_the_text.flat_map(|options| options.split([' ', ',', '|']));
    let options: BTreeSet<&str> = words.filter(|word| word.starts_with("--")).collect();
    options.into_iter().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_options_of_run_are_those_of_its_help() {
        assert_eq!(
            super::run_options(),
            "--arg --cache --clock --compile-time --data --deterministic --dir --durability --env --fuel --grace --grant --json \
             --ledger --ledger-wait --memory --no-cache --policy --record --replay --seed --stdin --tier --timeout --trace --trigger"
        );
    }
}
