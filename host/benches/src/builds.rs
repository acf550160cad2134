//! Building guests when there is nothing to build: what a check of freshness costs.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::Flags;
use crate::pairs;
use crate::table::{Bar, Row, Table, Unit};

fn spawn(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("cannot start {command:?}"))?;
    let message = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{command:?} ended with {}\n{message}",
        output.status
    );
    Ok(())
}

/// `build-guests` of all guests, all fresh, beside one bare `cargo build` of them, all fresh too.
pub(crate) fn no_op(flags: &Flags, table: &mut Table) -> Result<()> {
    let ours = || {
        let mut command = Command::new(&flags.xtask);
        command.arg("build-guests");
        command
    };
    let mut guests = Vec::new();
    for entry in fs::read_dir("guests").context("the workspace is the current folder")? {
        guests.push("-p".into());
        guests.push(entry?.file_name());
    }
    let bare = || {
        let mut command = Command::new("cargo");
        command
            .args([
                "build",
                "--offline",
                "--target",
                "wasm32-wasip2",
                "--profile",
                "guest",
            ])
            .args(&guests)
            .env("CARGO_TARGET_DIR", flags.records.join("bare"));
        command
    };
    // The first time there is something to build.
    spawn(&mut ours())?;
    spawn(&mut bare())?;
    let pair = pairs::measure(
        30,
        || spawn(&mut ours()).map(|()| 1).expect("it ran before"),
        || spawn(&mut bare()).map(|()| 1).expect("it ran before"),
    );
    table.add(Row {
        name: format!("builds/no-op, {} guests", guests.len() / 2),
        unit: Unit::Milliseconds,
        ours: pair.ours.as_secs_f64() * 1e3,
        reference: pair.reference.as_secs_f64() * 1e3,
        ratio: pair.ratio,
        bar: Some(Bar::AtMost(1.5)),
    });
    Ok(())
}
