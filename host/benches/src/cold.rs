//! The cold path: a whole process, from its start to its report, with its compiled code in the cache.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use fractalaw_measure::pairs;
use fractalaw_measure::program::Flags;
use fractalaw_measure::table::{Bar, Row, Table, Unit};

/// How long a large component may take from process start to report.
const BOUND_MS: f64 = 25.0;

/// The functions of the generated component, which has more than 10 MB.
const LARGE_FUNCTIONS: usize = 14_500;

fn spawn(command: &mut Command) -> Result<()> {
    let status = silent(command).status();
    let status = status.with_context(|| format!("cannot start {command:?}"))?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(())
}

fn silent(command: &mut Command) -> &mut Command {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
}

fn ours(flags: &Flags, component: &Path) -> Command {
    let mut command = Command::new(&flags.fractalaw);
    command
        .arg("run")
        .arg(component)
        .arg("--cache")
        .arg(flags.records.join("code"));
    command
}

/// A component that imports only WASI, beside Wasmtime's own command line.
pub(crate) fn small(flags: &Flags, table: &mut Table) -> Result<()> {
    let Some(wasmtime) = &flags.wasmtime else {
        eprintln!("  left out: no `wasmtime` binary of the same version");
        eprintln!("  hint: run `cargo install wasmtime-cli --version 48.0.8 --locked`");
        return Ok(());
    };
    let component = flags.guests.join("wasi-only.wasm");
    let theirs = || {
        let mut command = Command::new(wasmtime);
        command
            .args(["run", "-C", "cache=y", "--invoke", "run()"])
            .arg(&component);
        command
    };
    // Fills both caches, and shows that both programs work.
    spawn(&mut ours(flags, &component))?;
    spawn(&mut theirs())?;
    let pair = pairs::measure(
        60,
        || {
            spawn(&mut ours(flags, &component))
                .map(|()| 1)
                .expect("it ran before")
        },
        || spawn(&mut theirs()).map(|()| 1).expect("it ran before"),
    );
    table.add(Row {
        name: "cold/small".to_owned(),
        unit: Unit::Milliseconds,
        ours: pair.ours.as_secs_f64() * 1e3,
        reference: pair.reference.as_secs_f64() * 1e3,
        ratio: pair.ratio,
        bar: Some(Bar::AtMost(0.5)),
    });
    Ok(())
}

/// A component of more than 10 MB, beside the 25 ms that it may take.
pub(crate) fn large(flags: &Flags, table: &mut Table) -> Result<()> {
    let component = flags.records.join("large.wasm");
    fs::create_dir_all(&flags.records)?;
    fs::write(&component, wat::parse_str(large_component())?)?;
    spawn(&mut ours(flags, &component))?;
    let mut once = || {
        spawn(&mut ours(flags, &component))
            .map(|()| 1)
            .expect("it ran before")
    };
    let pair = pairs::measure(20, &mut once, || 1);
    let megabytes = fs::metadata(&component)?.len() / 1_000_000;
    against_bound(table, format!("cold/large, {megabytes} MB"), pair.ours);
    Ok(())
}

fn against_bound(table: &mut Table, name: String, ours: Duration) {
    let ours = ours.as_secs_f64() * 1e3;
    table.add(Row {
        name,
        unit: Unit::Milliseconds,
        ours,
        reference: BOUND_MS,
        ratio: ours / BOUND_MS,
        bar: Some(Bar::AtMost(1.0)),
    });
}

/// Guests in other languages, whose engines are part of their components, beside the 25 ms that they may take.
pub(crate) fn languages(flags: &Flags, table: &mut Table) -> Result<()> {
    // What they end with does not matter here: each is loaded, run, and reported.
    for guest in ["uncaught-javascript", "uncaught-python"] {
        let component = flags.guests.join(guest).with_extension("wasm");
        let Ok(metadata) = fs::metadata(&component) else {
            eprintln!("  left out: `{guest}` was not built");
            continue;
        };
        let once = || -> Result<()> {
            let status = silent(&mut ours(flags, &component)).status()?;
            ensure!(status.code() != Some(10), "the host failed on `{guest}`");
            Ok(())
        };
        once()?;
        let pair = pairs::measure(20, || once().map(|()| 1).expect("it ran before"), || 1);
        #[expect(clippy::cast_precision_loss, reason = "far below what a float holds")]
        let megabytes = metadata.len() as f64 / 1e6;
        against_bound(table, format!("cold/{guest}, {megabytes:.1} MB"), pair.ours);
    }
    Ok(())
}

/// Many functions of arithmetic that no compiler removes, in a table as in a large program. None is called.
fn large_component() -> String {
    let mut functions = String::new();
    let mut names = String::new();
    for i in 0..LARGE_FUNCTIONS {
        functions += &format!("(func $f{i} (param i64) (result i64) local.get 0\n");
        for step in 0..80 {
            let factor = i * 131 + step * 7 + 1_000_000;
            functions += &format!("i64.const {factor} i64.mul local.get 0 i64.xor\n");
        }
        functions += ")\n";
        names += &format!("$f{i} ");
    }
    functions += &format!("(table {LARGE_FUNCTIONS} funcref) (elem (i32.const 0) func {names})");
    let whole = include_str!("../../../tests/fixtures/malformed/whole.wat");
    whole.replacen(
        "(func (export \"run\")",
        &format!("{functions}(func (export \"run\")"),
        1,
    )
}
