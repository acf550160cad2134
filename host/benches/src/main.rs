//! Benchmarks of the host, each beside a reference in the same run: `cargo xtask bench`.
//!
//! No benchmark asserts a time. A table shows ours, the reference, their ratio, and the bar that the ratio should
//! hold. Runs can be saved and compared.

#![forbid(unsafe_code)]

mod builds;
mod cold;
mod fuel_time;
mod host_call_time;
mod metering;
mod pairs;
mod raw;
mod scale;
mod table;
mod tests;
mod warm;

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Parser;

use crate::table::Table;

/// Measures the host beside raw Wasmtime.
#[derive(Debug, Parser)]
struct Flags {
    /// Only benchmarks whose name contains this.
    filter: Option<String>,
    /// Keep the figures under this name.
    #[arg(long, value_name = "NAME")]
    save: Option<String>,
    /// Compare with the figures kept under this name.
    #[arg(long, value_name = "NAME")]
    against: Option<String>,
    /// The folder of built guests.
    #[arg(long)]
    guests: PathBuf,
    /// Where figures are kept.
    #[arg(long)]
    records: PathBuf,
    /// The host's release binary.
    #[arg(long)]
    fractalaw: PathBuf,
    /// The binary of `cargo xtask`.
    #[arg(long)]
    xtask: PathBuf,
    /// A `wasmtime` binary of the same version, for the cold start; without it that pair is left out.
    #[arg(long)]
    wasmtime: Option<PathBuf>,
}

/// A benchmark: its name, and the function that adds its rows to the table.
type Benchmark = (&'static str, fn(&Flags, &mut Table) -> Result<()>);

const BENCHMARKS: [Benchmark; 13] = [
    ("warm/hello-world", warm::hello_world),
    ("warm/no-imports", warm::no_imports),
    ("scale/two-threads", scale::two_threads),
    ("scale/10000-at-once", scale::ten_thousand_at_once),
    ("scale/million-runs", scale::million_runs),
    ("cold/small", cold::small),
    ("cold/large", cold::large),
    ("metering", metering::kernels),
    ("fuel/instructions", fuel_time::instructions),
    ("fuel/host-calls", host_call_time::host_calls),
    ("builds/no-op", builds::no_op),
    ("builds/growth", builds::growth),
    ("tests/1000-cases", tests::thousand_cases),
];

fn main() -> Result<()> {
    let flags = Flags::parse();
    let mut table = Table::default();
    let mut failed = Vec::new();
    for (name, benchmark) in BENCHMARKS {
        if flags
            .filter
            .as_ref()
            .is_none_or(|filter| name.contains(filter))
        {
            eprintln!("{name} …");
            // A failure does not end the program, because the figures of the other benchmarks took minutes.
            if let Err(error) = benchmark(&flags, &mut table) {
                eprintln!("error: `{name}`: {error:#}");
                failed.push(name);
            }
        }
    }
    let before = flags
        .against
        .as_ref()
        .map(|name| Table::load(&flags.records, name))
        .transpose()?;
    println!("{}", table.render(before.as_ref()));
    if let Some(name) = &flags.save {
        table.store(&flags.records, name)?;
    }
    ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
    Ok(())
}
