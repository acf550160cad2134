//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Connects a node to its set: moves events between its file and NATS JetStream
#[derive(Debug, Parser)]
#[command(name = "fractalaw-nats", version, disable_help_subcommand = true)]
pub(crate) struct Flags {
    /// The configuration of this node
    #[arg(long, global = true, value_name = "FILE", default_value = "nats.toml")]
    pub(crate) config: PathBuf,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Connect the node until SIGTERM or SIGINT
    Run {
        /// Send what waits, although the set may have forgotten that it was sent before
        #[arg(long)]
        send_again: bool,
    },
    /// Show the nodes, what waits for each app, and the components
    Status,
    /// Publish a component, so that all nodes swap to it
    Publish {
        /// The name of the app
        app: String,
        /// The file of the component
        file: PathBuf,
    },
    /// Take the deliveries of a node that does not come back soon
    Take {
        /// The node, which must not be running
        node: String,
    },
    /// Remove a node that is gone, so that its name is free. It must own nothing
    Remove {
        /// The node
        node: String,
    },
    /// Forget an app that no node has any more, with what waits for it
    Forget {
        /// The app
        app: String,
    },
}
