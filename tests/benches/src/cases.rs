//! `cargo xtask test` with a thousand cases: what the harness adds to the time of the runs.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use fractalaw_measure::pairs::median;
use fractalaw_measure::program::Flags;
use fractalaw_measure::table::{Bar, Row, Table, Unit};

const CASES: usize = 1000;
const TIMES: usize = 5;

/// A thousand cases of `hello-world`, one after another, as a whole process. The reference is the time that the
/// same process spent in its runs, four for each case.
pub(crate) fn thousand_cases(flags: &Flags, table: &mut Table) -> Result<()> {
    let workspace = tempfile::tempdir()?;
    let tests = workspace.path().join("tests");
    let cases = tests.join("cases/hello-world");
    let guest = workspace.path().join("guests/hello-world");
    for folder in [&cases, &guest] {
        fs::create_dir_all(folder)?;
    }
    fs::copy("guests/hello-world/Cargo.toml", guest.join("Cargo.toml"))
        .context("the workspace is the current folder")?;
    for i in 0..CASES {
        fs::write(
            cases.join(format!("case-{i:04}.toml")),
            format!("about = \"generated\"\n\n[grants]\nargs = [\"{i}\"]\n"),
        )?;
    }
    let time_in_runs = workspace.path().join("time-in-runs");
    let test = |accept: bool| {
        let mut command = Command::new(&flags.xtask);
        command.args(["test", "hello-world"]);
        if accept {
            command.arg("--accept");
        }
        let output = command
            .args(["--", "--test-threads", "1", "--tests"])
            .arg(&tests)
            .arg("--time-in-runs")
            .arg(&time_in_runs)
            .output()
            .context("cannot start `cargo xtask test`")?;
        let said = String::from_utf8_lossy(&output.stdout);
        ensure!(
            said.ends_with(&format!("\n{CASES} passed, 0 failed\n")),
            "{said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        anyhow::Ok(())
    };
    test(true)?;
    let mut pairs = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let start = Instant::now();
        test(false)?;
        let whole = start.elapsed().as_secs_f64();
        let nanos = fs::read_to_string(&time_in_runs)?.parse()?;
        pairs.push((whole, Duration::from_nanos(nanos).as_secs_f64()));
    }
    let median = |of: fn(&(f64, f64)) -> f64| median(pairs.iter().map(of).collect());
    table.add(Row {
        name: format!("tests/{CASES} cases"),
        unit: Unit::Milliseconds,
        ours: median(|pair| pair.0) * 1e3,
        reference: median(|pair| pair.1) * 1e3,
        ratio: median(|pair| pair.0 / pair.1),
        bar: Some(Bar::AtMost(1.3)),
    });
    Ok(())
}
