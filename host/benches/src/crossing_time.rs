//! Nanoseconds for a unit of fuel of texts that cross between the parts of a composed component, for each pair of
//! encodings: with the price of what crosses, and with the caller's own instructions alone.

use anyhow::{Result, ensure};
use fractalaw_host::{Host, Run, Tier};
use fractalaw_measure::program::Flags;
use fractalaw_measure::table::{Bar, Row, Table, Unit};

use crate::fuel_time;

/// The component of the host's own tests.
const COMPONENT: &str = include_str!("../../tests/components/two-parts.wat");

/// The smallest of this many measurements counts.
const TIMES: usize = 9;

/// The code units of a text. All of them together are larger than a processor's caches near its core.
const UNITS: u32 = 400_000;

/// The texts of one run.
const TEXTS: u32 = 100;

/// How the caller and the part encode texts, and the byte that the texts are made of: ASCII, or what takes most room in
/// the other encoding.
const CROSSINGS: [(&str, &str, u8); 8] = [
    ("utf8", "utf8", 0x61),
    ("utf8", "utf16", 0x61),
    ("utf8", "latin1+utf16", 0x61),
    ("utf16", "utf16", 0x61),
    ("utf16", "utf8", 0xe9),
    ("utf16", "latin1+utf16", 0xe9),
    ("latin1+utf16", "utf8", 0xe9),
    ("latin1+utf16", "utf16", 0xe9),
];

/// Ours has the price, the reference is the same time for what the instructions alone are charged, and the ratio compares
/// ours with the median instruction.
pub(crate) fn crossings(_: &Flags, table: &mut Table) -> Result<()> {
    let middle = fuel_time::median_instruction()?;
    let host = Host::builder().slots(1).build()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let run = Run::new().tier(Tier::Heavy);
    for (from, to, byte) in CROSSINGS {
        let measure = |call: &str| -> Result<(f64, f64)> {
            let app = host.load(&component(from, to, byte, call)?)?;
            let (mut nanoseconds, mut fuel) = (f64::INFINITY, 0.0);
            for _ in 0..TIMES {
                let report = runtime.block_on(host.run(&app, &run))?;
                let kind = report.outcome.kind();
                ensure!(kind == "completed", "`{call}`: {}", report.outcome);
                #[expect(clippy::cast_precision_loss, reason = "far below what a float holds")]
                let (took, paid) = (
                    report.durations.run.as_nanos() as f64,
                    report.fuel.consumed() as f64,
                );
                (nanoseconds, fuel) = (took.min(nanoseconds), paid);
            }
            Ok((nanoseconds, fuel))
        };
        let (without, own) = measure("(call $nothing)")?;
        let (with, all) = measure(&format!(
            "(call $take (i32.const 65536) (i32.const {UNITS}))"
        ))?;
        // Both runs make the memories and fill them.
        let (crossing, paid) = (with - without, all - own);
        table.add(Row {
            name: format!("fuel/crossing: {from} to {to}, of {byte:#x}"),
            unit: Unit::NanosecondsPerFuel,
            ours: crossing / paid,
            reference: with / own,
            ratio: crossing / paid / middle,
            bar: Some(Bar::AtMost(4.0)),
        });
    }
    Ok(())
}

/// The component, whose caller makes the call for each text.
fn component(from: &str, to: &str, byte: u8, call: &str) -> Result<Vec<u8>> {
    let calls = format!(
        "(local $left i32) (local.set $left (i32.const {TEXTS}))
         (loop $again {call}
             (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))"
    );
    let text = COMPONENT
        .replace("{from}", from)
        .replace("{to}", to)
        .replace("{byte}", &byte.to_string())
        .replace("{run}", &calls);
    Ok(wat::parse_str(text)?)
}
