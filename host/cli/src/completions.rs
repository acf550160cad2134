//! `fractalaw completions`: a script with which a shell completes `fractalaw`, or this program under its own name.

use std::process::ExitCode;

use clap::{Arg, ArgAction, Command, CommandFactory, ValueHint};
use clap_complete::{Shell, generate};

use crate::flags::{self, Fractalaw};
use crate::{beside, exit, printing};

/// The commands that other programs have, and their flags: a script is made where these programs need not be. A test compares
/// it with their help.
const OF_OTHER_PROGRAMS: [(&str, &str); 26] = [
    ("ledger init", "--key FILE --node NAME"),
    ("ledger verify", "--checkpoint FILE --json --public-key HEX"),
    ("ledger verify-set", "--json"),
    (
        "ledger show",
        "--app APP --json --last N --role ROLE --run ID --since TIME --type TYPE --until TIME",
    ),
    ("ledger runs", "--cut-off --json"),
    ("ledger export", "--format FORMAT --out FILE --unverified"),
    ("ledger checkpoint", "--key FILE"),
    ("serve", "--json"),
    ("emit", "--folder FOLDER --json --payload FILE --wait"),
    (
        "events ls",
        "--after DELIVERY --dead --folder FOLDER --json",
    ),
    ("events show", "--folder FOLDER --json"),
    ("events retry", "--dead --folder FOLDER --json"),
    ("events drop", "--dead --folder FOLDER --json"),
    ("schedule ls", "--after TASK --folder FOLDER --json"),
    (
        "schedule add",
        "--at RFC3339 --cron CRON --folder FOLDER --json --name NAME --payload FILE",
    ),
    ("schedule cancel", "--folder FOLDER --json"),
    ("apps ls", "--folder FOLDER --json"),
    ("apps reload", "--folder FOLDER --json"),
    ("apps rollback", "--folder FOLDER --json"),
    ("apps pin", "--folder FOLDER --json --off"),
    ("status", "--folder FOLDER --json"),
    ("push", "--insecure"),
    (
        "pull",
        "--folder FOLDER --insecure --name NAME --signed-by KEY --update",
    ),
    ("sign", "--key FILE --signer NAME"),
    ("keys new", ""),
    ("keys show", ""),
];

/// Prints the script.
pub(crate) fn run(shell: flags::Shell) -> ExitCode {
    let shell = match shell {
        flags::Shell::Bash => Shell::Bash,
        flags::Shell::Zsh => Shell::Zsh,
        flags::Shell::Fish => Shell::Fish,
    };
    let mut script = Vec::new();
    generate(shell, &mut command(), beside::own_name(), &mut script);
    exit::printed(printing::print(&String::from_utf8_lossy(&script)))
}

/// The command line with that of the other programs in it.
fn command() -> Command {
    let mut whole = Fractalaw::command();
    let tops = OF_OTHER_PROGRAMS.map(|(words, _)| words.split(' ').next().unwrap_or_default());
    for top in tops {
        // What the program itself has takes any arguments.
        whole = whole.mut_subcommand(top, |own| {
            let about = own.get_about().cloned().unwrap_or_default();
            Command::new(top).about(about)
        });
    }
    for (words, flags) in OF_OTHER_PROGRAMS {
        whole = match words.split_once(' ') {
            None => whole.mut_subcommand(words, |command| with(command, flags)),
            Some((top, below)) => whole.mut_subcommand(top, |command| {
                command.subcommand(with(Command::new(below), flags))
            }),
        };
    }
    whole
}

/// A command with these flags, and with files after them.
fn with(command: Command, flags: &'static str) -> Command {
    let mut words = flags.split_whitespace().peekable();
    let mut command = command;
    while let Some(flag) = words.next() {
        let name = flag.trim_start_matches('-');
        let flag = Arg::new(name).long(name);
        let flag = match words.next_if(|word| !word.starts_with('-')) {
            None => flag.action(ArgAction::SetTrue),
            Some(value @ "FOLDER") => flag.value_name(value).value_hint(ValueHint::DirPath),
            Some(value @ "FILE") => flag.value_name(value).value_hint(ValueHint::FilePath),
            Some(value) => flag.value_name(value),
        };
        command = command.arg(flag);
    }
    let files = Arg::new("files").num_args(0..);
    command.arg(files.value_name("FILE").value_hint(ValueHint::AnyPath))
}
