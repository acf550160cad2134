//! The commands. Each returns what is printed.

// From the ground up.
mod files;

mod keys;
mod pull;
mod push;

use crate::fault::Fault;
use crate::flags::{Command, Flags};

/// Runs the command.
pub(crate) fn run(flags: Flags) -> Result<String, Fault> {
    match flags.command {
        Command::Push {
            file,
            reference,
            insecure,
        } => push::run(&file, &reference, insecure),
        Command::Pull {
            reference,
            folder,
            name,
            update,
            signed_by,
            insecure,
        } => {
            let pulling = pull::Pulling {
                folder,
                update,
                wanted: keys::wanted(signed_by)?,
                insecure,
            };
            match reference {
                Some(reference) => pulling.one(&reference, name.as_deref()),
                None => pulling.all(),
            }
        }
        Command::Sign { file, key, signer } => keys::sign(&file, &key, signer),
        Command::Keys(command) => keys::run(&command),
    }
}
