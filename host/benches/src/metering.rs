//! What metering costs: three kernels, unmetered, with fuel, with epochs, with both, and native.

use std::fs;
use std::hint::black_box;

use anyhow::{Result, anyhow};
use tokio::runtime::Builder;
use wasmtime_wasi::WasiCtx;

use crate::raw::{Metering, Raw};
use fractalaw_measure::pairs;
use fractalaw_measure::program::Flags;
use fractalaw_measure::table::{Bar, Row, Table, Unit};

#[path = "../../../guests/kernels/src/work.rs"]
mod work;

const BATCHES: usize = 30;

/// What both may take of the time without metering, as the host sets them.
const BOTH: Bar = Bar::AtMost(1.25);

const NONE: Metering = Metering {
    fuel: false,
    epochs: false,
    inlining: false,
};

const WAYS: [(&str, Metering); 5] = [
    ("fuel", Metering { fuel: true, ..NONE }),
    (
        "epochs",
        Metering {
            epochs: true,
            ..NONE
        },
    ),
    (
        "fuel and epochs",
        Metering {
            fuel: true,
            epochs: true,
            ..NONE
        },
    ),
    (
        "inlining",
        Metering {
            inlining: true,
            ..NONE
        },
    ),
    (
        "inlining, fuel and epochs",
        Metering {
            fuel: true,
            epochs: true,
            inlining: true,
        },
    ),
];

/// Each way beside the unmetered kernel, and the unmetered kernel beside the native one.
pub(crate) fn kernels(flags: &Flags, table: &mut Table) -> Result<()> {
    let component = fs::read(flags.guests.join("kernels.wasm"))?;
    let runtime = Builder::new_current_thread().enable_time().build()?;
    let raw = |metering| Raw::new(&component, 1, metering).map_err(|error| anyhow!("{error:#}"));
    let unmetered = raw(NONE)?;
    let metered: Vec<_> = WAYS
        .iter()
        .map(|(way, metering)| Ok((*way, *metering, raw(*metering)?)))
        .collect::<Result<_>>()?;
    for (name, native) in work::KERNELS {
        let run = |raw: &Raw| {
            let wasi = WasiCtx::builder().args(&["kernels", name]).build();
            let (returned,) = runtime.block_on(raw.run(wasi)).expect("it runs");
            assert_eq!(returned.as_deref(), Ok(&*native()));
        };
        run(&unmetered);
        let once = |raw: &Raw| {
            let wasi = WasiCtx::builder().args(&["kernels", name]).build();
            black_box(runtime.block_on(raw.run(wasi)))
                .expect("it ran before")
                .0
                .expect("it too");
            1
        };
        let mut add = |way: &str, bar: Option<Bar>, pair: pairs::Pair| {
            table.add(Row {
                name: format!("metering/{name}: {way}"),
                unit: Unit::Milliseconds,
                ours: pair.ours.as_secs_f64() * 1e3,
                reference: pair.reference.as_secs_f64() * 1e3,
                ratio: pair.ratio,
                bar,
            });
        };
        for (way, metering, raw) in &metered {
            add(
                &format!("{way}, for unmetered"),
                (*metering == Metering::BOTH).then_some(BOTH),
                pairs::measure(BATCHES, || once(raw), || once(&unmetered)),
            );
        }
        let native = || {
            black_box(native());
            1
        };
        add(
            "unmetered, for native",
            None,
            pairs::measure(BATCHES, || once(&unmetered), native),
        );
    }
    Ok(())
}
