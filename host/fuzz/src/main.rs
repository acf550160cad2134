//! `fractalaw-fuzz`: runs a target with mutations of its seeds and corpus, on any toolchain. The same seed gives
//! the same inputs. `cargo xtask fuzz` starts it if libFuzzer is not installed.

#![forbid(unsafe_code)]

use std::env;
use std::fs;
use std::panic;
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};
use std::time::{Duration, Instant};

use fractalaw_fuzz::bounds::{self, Bounds, Watch};
use fractalaw_fuzz::mutate::{Random, mutate};
use fractalaw_fuzz::{TARGETS, Target, corpus, outcomes};

const USAGE: &str =
    "usage: fractalaw-fuzz TARGET|all [--seed N] [--runs N] [--seconds N] [--keep FOLDER]
       fractalaw-fuzz TARGET --write-seeds FOLDER
       fractalaw-fuzz --list";

struct Flags {
    targets: Vec<&'static Target>,
    seed: u64,
    /// The inputs for each target.
    runs: u64,
    /// The time for each target.
    time: Duration,
    /// Where to keep inputs that break a promise.
    keep: PathBuf,
    /// Only writes the seeds to this folder, for a fuzzer that mutates them itself.
    write_seeds: Option<PathBuf>,
}

fn main() -> ExitCode {
    if env::args().skip(1).eq(["--list"]) {
        for target in &TARGETS {
            println!("{}", target.name);
        }
        return ExitCode::SUCCESS;
    }
    let flags = match flags(env::args().skip(1)) {
        Ok(flags) => flags,
        Err(message) => {
            eprintln!("error: {message}\nhint: {USAGE}");
            return ExitCode::from(2);
        }
    };
    let mut failed = 0;
    for target in &flags.targets {
        match &flags.write_seeds {
            Some(folder) => {
                for seed in (target.seeds)() {
                    keep(folder, &seed);
                }
            }
            None => failed += fuzz(target, &flags),
        }
    }
    ExitCode::from(u8::from(failed > 0))
}

fn flags(mut words: impl Iterator<Item = String>) -> Result<Flags, String> {
    let name = words.next().ok_or("no target is named")?;
    let targets: Vec<_> = match &*name {
        "all" => TARGETS.iter().collect(),
        name => Target::find(name).into_iter().collect(),
    };
    if targets.is_empty() {
        let names: Vec<_> = TARGETS
            .iter()
            .map(|target| format!("`{}`", target.name))
            .collect();
        return Err(format!(
            "no target is called `{name}`, expected {}",
            names.join(", ")
        ));
    }
    let mut flags = Flags {
        targets,
        seed: 1,
        runs: u64::MAX,
        time: Duration::from_secs(60),
        keep: PathBuf::from("target/fuzz"),
        write_seeds: None,
    };
    while let Some(flag) = words.next() {
        let value = words
            .next()
            .ok_or_else(|| format!("`{flag}` has no value"))?;
        let number = || {
            let number = value.parse::<u64>();
            number.map_err(|_| format!("`{flag} {value}`, expected a whole number"))
        };
        match &*flag {
            "--seed" => flags.seed = number()?,
            "--runs" => flags.runs = number()?,
            "--seconds" => flags.time = Duration::from_secs(number()?),
            "--keep" => flags.keep = PathBuf::from(value),
            "--write-seeds" => flags.write_seeds = Some(PathBuf::from(value)),
            _ => return Err(format!("`{flag}` is unknown")),
        }
    }
    Ok(flags)
}

/// Returns how many inputs broke a promise.
fn fuzz(target: &'static Target, flags: &Flags) -> u64 {
    let mut seeds = (target.seeds)();
    match corpus::inputs(target.name) {
        Ok(inputs) => seeds.extend(inputs.into_iter().map(|(_, bytes)| bytes)),
        Err(error) => eprintln!(
            "warning: the corpus of `{}` cannot be read: {error}",
            target.name
        ),
    }
    let folder = flags.keep.join(target.name);
    let watched = folder.clone();
    let watch = Watch::start(Bounds::default(), move |input, what| {
        let path = keep(&watched, input);
        eprintln!(
            "error: {what}: `{}`\nhint: the input is kept there",
            path.display()
        );
        process::exit(1);
    });
    let mut random = Random::new(flags.seed);
    let (started, mut runs, mut failed, mut slowest) = (Instant::now(), 0, 0, Duration::ZERO);
    // The seeds themselves come first.
    let mut whole = seeds.clone().into_iter();
    while runs < flags.runs && started.elapsed() < flags.time {
        let input = whole.next().unwrap_or_else(|| mutate(&seeds, &mut random));
        watch.begin(&input);
        let began = Instant::now();
        if panic::catch_unwind(|| (target.run)(&input)).is_err() {
            failed += 1;
            eprintln!(
                "error: a promise is broken, see `{}`",
                keep(&folder, &input).display()
            );
        }
        slowest = slowest.max(began.elapsed());
        watch.end();
        runs += 1;
    }
    let took = started.elapsed();
    println!(
        "{}: {runs} inputs in {:.1} s from seed {}, {failed} failed; the slowest took {:.2} s, the process held {} MiB \
         at most",
        target.name,
        took.as_secs_f64(),
        flags.seed,
        slowest.as_secs_f64(),
        bounds::peak_bytes() >> 20
    );
    let outcomes = outcomes::take();
    if !outcomes.is_empty() {
        println!("{}: {outcomes}", target.name);
    }
    failed
}

/// Writes the input to a file that is named after its bytes.
fn keep(folder: &Path, input: &[u8]) -> PathBuf {
    let name = input.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let path = folder.join(format!("{name:016x}"));
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(&path, input));
    if let Err(error) = written {
        eprintln!("warning: `{}` cannot be written: {error}", path.display());
    }
    path
}
