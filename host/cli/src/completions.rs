//! `fractalaw completions`: a script with which a shell completes `fractalaw`.

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::flags::{self, Fractalaw};
use crate::{exit, printing};

/// The program, as a shell calls it.
const NAME: &str = "fractalaw";

/// Prints the script.
pub(crate) fn run(shell: flags::Shell) -> ExitCode {
    let shell = match shell {
        flags::Shell::Bash => Shell::Bash,
        flags::Shell::Zsh => Shell::Zsh,
        flags::Shell::Fish => Shell::Fish,
    };
    let mut script = Vec::new();
    generate(shell, &mut Fractalaw::command(), NAME, &mut script);
    exit::printed(printing::print(&String::from_utf8_lossy(&script)))
}
