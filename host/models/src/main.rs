//! `fractalaw-models` runs models on this machine and answers in OpenAI's protocol. A host asks it as it asks any other
//! server of models.
//!
//! It is a program of its own, so that a model that fails or takes too much memory never ends a host.

#![forbid(unsafe_code)]

// From the ground up.
mod bounded;
mod limits;
mod one_thread;

mod failed;
mod tokens;

mod worker;

mod embedder;
mod generator;

mod loaded;

mod serve;

mod flags;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use fractalaw_catalogue::Catalogue;

use crate::flags::{Command, Flags};

fn main() -> ExitCode {
    let ended = match Flags::parse().command {
        Command::Serve { folder, listen } => {
            one_thread::ensure().and_then(|()| serve::run(&folder, &listen))
        }
        Command::Verify { folder } => one_thread::ensure().and_then(|()| verify(&folder)),
        Command::List { folder } => list(&folder),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn verify(folder: &Path) -> Result<()> {
    let list = Catalogue::read(folder)?;
    let mut lines = String::new();
    for (name, model) in &list.models {
        if !loaded::is_ours(model) {
            continue;
        }
        loaded::load(list.folder(), name, model)?;
        writeln!(lines, "{name}: verified, {}", model.digest())?;
    }
    print(&lines)
}

fn list(folder: &Path) -> Result<()> {
    let mut lines = String::new();
    for (name, model) in &Catalogue::read(folder)?.models {
        let fractalaw_catalogue::Price { call, token } = model.price;
        writeln!(lines, "{name}")?;
        let (kind, engine) = (model.kind.name(), model.engine.name());
        writeln!(lines, "  kind        {kind}, by {engine}")?;
        if let Some(dimensions) = model.kind.dimensions() {
            writeln!(lines, "  dimensions  {dimensions}")?;
        }
        writeln!(lines, "  max tokens  {}", model.max_tokens)?;
        writeln!(lines, "  price       {call} a call, {token} a token")?;
        writeln!(lines, "  licence     {}", model.licence)?;
        writeln!(lines, "  digest      {}", model.digest())?;
        for (role, file) in model.files() {
            writeln!(lines, "  {role:<11} {}  {}", file.path, file.sha256)?;
        }
    }
    print(&lines)
}

fn print(text: &str) -> Result<()> {
    let mut output = std::io::stdout();
    output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush())
        .context("cannot write to standard output")
}
