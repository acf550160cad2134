//! `fractalaw-nats` connects a node to its set: it moves events between the node's `events.db` and NATS JetStream.
//!
//! It is a program of its own, so that a host links no network and a node alone needs none. The engine in the
//! supervisor keeps the semantics; this program says which node runs what.

#![forbid(unsafe_code)]

// From the ground up.
mod fault;
mod limits;

mod config;
mod file;
mod wire;

mod set;

mod owners;

mod nodes;
mod scanning;

// The duties of a node that is connected.
mod components;
mod keeping;
mod pulling;
mod reporting;
mod sending;
mod vouching;

mod running;

// What an operator does.
mod commands;
mod taking;

mod flags;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use crate::config::Config;
use crate::file::File;
use crate::flags::{Command, Flags};
use crate::set::Set;

fn main() -> ExitCode {
    let flags = Flags::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the runtime");
    match runtime.and_then(|runtime| {
        let ended = runtime.block_on(run(flags));
        // A call of SQLite that goes on ends with the process: it takes effect as a whole, or not at all.
        runtime.shutdown_background();
        ended
    }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(flags: Flags) -> Result<()> {
    let config = Config::read(&flags.config)?;
    match flags.command {
        Command::Run { send_again } => running::run(config, send_again).await,
        Command::Status => print(&commands::status(&Set::join(&config).await?).await?),
        Command::Publish { app, file } => {
            let set = Set::join(&config).await?;
            let component = components::publish(&set, &app, &file).await?;
            print(&format!("`{app}` is {}\n", component.sha256))
        }
        Command::Take { node } => {
            let set = Set::join(&config).await?;
            let file = File::open(&config.events)?;
            let taken = taking::take(&set, &file, &config.events, &node).await?;
            print(&format!(
                "{} deliveries were taken, {} are of apps that this node does not have\n",
                taken.taken, taken.left
            ))
        }
        Command::Remove { node } => {
            commands::remove(&Set::join(&config).await?, &node).await?;
            print(&format!("`{node}` is removed\n"))
        }
        Command::Forget { app } => {
            let waiting = commands::forget(&Set::join(&config).await?, &app).await?;
            print(&format!(
                "`{app}` is forgotten, with {waiting} events that waited for it\n"
            ))
        }
    }
}

fn print(text: &str) -> Result<()> {
    let mut output = std::io::stdout();
    output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush())
        .context("cannot write to standard output")
}
