//! Flags of `completions`.

use clap::{Args, ValueEnum};

/// What to do with the script.
pub(super) const HELP: &str = "\
Load it in the file that your shell reads when it starts, in this repository's folder:

    bash    source <(cargo xtask completions bash)
    zsh     source <(cargo xtask completions zsh)       after `compinit`
    fish    cargo xtask completions fish | source

It is quicker to print it into a file once, and to load that.";

/// Flags of `completions`.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

/// A shell that can complete commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
}
