//! What fuel and epochs cost in a short loop, without anything of this host: a case for Wasmtime.
//!
//! `loop_heads FILE.wat FOLDER` times the module's `scan`, and leaves the code in the folder: `objdump -d FOLDER/both.o` shows the
//! head of the loop. `host/WARM.md` has the figures.

use std::env;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use wasmtime::{Config, Engine, Instance, Module, Store};

const ROUNDS: i32 = 2_000_000;

/// The fastest of so many, because whatever else a machine does only makes it slower.
const TIMES: u32 = 300;

/// The ways, and whether there is fuel and whether there are epochs.
const WAYS: [(&str, bool, bool); 4] = [
    ("unmetered", false, false),
    ("fuel", true, false),
    ("epochs", false, true),
    ("both", true, true),
];

fn main() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [file, folder] = &args[..] else {
        bail!("expected a file of WebAssembly text, and a folder");
    };
    let module = wat::parse_file(file).with_context(|| format!("cannot read `{file}`"))?;
    let mut unmetered = None;
    for (way, fuel, epochs) in WAYS {
        let took = fastest(
            &module,
            fuel,
            epochs,
            &Path::new(folder).join(way).with_extension("o"),
        )
        .map_err(|error| anyhow!("{error:#}"))?;
        let unmetered = *unmetered.get_or_insert(took);
        println!(
            "{way:10} {:.3} ns for each round, {:.2} of unmetered",
            took.as_secs_f64() * 1e9 / f64::from(ROUNDS),
            took.as_secs_f64() / unmetered.as_secs_f64()
        );
    }
    Ok(())
}

fn fastest(module: &[u8], fuel: bool, epochs: bool, code: &Path) -> wasmtime::Result<Duration> {
    let mut config = Config::new();
    config.consume_fuel(fuel).epoch_interruption(epochs);
    let engine = Engine::new(&config)?;
    let module = Module::new(&engine, module)?;
    fs::write(code, module.serialize()?)?;
    let mut store = Store::new(&engine, ());
    if fuel {
        store.set_fuel(u64::MAX / 2)?;
    }
    if epochs {
        store.set_epoch_deadline(1);
    }
    let instance = Instance::new(&mut store, &module, &[])?;
    let scan = instance.get_typed_func::<i32, i32>(&mut store, "scan")?;
    let mut fastest = Duration::MAX;
    for _ in 0..TIMES {
        let start = Instant::now();
        scan.call(&mut store, ROUNDS)?;
        fastest = fastest.min(start.elapsed());
    }
    Ok(fastest)
}
