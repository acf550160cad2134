//! The warm path: everything is loaded, and the time of one more run counts.

use std::fs;
use std::hint::black_box;

use anyhow::{Result, anyhow};
use fractalaw_host::{Host, Run};
use tokio::runtime::Builder;
use wasmtime_wasi::WasiCtx;

use crate::raw::{Metering, Raw};
use fractalaw_measure::pairs;
use fractalaw_measure::program::Flags;
use fractalaw_measure::table::{Bar, Row, Table, Unit};

/// The runs of one batch: enough for the clock, and few enough for many pairs.
const BATCH: u32 = 500;
const BATCHES: usize = 60;

/// The raw loop is what Wasmtime alone takes. A run of `hello-world` should take 1.15 of it, and a component without imports 1.05, because it has
/// no audit log, ledger or trace.
const HELLO_WORLD: Bar = Bar::AtMost(1.15);
const NO_IMPORTS: Bar = Bar::AtMost(1.05);

/// An author who can do without the standard library should get 5 µs where the raw loop of `hello-world` takes 6.4 µs.
const LEAN_FOR_HELLO_WORLD: Bar = Bar::AtMost(5.0 / 6.4);

/// `hello-world`: a report with an audit entry, beside an instance without one.
pub(crate) fn hello_world(flags: &Flags, table: &mut Table) -> Result<()> {
    let component = fs::read(flags.guests.join("hello-world.wasm"))?;
    let name = "warm/hello-world";
    measure(name, &component, &component, Some(HELLO_WORLD), table)
}

/// The same without the standard library, beside itself in raw Wasmtime, and beside `hello-world` there.
pub(crate) fn hello_lean(flags: &Flags, table: &mut Table) -> Result<()> {
    let component = fs::read(flags.guests.join("hello-lean.wasm"))?;
    measure("warm/hello-lean", &component, &component, None, table)?;
    let usual = fs::read(flags.guests.join("hello-world.wasm"))?;
    let name = "warm/hello-lean, beside raw hello-world";
    measure(name, &component, &usual, Some(LEAN_FOR_HELLO_WORLD), table)
}

/// A component without imports, of a few hundred bytes: what the host adds to the least that is possible.
pub(crate) fn no_imports(_: &Flags, table: &mut Table) -> Result<()> {
    let text = include_str!("../../../tests/fixtures/malformed/whole.wat");
    let component = wat::parse_str(text)?;
    let name = "warm/no-imports";
    measure(name, &component, &component, Some(NO_IMPORTS), table)
}

/// Our runs of a component, beside raw runs of it or of another one.
fn measure(
    name: &str,
    component: &[u8],
    raw: &[u8],
    bar: Option<Bar>,
    table: &mut Table,
) -> Result<()> {
    let runtime = Builder::new_current_thread().enable_time().build()?;
    let raw = Raw::new(raw, 64, Metering::BOTH).map_err(|error| anyhow!("{error:#}"))?;
    let host = Host::builder().build()?;
    let (app, run) = (host.load(component)?, Run::new());
    let pair = pairs::measure(
        BATCHES,
        || {
            runtime.block_on(async {
                for _ in 0..BATCH {
                    black_box(host.run(&app, &run).await.expect("it ran before"));
                }
            });
            BATCH
        },
        || {
            runtime.block_on(async {
                for _ in 0..BATCH {
                    let returned = raw.run(WasiCtx::builder().build()).await;
                    let (text,) = returned.expect("it ran before");
                    black_box(text).expect("it ran before");
                }
            });
            BATCH
        },
    );
    table.add(Row {
        name: name.to_owned(),
        unit: Unit::Microseconds,
        ours: pair.ours.as_secs_f64() * 1e6,
        reference: pair.reference.as_secs_f64() * 1e6,
        ratio: pair.ratio,
        bar,
    });
    Ok(())
}
