//! `cargo xtask fuzz`: libFuzzer over the targets in `host/fuzz/` where a nightly toolchain and `cargo-fuzz` are
//! installed; elsewhere, mutations of the same seeds over the same targets.

use std::fs;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};

use crate::fault::{FAILED, Fault, USAGE, list, nearest};
use crate::flags;
use crate::project::Project;
use crate::workspace_cargo::{HOST, cargo, shell, step};

/// As `host/fuzz/src/target.rs` has them; a test of this file compares.
const TARGETS: [&str; 7] = [
    "component",
    "smith",
    "manifest",
    "policy",
    "values",
    "text",
    "ledger",
];

/// The command. It ends with 0 if no input broke a promise.
pub(crate) fn run(project: &Project, flags: &flags::Fuzz) -> Result<ExitCode> {
    let targets: Vec<&str> = TARGETS
        .into_iter()
        .filter(|name| flags.target == "all" || flags.target == *name)
        .collect();
    if targets.is_empty() {
        let near = nearest(&flags.target, TARGETS);
        let near = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
        let message = format!("no target is called `{}`", flags.target);
        let hint = format!("{near}targets: {}", list(TARGETS));
        return Err(Fault::new(USAGE, message).hint(hint).into());
    }
    if flags.stable {
        return mutate(project, flags);
    }
    match missing(project) {
        None => libfuzzer(project, flags, &targets),
        Some((what, hint)) => {
            eprintln!(
                "note: {what}, so seeds are mutated without looking at what the code does with them"
            );
            eprintln!("hint: {hint}");
            mutate(project, flags)
        }
    }
}

/// What libFuzzer needs and is not there, and how to get it.
fn missing(project: &Project) -> Option<(&'static str, &'static str)> {
    let works = |arguments: &[&str]| {
        let status = Command::new("cargo")
            .args(arguments)
            .current_dir(&project.root)
            .env_remove("RUSTUP_TOOLCHAIN")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        status.is_ok_and(|status| status.success())
    };
    if !works(&["+nightly", "--version"]) {
        return Some((
            "there is no nightly toolchain",
            "`rustup toolchain install nightly --profile minimal`, then `cargo install cargo-fuzz`",
        ));
    }
    if !works(&["fuzz", "--version"]) {
        return Some((
            "`cargo-fuzz` is not installed",
            "`cargo install cargo-fuzz`",
        ));
    }
    None
}

fn mutate(project: &Project, flags: &flags::Fuzz) -> Result<ExitCode> {
    let shell = shell(project)?;
    let build = cargo(&shell, "build").args(HOST).arg("--quiet");
    step(
        "build of the targets",
        "correct what the compiler names",
        build.args(["--bin", "fractalaw-fuzz"]),
    )?;
    let mut fuzz = Command::new(project.target.join("debug").join("fractalaw-fuzz"));
    fuzz.current_dir(&project.root)
        .arg(&flags.target)
        .args(["--seed", &flags.seed.to_string()])
        .args(["--seconds", &flags.time.to_string()])
        .arg("--keep")
        .arg(project.target.join("fuzz"));
    if let Some(runs) = flags.runs {
        fuzz.args(["--runs", &runs.to_string()]);
    }
    let status = fuzz.status().context("cannot start `fractalaw-fuzz`")?;
    end(status.success(), project)
}

fn libfuzzer(project: &Project, flags: &flags::Fuzz, targets: &[&str]) -> Result<ExitCode> {
    let programs = project.root.join("host/fuzz/libfuzzer");
    // The host that is looked at is the one that is tested: with the same dependencies.
    fs::copy(project.root.join("Cargo.lock"), programs.join("Cargo.lock"))
        .with_context(|| format!("cannot write into `{}`", programs.display()))?;
    let mut good = true;
    for target in targets {
        let own = project.target.join("fuzz").join(target);
        let found = own.join("corpus");
        fs::create_dir_all(&found).with_context(|| format!("cannot make `{}`", found.display()))?;
        let mut fuzz = Command::new("cargo");
        fuzz.args([
            "+nightly",
            "fuzz",
            "run",
            "--fuzz-dir",
            "host/fuzz/libfuzzer",
            target,
        ])
        .arg(&found)
        .arg(project.root.join("host/fuzz/corpus").join(target))
        .arg("--")
        .arg(format!("-max_total_time={}", flags.time))
        .args(["-timeout=60", "-rss_limit_mb=4096"])
        .arg(format!("-artifact_prefix={}/", own.display()))
        .current_dir(&project.root)
        .env("CARGO_TARGET_DIR", project.target.join("fuzz/build"))
        .env_remove("RUSTUP_TOOLCHAIN");
        if let Some(runs) = flags.runs {
            fuzz.arg(format!("-runs={runs}"));
        }
        good &= fuzz
            .status()
            .context("cannot start `cargo fuzz`")?
            .success();
    }
    end(good, project)
}

fn end(good: bool, project: &Project) -> Result<ExitCode> {
    if good {
        return Ok(ExitCode::SUCCESS);
    }
    let kept = project.target.join("fuzz");
    let hint = format!(
        "inputs are kept below `{}`: mend the host, and move them to `host/fuzz/corpus/`, whose tests keep it so",
        project.relative(&kept).display()
    );
    Err(Fault::new(FAILED, "an input broke a promise of the host")
        .hint(hint)
        .into())
}

#[cfg(test)]
mod tests {
    use super::TARGETS;

    #[test]
    fn every_target_of_the_table_is_known_here_and_has_its_program() {
        let table = include_str!("../../host/fuzz/src/target.rs");
        let programs = include_str!("../../host/fuzz/libfuzzer/Cargo.toml");
        let named = |text: &str| -> Vec<String> {
            let names = text.lines().filter_map(|line| {
                let name = line.trim().strip_prefix("name")?.trim_start();
                let name = name.strip_prefix([':', '='])?.trim().strip_prefix('"')?;
                Some(name.trim_end_matches([',', '"']).to_owned())
            });
            names
                .filter(|name| !name.starts_with("fractalaw"))
                .collect()
        };
        assert_eq!(named(table), TARGETS);
        assert_eq!(named(programs), TARGETS);
    }
}
