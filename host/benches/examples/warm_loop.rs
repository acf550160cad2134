//! Runs a component again and again, so that a profiler can count what one warm run costs.
//!
//! `warm_loop ours|raw|empty COMPONENT RUNS`: with our report, as raw Wasmtime runs it, or only what is before the loop.
//! `host/WARM.md` has the commands, and the table that they gave.

#[path = "../src/raw.rs"]
mod raw;

use std::env;
use std::fs;
use std::hint::black_box;

use anyhow::{Context, Result, anyhow, bail};
use fractalaw_host::{Host, Run};
use raw::{Metering, Raw};
use tokio::runtime::Builder;
use wasmtime_wasi::WasiCtx;

fn main() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [way, component, runs] = &args[..] else {
        bail!("expected `ours`, `raw` or `empty`, a component, and the number of runs");
    };
    let component = fs::read(component).with_context(|| format!("cannot read `{component}`"))?;
    let runs: u32 = runs.parse().context("the runs are not a number")?;
    let runtime = Builder::new_current_thread().enable_time().build()?;
    match &**way {
        "ours" => {
            let host = Host::builder().slots(1).build()?;
            let (app, run) = (host.load(&component)?, Run::new());
            runtime.block_on(async {
                for _ in 0..runs {
                    black_box(host.run(&app, &run).await?);
                }
                Ok(())
            })
        }
        "raw" => {
            let raw =
                Raw::new(&component, 1, Metering::BOTH).map_err(|error| anyhow!("{error:#}"))?;
            runtime.block_on(async {
                for _ in 0..runs {
                    let returned = raw.run(WasiCtx::builder().build()).await;
                    let (returned,) = returned.map_err(|error| anyhow!("{error:#}"))?;
                    black_box(returned).map_err(|error| anyhow!("{error}"))?;
                }
                Ok(())
            })
        }
        "empty" => Ok(()),
        other => bail!("`{other}` is no way to run it, expected `ours`, `raw` or `empty`"),
    }
}
