//! Nanoseconds for a unit of fuel, for each kind of host call: with its price, and with the guest's own part
//! alone.

use std::fs;

use anyhow::{Context, Result, ensure};
use fractalaw_host::{DirGrant, Host, Run};

use crate::fuel_time;
use fractalaw_measure::program::Flags;
use fractalaw_measure::table::{Bar, Row, Table, Unit};

/// The smallest of this many measurements counts.
const TIMES: usize = 15;

/// The files in the folder that is listed.
const MANY: usize = 2_000;

/// What the guest `host-calls` is told to call, and how often.
const CALLS: [(&str, u32); 25] = [
    ("record-event, smallest", 5_000),
    ("record-event, 400 bytes", 5_000),
    ("record-event, 32 KiB", 100),
    ("get-arguments", 2_000),
    ("get-stdout and drop", 5_000),
    ("check-write", 10_000),
    ("write, 1 byte", 5_000),
    ("write, 4 KiB", 2_000),
    ("subscribe, ready and drop", 3_000),
    ("poll, 16 streams", 1_000),
    ("monotonic-clock.now", 10_000),
    ("wall-clock.now", 10_000),
    ("get-random-u64", 10_000),
    ("get-random-bytes, 4 KiB", 500),
    ("get-insecure-random-u64", 10_000),
    ("stat-at", 300),
    ("open-at and drop", 300),
    ("read-directory and drop", 300),
    ("read-directory of many and drop", 20),
    ("get-type", 300),
    ("read, 4 KiB of a file", 300),
    ("write, 4 KiB to a file", 300),
    ("read, 4 KiB of a file's stream", 300),
    ("write, 1 byte to each block of a file", 300),
    ("is-same-object", 300),
];

/// Ours are the prices, the reference is what the guest alone is charged, and the ratio compares ours with the
/// median instruction.
pub(crate) fn host_calls(flags: &Flags, table: &mut Table) -> Result<()> {
    let middle = fuel_time::median_instruction()?;
    let host = Host::builder().slots(1).build()?;
    let app = host.load_file(flags.guests.join("host-calls.wasm"))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("file"), [b'x'; 4096]).context("cannot write a file")?;
    let many = folder.path().join("many");
    fs::create_dir(&many).context("cannot make a folder")?;
    for number in 0..MANY {
        let name = format!("a-file-with-a-name-of-a-usual-length-{number:06}.txt");
        fs::write(many.join(name), "").context("cannot write a file")?;
    }
    for (name, times) in CALLS {
        let run = Run::new().arg(name).arg(times.to_string()).dir(DirGrant {
            host: folder.path().to_owned(),
            guest: "/".to_owned(),
            writable: true,
        });
        let mut best = [f64::INFINITY; 2];
        for _ in 0..TIMES {
            let report = runtime.block_on(host.run(&app, &run))?;
            ensure!(
                report.outcome.kind() == "completed",
                "`{name}`: {}",
                report.outcome
            );
            #[expect(clippy::cast_precision_loss, reason = "far below what a float holds")]
            let each = |fuel: u64| report.durations.run.as_nanos() as f64 / fuel as f64;
            best[0] = best[0].min(each(report.fuel.consumed()));
            best[1] = best[1].min(each(report.fuel.guest));
        }
        table.add(Row {
            name: format!("fuel/host call: {name}"),
            unit: Unit::NanosecondsPerFuel,
            ours: best[0],
            reference: best[1],
            ratio: best[0] / middle,
            bar: Some(Bar::AtMost(4.0)),
        });
    }
    Ok(())
}
