//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::serve::Place;

/// Runs models on this machine, and answers in OpenAI's protocol
#[derive(Debug, Parser)]
#[command(name = "fractalaw-models", version, disable_help_subcommand = true)]
pub(crate) struct Flags {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve all models of a folder until SIGTERM or SIGINT
    Serve {
        /// The folder with `models.toml` and the files that it names
        folder: PathBuf,
        /// `unix:PATH`, or `127.0.0.1:PORT`, where port 0 is any free one
        #[arg(long, value_name = "PLACE")]
        listen: Place,
    },
    /// Hold the files of all models against their digests, and load them once
    Verify {
        /// The folder with `models.toml` and the files that it names
        folder: PathBuf,
    },
    /// List the models of a folder, without reading their files
    List {
        /// The folder with `models.toml`
        folder: PathBuf,
    },
}
