//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::fault::Fault;
use crate::reference::Reference;

/// Signs components, and pushes them to and pulls them from OCI registries and layout folders
#[derive(Debug, Parser)]
#[command(name = "fractalaw", version, disable_help_subcommand = true)]
pub(crate) struct Flags {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Push a component, with the signatures beside it
    #[command(after_help = REFERENCES)]
    Push {
        /// The component
        file: PathBuf,
        /// Where to
        #[arg(value_parser = reference)]
        reference: Reference,
        /// Allow plain HTTP to a registry on another machine
        #[arg(long)]
        insecure: bool,
    },
    /// Pull a component with its signatures, and pin it in `apps.lock`
    #[command(after_help = REFERENCES)]
    Pull {
        /// Where from; without it, everything that `apps.lock` pins
        #[arg(value_parser = reference)]
        reference: Option<Reference>,
        /// The folder for the component and for `apps.lock`
        #[arg(long, value_name = "FOLDER", default_value = ".")]
        folder: PathBuf,
        /// The name of the app in `apps.lock`, and of its file, instead of the last part of the reference
        #[arg(long, requires = "reference")]
        name: Option<String>,
        /// Pin another component than the one that is pinned
        #[arg(long, requires = "reference")]
        update: bool,
        /// A public key that must have signed it; with several, one is enough
        #[arg(long, value_name = "KEY")]
        signed_by: Vec<String>,
        /// Allow plain HTTP to a registry on another machine
        #[arg(long)]
        insecure: bool,
    },
    /// Sign a component: the signature stands beside it, in `FILE.sig`
    Sign {
        /// The component
        file: PathBuf,
        /// The file of the secret key
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// The name of the signer in the statement, instead of the name of the key's file
        #[arg(long, value_name = "NAME")]
        signer: Option<String>,
    },
    /// Make a key, or show the public part of one
    #[command(subcommand)]
    Keys(Keys),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Make a secret key in a new file that only you can read, and print its public key
    New {
        /// The file
        file: PathBuf,
    },
    /// Print the public key of a secret key
    Show {
        /// The file
        file: PathBuf,
    },
}

const REFERENCES: &str = "\
References:
  registry.example/acme/hello:1.0          a tag in a registry
  registry.example/acme/hello@sha256:…     exactly this
  oci:FOLDER:1.0                           a tag in a layout folder

This machine's own addresses are reached over HTTP, and others over HTTPS. Credentials are those of the variables
FRACTALAW_REGISTRY_USERNAME and FRACTALAW_REGISTRY_PASSWORD, or of `docker login`.";

fn reference(text: &str) -> Result<Reference, String> {
    text.parse().map_err(|fault: Fault| match fault.hint {
        Some(hint) => format!("{}\nhint: {hint}", fault.what),
        None => fault.what,
    })
}
