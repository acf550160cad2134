//! `cargo xtask fuzz`: runs the targets in `host/fuzz/`. It uses libFuzzer if `cargo-fuzz` is installed, with
//! AddressSanitizer if there is also a nightly toolchain. Otherwise it mutates the same seeds for the same
//! targets.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::cargo::{HOST, cargo, shell, step};
use crate::children;
use crate::fault::{FAILED, Fault, USAGE, list, nearest};
use crate::flags;
use crate::project::Project;

/// Runs the command. The exit code is 0 if no input broke a promise.
pub(crate) fn run(project: &Project, flags: &flags::Fuzz) -> Result<ExitCode> {
    let program = program(project)?;
    let known = targets(&program)?;
    let is_asked = |name: &&String| flags.target == "all" || flags.target == **name;
    let asked: Vec<&String> = known.iter().filter(is_asked).collect();
    if asked.is_empty() {
        let known = || known.iter().map(String::as_str);
        let near = nearest(&flags.target, known());
        let near = near.map_or_else(String::new, |near| format!("did you mean `{near}`? "));
        let message = format!("no target is called `{}`", flags.target);
        let hint = format!("{near}targets: {}", list(known()));
        return Err(Fault::new(USAGE, message).hint(hint).into());
    }
    let engine = if flags.mutate {
        None
    } else {
        Engine::found(project)
    };
    match engine {
        Some(engine) => libfuzzer(project, flags, &program, &asked, engine),
        None => mutate(project, flags, &program),
    }
}

/// The toolchain that libFuzzer's programs are built with.
#[derive(Clone, Copy)]
enum Engine {
    /// With AddressSanitizer, which detects memory errors.
    Nightly,
    /// The pinned toolchain. It detects wrong behaviour, but no memory errors.
    Stable,
}

impl Engine {
    /// The best engine that is installed. Prints what is missing for a better one.
    fn found(project: &Project) -> Option<Engine> {
        let said = |program: &str, arguments: &[&str]| {
            let output = Command::new(program)
                .args(arguments)
                .current_dir(&project.root)
                .output()
                .ok()?;
            let is_good = output.status.success();
            is_good.then(|| String::from_utf8_lossy(&output.stdout).into_owned())
        };
        if said("cargo", &["fuzz", "--version"]).is_none() {
            eprintln!(
                "note: `cargo-fuzz` is not installed, so seeds are mutated without looking at what the code does with \
                 them\nhint: `cargo install cargo-fuzz`; it needs a C++ compiler"
            );
            return None;
        }
        // Calling `cargo +nightly` could install it, so this asks rustup.
        let toolchains = said("rustup", &["toolchain", "list"]).unwrap_or_default();
        if toolchains.lines().any(|line| line.starts_with("nightly-")) {
            return Some(Engine::Nightly);
        }
        eprintln!(
            "note: there is no nightly toolchain, so libFuzzer runs without AddressSanitizer\n\
             hint: `rustup toolchain install nightly --profile minimal`"
        );
        Some(Engine::Stable)
    }

    /// The arguments for `cargo`.
    fn arguments(self) -> &'static [&'static str] {
        match self {
            Engine::Nightly => &["+nightly", "fuzz", "run"],
            Engine::Stable => &["fuzz", "run", "--sanitizer", "none"],
        }
    }
}

/// Builds the program that has the targets and their seeds, and can mutate them itself.
fn program(project: &Project) -> Result<PathBuf> {
    let shell = shell(project)?;
    let build = cargo(&shell, "build").args(HOST).arg("--quiet");
    step(
        "build of the targets",
        "correct what the compiler names",
        build.args(["--bin", "fractalaw-fuzz"]),
    )?;
    Ok(project.target.join("debug").join("fractalaw-fuzz"))
}

/// The names of all targets, as the program lists them.
fn targets(program: &Path) -> Result<Vec<String>> {
    let failed = || format!("cannot ask `{}` for its targets", program.display());
    let output = Command::new(program).arg("--list").output();
    let output = output.with_context(failed)?;
    if !output.status.success() {
        bail!("{}: it ended with {}", failed(), output.status);
    }
    let names = String::from_utf8(output.stdout).with_context(failed)?;
    Ok(names.lines().map(str::to_owned).collect())
}

fn mutate(project: &Project, flags: &flags::Fuzz, program: &Path) -> Result<ExitCode> {
    let mut fuzz = Command::new(program);
    fuzz.current_dir(&project.root)
        .arg(&flags.target)
        .args(["--seed", &flags.seed.to_string()])
        .args(["--seconds", &flags.time.to_string()])
        .arg("--keep")
        .arg(project.target.join("fuzz"));
    if let Some(runs) = flags.runs {
        fuzz.args(["--runs", &runs.to_string()]);
    }
    let ended = children::spawn(&mut fuzz).and_then(|mut fuzz| fuzz.wait());
    let status = ended.context("cannot start `fractalaw-fuzz`")?;
    end(status.success(), project)
}

fn libfuzzer(
    project: &Project,
    flags: &flags::Fuzz,
    program: &Path,
    targets: &[&String],
    engine: Engine,
) -> Result<ExitCode> {
    let programs = project.root.join("host/fuzz/libfuzzer");
    // The fuzzed host has the same dependencies as the tested one.
    fs::copy(project.root.join("Cargo.lock"), programs.join("Cargo.lock"))
        .with_context(|| format!("cannot write into `{}`", programs.display()))?;
    let mut good = true;
    for target in targets {
        let own = project.target.join("fuzz").join(target);
        let found = own.join("corpus");
        fs::create_dir_all(&found).with_context(|| format!("cannot make `{}`", found.display()))?;
        let written = Command::new(program)
            .args([target, "--write-seeds"])
            .arg(&found)
            .status();
        if !written.is_ok_and(|status| status.success()) {
            bail!(
                "cannot write the seeds of `{target}` into `{}`",
                found.display()
            );
        }
        let kept = project.root.join("host/fuzz/corpus").join(target);
        let mut fuzz = Command::new("cargo");
        fuzz.args(engine.arguments())
            .args(["--fuzz-dir", "host/fuzz/libfuzzer", target])
            .arg(&found)
            .args(Some(kept).filter(|kept| kept.is_dir()))
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
        let ended = children::spawn(&mut fuzz).and_then(|mut fuzz| fuzz.wait());
        good &= ended.context("cannot start `cargo fuzz`")?.success();
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
