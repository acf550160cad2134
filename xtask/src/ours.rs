//! The commands that are for the repository of these commands alone. In other workspaces each says why.

use anyhow::Result;

use crate::fault::{Fault, USAGE};
use crate::flags::Command;
use crate::project::Project;

/// Refuses a command that the workspace has nothing for.
pub(crate) fn check(project: &Project, command: &Command) -> Result<()> {
    if project.is_ours() {
        return Ok(());
    }
    let (name, why) = match command {
        Command::Bench(_) => ("bench", "it measures Fractalaw's own host"),
        Command::Drivers => ("drivers", "it fetches what Fractalaw's own tests use"),
        Command::Fuzz(_) => ("fuzz", "it looks for faults in Fractalaw's own host"),
        Command::Models(_) => ("models", "it fetches what Fractalaw's own tests use"),
        Command::Servers => ("servers", "it fetches what Fractalaw's own tests use"),
        Command::Tidy => ("tidy", "its rules are those of Fractalaw's repository"),
        Command::BuildGuests(_)
        | Command::Ci
        | Command::Completions(_)
        | Command::Fuel(_)
        | Command::Inspect(_)
        | Command::Ledger(_)
        | Command::New(_)
        | Command::Profile(_)
        | Command::Report(_)
        | Command::Run(_)
        | Command::Serve(_)
        | Command::Test(_) => return Ok(()),
    };
    Err(Fault::new(
        USAGE,
        format!("`cargo xtask {name}` is not for this workspace: {why}"),
    )
    .hint("run it in a clone of Fractalaw")
    .into())
}
