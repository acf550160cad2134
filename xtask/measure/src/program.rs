//! The program around a set of benchmarks: its flags, and its output.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use serde::{Deserialize, Serialize};

use crate::table::Table;

/// Measures, and prints the figures as JSON for `cargo xtask bench`.
#[derive(Debug, Parser)]
pub struct Flags {
    /// Only benchmarks whose name contains this.
    pub filter: Option<String>,
    /// The folder of built guests.
    #[arg(long)]
    pub guests: PathBuf,
    /// Where a benchmark may leave what it makes for the next time.
    #[arg(long)]
    pub records: PathBuf,
    /// The host's release binary.
    #[arg(long)]
    pub fractalaw: PathBuf,
    /// The binary of `cargo xtask`.
    #[arg(long)]
    pub xtask: PathBuf,
    /// A `wasmtime` binary of the same version, for the cold start; without it that pair is left out.
    #[arg(long)]
    pub wasmtime: Option<PathBuf>,
}

/// A benchmark: its name, and the function that adds its rows to the table.
pub type Benchmark = (&'static str, fn(&Flags, &mut Table) -> Result<()>);

/// What a program prints.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Measured {
    /// The figures.
    pub table: Table,
    /// The benchmarks that failed.
    pub failed: Vec<String>,
}

/// Runs the benchmarks that are asked for. If one fails, the others still run, because their figures take
/// minutes.
///
/// # Errors
///
/// If the figures cannot be printed.
pub fn main(benchmarks: &[Benchmark]) -> Result<ExitCode> {
    main_with(benchmarks, &[])
}

/// The same with benchmarks that take so long that they only run if a filter asks for them.
///
/// # Errors
///
/// If the figures cannot be printed.
pub fn main_with(benchmarks: &[Benchmark], only_if_asked: &[Benchmark]) -> Result<ExitCode> {
    let flags = Flags::parse();
    let filter = flags.filter.as_deref().unwrap_or_default();
    let only_if_asked = only_if_asked.iter().filter(|_| !filter.is_empty());
    let mut measured = Measured::default();
    for (name, benchmark) in benchmarks
        .iter()
        .chain(only_if_asked)
        .filter(|(name, _)| name.contains(filter))
    {
        eprintln!("{name} …");
        if let Err(error) = benchmark(&flags, &mut measured.table) {
            eprintln!("error: `{name}`: {error:#}");
            measured.failed.push((*name).to_owned());
        }
    }
    let json = serde_json::to_string(&measured).context("cannot encode the figures")?;
    println!("{json}");
    Ok(ExitCode::SUCCESS)
}
