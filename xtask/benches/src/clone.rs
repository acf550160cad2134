//! What is compiled for `cargo xtask run hello-world` on a fresh clone, in seconds of processor time for each crate, beside
//! the part that is Wasmtime's.
//!
//! The three steps of the command run one after another in an empty target folder. Cargo starts each compiler through
//! this program ([`crate::noted`]), which notes the crate and the time. What a step took beyond that are cargo, build
//! scripts, and guests: those are compiled in an environment of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use fractalaw_measure::program::Flags;
use fractalaw_measure::table::{Bar, Row, Table, Unit};
use serde_json::Value;

use crate::noted::{self, Note};

/// What the command does on a fresh clone.
const STEPS: [(&str, &[&str]); 3] = [
    ("cargo xtask", &["build", "--locked", "--package", "xtask"]),
    ("the guest", &["xtask", "build-guests", "hello-world"]),
    (HOST, &["xtask", "run", "hello-world"]),
];

/// The step that compiles Wasmtime.
const HOST: &str = "the host";

/// The dependencies whose time is the reference, with all that they depend on.
const WASMTIME: [&str; 2] = ["wasmtime", "wasmtime-wasi"];

/// A package and its version.
type Package = (String, String);

/// One line of the table of crates.
struct Line {
    package: Package,
    step: &'static str,
    times: usize,
    seconds: f64,
    is_wasmtimes: bool,
}

/// Compiles everything once. It takes minutes, so it is only measured if it is asked for.
pub(crate) fn hello_world(_: &Flags, table: &mut Table) -> Result<()> {
    let wasmtimes = wasmtimes()?;
    let folder = tempfile::tempdir()?;
    let mut lines = Vec::new();
    for (step, arguments) in STEPS {
        lines.extend(measured(step, arguments, folder.path())?);
    }
    attribute(&mut lines, &wasmtimes);
    lines.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
    for line in &lines {
        let (name, version) = &line.package;
        let times = if line.times > 1 {
            format!(", {} times", line.times)
        } else {
            String::new()
        };
        let whose = if line.is_wasmtimes {
            "Wasmtime's"
        } else {
            "ours"
        };
        eprintln!(
            "  {:7.2} s  {whose:10}  {}: {name} {version}{times}",
            line.seconds, line.step
        );
    }
    let sum = |of: &dyn Fn(&Line) -> bool| {
        lines
            .iter()
            .filter(|line| of(line))
            .map(|line| line.seconds)
            .sum::<f64>()
    };
    let reference = sum(&|line| line.is_wasmtimes);
    let mut add = |name: String, ours: f64, bar: Option<Bar>| {
        table.add(Row {
            name,
            unit: Unit::Seconds,
            ours,
            reference,
            ratio: ours / reference,
            bar,
        });
    };
    add(
        "clone/hello-world, for Wasmtime's part".to_owned(),
        sum(&|_| true),
        Some(Bar::AtMost(1.1)),
    );
    for (step, _) in STEPS {
        let ours = sum(&|line| line.step == step && !line.is_wasmtimes);
        add(format!("clone/hello-world: ours in {step}"), ours, None);
    }
    Ok(())
}

/// Tells Wasmtime's packages from ours. What is compiled for `cargo xtask` and once more for the host is ours the first time.
/// What is compiled once for both is Wasmtime's, because Wasmtime would be compiled with it anyway.
fn attribute(lines: &mut [Line], wasmtimes: &BTreeSet<Package>) {
    let of_host: BTreeSet<Package> = lines
        .iter()
        .filter(|line| line.step == HOST)
        .map(|line| line.package.clone())
        .collect();
    for line in lines {
        line.is_wasmtimes = wasmtimes.contains(&line.package)
            && (line.step == HOST || !of_host.contains(&line.package));
    }
}

/// What a step compiled, and on a line of its own what else it did.
fn measured(step: &'static str, arguments: &[&str], folder: &Path) -> Result<Vec<Line>> {
    let notes = folder.join("notes");
    let before = noted::children_seconds()?;
    let status = Command::new("cargo")
        .args(arguments)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .env_remove("CARGO_BUILD_BUILD_DIR")
        .envs(noted::environment(&env::current_exe()?, &notes))
        .stdout(std::io::stderr())
        .status()
        .context("cannot start cargo")?;
    ensure!(
        status.success(),
        "`cargo {}` ended with {status}",
        arguments.join(" ")
    );
    let whole = noted::children_seconds()? - before;
    let mut packages: BTreeMap<Package, (usize, f64)> = BTreeMap::new();
    for note in noted::take(&notes)? {
        let Note { package, seconds } = note;
        let (times, sum) = packages.entry(package).or_default();
        (*times, *sum) = (*times + 1, *sum + seconds);
    }
    let compiled: f64 = packages.values().map(|(_, seconds)| seconds).sum();
    let mut lines: Vec<_> = packages
        .into_iter()
        .map(|(package, (times, seconds))| Line {
            is_wasmtimes: false,
            package,
            step,
            times,
            seconds,
        })
        .collect();
    lines.push(Line {
        package: ("everything else".to_owned(), String::new()),
        step,
        times: 1,
        seconds: whole - compiled,
        is_wasmtimes: false,
    });
    Ok(lines)
}

/// Wasmtime's packages and all that they depend on, also in build scripts.
fn wasmtimes() -> Result<BTreeSet<Package>> {
    let output = Command::new("cargo")
        .args(["metadata", "--locked", "--format-version", "1"])
        .output()
        .context("cannot start `cargo metadata`")?;
    ensure!(
        output.status.success(),
        "`cargo metadata` ended with {}",
        output.status
    );
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let packages: BTreeMap<String, Package> = list(&metadata["packages"])
        .iter()
        .map(|package| {
            (
                text(&package["id"]),
                (text(&package["name"]), text(&package["version"])),
            )
        })
        .collect();
    let mut needs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for node in list(&metadata["resolve"]["nodes"]) {
        let is_needed = |dependency: &&Value| {
            list(&dependency["dep_kinds"])
                .iter()
                .any(|kind| kind["kind"] != "dev")
        };
        let dependencies = list(&node["deps"]);
        let dependencies = dependencies
            .iter()
            .filter(is_needed)
            .map(|dependency| text(&dependency["pkg"]));
        needs.insert(text(&node["id"]), dependencies.collect());
    }
    let mut left: Vec<&String> = packages
        .iter()
        .filter(|(_, (name, _))| WASMTIME.contains(&&**name))
        .map(|(id, _)| id)
        .collect();
    let mut found = BTreeSet::new();
    while let Some(id) = left.pop() {
        if found.insert(packages[id].clone()) {
            left.extend(needs.get(id).into_iter().flatten());
        }
    }
    Ok(found)
}
