//! `cargo xtask test`: what the harness adds to the time of the runs of a thousand cases, and how long a case takes if nothing is
//! stale.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use fractalaw_measure::pairs::median;
use fractalaw_measure::program::Flags;
use fractalaw_measure::table::{Bar, Row, Table, Unit};
use tempfile::TempDir;

const CASES: usize = 1000;
const TIMES: usize = 5;

/// How long `cargo xtask test` of a guest may take beyond the guest's own compiler.
const BEYOND_THE_COMPILER_MS: f64 = 2000.0;

/// A workspace of generated cases of `hello-world`, whose snapshots are accepted.
struct Generated<'a> {
    flags: &'a Flags,
    cases: usize,
    tests: PathBuf,
    time_in_runs: PathBuf,
    _workspace: TempDir,
}

impl Generated<'_> {
    fn new(flags: &Flags, cases: usize) -> Result<Generated<'_>> {
        let workspace = tempfile::tempdir()?;
        let tests = workspace.path().join("tests");
        let folder = tests.join("cases/hello-world");
        let guest = workspace.path().join("guests/hello-world");
        for folder in [&folder, &guest] {
            fs::create_dir_all(folder)?;
        }
        fs::copy("guests/hello-world/Cargo.toml", guest.join("Cargo.toml"))
            .context("the workspace is the current folder")?;
        for i in 0..cases {
            fs::write(
                folder.join(format!("case-{i:04}.toml")),
                format!("about = \"generated\"\n\n[grants]\nargs = [\"{i}\"]\n"),
            )?;
        }
        let generated = Generated {
            flags,
            cases,
            tests,
            time_in_runs: workspace.path().join("time-in-runs"),
            _workspace: workspace,
        };
        generated.test(&["--accept"])?;
        Ok(generated)
    }

    /// `cargo xtask test hello-world` as a process. Returns its seconds.
    fn test(&self, options: &[&str]) -> Result<f64> {
        let start = Instant::now();
        let output = Command::new(&self.flags.xtask)
            .args(["test", "hello-world"])
            .args(options)
            .args(["--", "--test-threads", "1", "--tests"])
            .arg(&self.tests)
            .arg("--time-in-runs")
            .arg(&self.time_in_runs)
            .output()
            .context("cannot start `cargo xtask test`")?;
        let took = start.elapsed().as_secs_f64();
        let said = String::from_utf8_lossy(&output.stdout);
        ensure!(
            said.ends_with(&format!("\n{} passed, 0 failed\n", self.cases)),
            "{said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(took)
    }
}

/// A thousand cases, one after another. The reference is the time that the same process spent in its runs, four for each
/// case.
pub(crate) fn thousand_cases(flags: &Flags, table: &mut Table) -> Result<()> {
    let generated = Generated::new(flags, CASES)?;
    let mut pairs = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let whole = generated.test(&[])?;
        let nanos = fs::read_to_string(&generated.time_in_runs)?.parse()?;
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

/// One case when nothing is stale: what `cargo xtask test` takes beyond the guest's compiler. If the guest has changed,
/// Cranelift compiles its component too.
pub(crate) fn one_case(flags: &Flags, table: &mut Table) -> Result<()> {
    let generated = Generated::new(flags, 1)?;
    let times: Result<Vec<f64>> = (0..TIMES).map(|_| generated.test(&[])).collect();
    let ours = median(times?) * 1e3;
    table.add(Row {
        name: "tests/one case, nothing stale".to_owned(),
        unit: Unit::Milliseconds,
        ours,
        reference: BEYOND_THE_COMPILER_MS,
        ratio: ours / BEYOND_THE_COMPILER_MS,
        bar: Some(Bar::AtMost(1.0)),
    });
    Ok(())
}
