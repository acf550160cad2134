//! `fractalaw run`: flags become a run, the report is printed, the outcome becomes an exit code.

use std::env;
use std::fs::{self, File};
use std::io::{self, ErrorKind, IsTerminal, Read, Write};
use std::mem::ManuallyDrop;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use fractalaw_host::{
    CodeCache, Durability, Host, HostBuilder, HostError, LedgerError, Outcome, Policy, PolicyError,
    Report, Run, STDIN_BYTES, Section, terminal,
};
use tokio::runtime::Runtime;
use tracing::Level;
use tracing_subscriber::EnvFilter;

use crate::{flags, ledger, signals};

pub(crate) const USAGE: u8 = 2;
pub(crate) const REFUSED: u8 = 3;
pub(crate) const HOST_FAILED: u8 = 10;
const NOT_ACKNOWLEDGED: u8 = 14;

pub(crate) fn run(flags: flags::Run) -> ExitCode {
    start_logging();
    let json = flags.json;
    let report = match report(flags) {
        Ok(report) => report,
        Err(error) => return fail(&error),
    };
    let text = if json {
        report.json() + "\n"
    } else {
        report.text()
    };
    if let Err(error) = print(&text) {
        return fail(&error);
    }
    if !json && !matches!(report.outcome, Outcome::Refused(_)) {
        let _ = writeln!(io::stderr(), "{}", report.summary());
    }
    ExitCode::from(exit_code(&report.outcome))
}

/// Prints what the command is for. A reader that closed the pipe has seen what it wanted.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    printed(io::stdout().write_all(text.as_bytes()))
}

/// What came of printing, once nothing of it waits to be written.
pub(crate) fn printed(written: io::Result<()>) -> anyhow::Result<()> {
    match written.and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("could not write to standard output")
        }
        _ => Ok(()),
    }
}

/// Warnings, or what `RUST_LOG` asks for, on standard error.
pub(crate) fn start_logging() {
    let subscriber = tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    match env::var("RUST_LOG") {
        Ok(directives) => match EnvFilter::try_new(&directives) {
            Ok(filter) => subscriber.with_env_filter(filter).init(),
            Err(error) => {
                let _ = writeln!(io::stderr(), "warning: `RUST_LOG` is passed over: {error}");
                subscriber.with_max_level(Level::WARN).init();
            }
        },
        // The filter takes longer to set up than a small guest to run.
        Err(_) => subscriber.with_max_level(Level::WARN).init(),
    }
}

fn report(flags: flags::Run) -> anyhow::Result<Report> {
    let runtime = runtime().map_err(|source| HostError::Start {
        what: "the async runtime",
        source,
    })?;
    let mut builder = host(&flags)?;
    if let Some(file) = &flags.ledger {
        if flags.create_ledger {
            ledger::ensure(file)?;
        }
        builder = builder
            .ledger(file, durability(flags.durability))
            .ledger_wait(flags.ledger_wait);
    }
    // The process ends when the report is printed, and the system takes back what the host holds
    // sooner than it could give it back piece by piece.
    let host = ManuallyDrop::new(builder.build()?);
    let (component, grace, has_ledger) =
        (flags.component.clone(), flags.grace, flags.ledger.is_some());
    let run = request(flags)?;
    // Until here, a signal ends the process: nothing was recorded yet.
    let run = host.run_file(&component, &run);
    let report = runtime.block_on(signals::until_told(&host, grace, run));
    // A guest that was cut off may have left a thread of the runtime waiting for a file for ever.
    runtime.shutdown_background();
    let report = report.context("could not listen for signals")?;
    let mut settled = Ok(());
    if has_ledger {
        let host = ManuallyDrop::into_inner(host);
        settled = host.settle();
        // Closed, so that it is one file.
        drop(host);
    }
    let report = report?;
    settled?;
    Ok(report)
}

/// The runtime panics where it can open no descriptor for signals, so it is asked before whether it can.
fn runtime() -> io::Result<Runtime> {
    drop([
        UnixStream::pair()?,
        UnixStream::pair()?,
        UnixStream::pair()?,
    ]);
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

/// A host for one guest, with the cache and the policy that the flags name.
pub(crate) fn host(flags: &flags::Run) -> anyhow::Result<HostBuilder> {
    let mut builder = Host::builder().slots(1).compile_time(flags.compile_time);
    if let Some(folder) = cache_folder(flags)? {
        builder = builder.cache(folder);
    }
    if let Some(policy) = policy(&flags.grants)? {
        builder = builder.policy(policy);
    }
    Ok(builder)
}

/// The policy that is in force.
pub(crate) fn policy(grants: &flags::Grants) -> anyhow::Result<Option<Policy>> {
    Ok(grants.policy.as_ref().map(Policy::load).transpose()?)
}

/// The run with the lines of policy that were given for it.
pub(crate) fn granted(run: Run, grants: &flags::Grants) -> anyhow::Result<Run> {
    Ok(run.grant(Section::parse(&grants.lines.join("\n"))?))
}

fn durability(flag: flags::Durability) -> Durability {
    match flag {
        flags::Durability::Entry => Durability::Entry,
        flags::Durability::Run => Durability::Run,
        flags::Durability::Group => Durability::Group,
    }
}

pub(crate) fn request(flags: flags::Run) -> anyhow::Result<Run> {
    let mut run = granted(Run::new(), &flags.grants)?;
    if let Some(tier) = flags.tier {
        run = run.tier(tier);
    }
    if let Some(units) = flags.fuel {
        run = run.fuel(units);
    }
    if let Some(deadline) = flags.timeout {
        run = run.deadline(deadline);
    }
    if let Some(size) = flags.memory {
        run = run.memory_bytes(usize::try_from(size.as_u64()).unwrap_or(usize::MAX));
    }
    for arg in flags.args {
        run = run.arg(arg);
    }
    for (name, value) in flags.env {
        run = run.env(name, value);
    }
    for dir in flags.dirs {
        run = run.dir(dir);
    }
    if let Some(path) = flags.stdin {
        run = run.stdin(read_input(&path)?);
    }
    if flags.trace {
        run = run.trace();
    }
    if flags.deterministic {
        run = run.deterministic();
    }
    if let Some(unix_start) = flags.clock {
        run = run.clock(unix_start);
    }
    if let Some(seed) = flags.seed {
        run = run.seed(seed);
    }
    Ok(run)
}

/// Reads a file, or our own input, up to the bound: a device has no end.
fn read_input(path: &Path) -> Result<Vec<u8>, HostError> {
    let failed = |source| HostError::Read {
        path: path.to_owned(),
        source,
    };
    let source: Box<dyn Read> = match path.to_str() {
        Some("-") => Box::new(io::stdin()),
        _ => Box::new(open_input(path)?),
    };
    let mut input = Vec::new();
    source
        .take(STDIN_BYTES as u64 + 1)
        .read_to_end(&mut input)
        .map_err(failed)?;
    if input.len() > STDIN_BYTES {
        return Err(HostError::StdinTooLarge);
    }
    Ok(input)
}

/// Opening a pipe waits for its other end, and nothing of ours ends the waiting.
fn open_input(path: &Path) -> Result<File, HostError> {
    let open = || {
        let kind = fs::metadata(path)?.file_type();
        match kind.is_fifo() || kind.is_socket() {
            true => Ok(None),
            false => File::open(path).map(Some),
        }
    };
    let opened = open().map_err(|source| HostError::Read {
        path: path.to_owned(),
        source,
    })?;
    opened.ok_or_else(|| HostError::NotAFile {
        path: path.to_owned(),
        expected: "standard input",
    })
}

/// The folder asked for must do; the user's own is used if it can be.
fn cache_folder(flags: &flags::Run) -> Result<Option<PathBuf>, HostError> {
    if flags.no_cache {
        return Ok(None);
    }
    if let Some(folder) = &flags.cache {
        return Ok(Some(folder.clone()));
    }
    // One that is relative, or empty, would put code into whatever folder is the current one.
    let absolute = |name| Some(PathBuf::from(env::var_os(name)?)).filter(|path| path.is_absolute());
    let from_home = || Some(absolute("HOME")?.join(".cache"));
    let Some(folder) = absolute("XDG_CACHE_HOME")
        .or_else(from_home)
        .map(|folder| folder.join("fractalaw"))
    else {
        return Ok(None);
    };
    match CodeCache::open(&folder) {
        Ok(_) => Ok(Some(folder)),
        // Executing what others may have put there is not to be passed over.
        Err(error @ (HostError::CacheNotPrivate { .. } | HostError::CacheNotOurs { .. })) => {
            Err(error)
        }
        Err(error) => {
            tracing::warn!("{:#}, going on without it", anyhow::Error::from(error));
            Ok(None)
        }
    }
}

/// Says what went wrong and what to do about it.
pub(crate) fn fail(error: &anyhow::Error) -> ExitCode {
    // Paths are part of messages, and a name of a file may hold anything. What is wrong with a policy is
    // shown with its lines.
    let message = format!("{error:#}");
    let message = match error.downcast_ref::<PolicyError>() {
        Some(_) => terminal::lines(&message),
        None => terminal::one_line(&message),
    };
    let _ = writeln!(io::stderr(), "error: {message}");
    let (hint, code) = if let Some(error) = error.downcast_ref::<HostError>() {
        let code = match error {
            HostError::NotAcknowledged(_) => NOT_ACKNOWLEDGED,
            error if error.is_usage() => USAGE,
            _ => HOST_FAILED,
        };
        (error.hint(), code)
    } else if let Some(error) = error.downcast_ref::<PolicyError>() {
        let code = if error.is_usage { USAGE } else { HOST_FAILED };
        (Some(error.hint.clone()), code)
    } else if let Some(error) = error.downcast_ref::<LedgerError>() {
        (error.hint(), HOST_FAILED)
    } else {
        (None, HOST_FAILED)
    };
    if let Some(hint) = hint {
        let _ = writeln!(io::stderr(), "hint: {}", terminal::one_line(&hint));
    }
    ExitCode::from(code)
}

fn exit_code(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Completed(_) => 0,
        Outcome::GuestError(_) => 1,
        Outcome::Refused(_) => REFUSED,
        Outcome::OutOfFuel => 4,
        Outcome::DeadlineExceeded => 5,
        Outcome::MemoryLimit { .. } => 6,
        Outcome::StackOverflow => 7,
        Outcome::Trap(_) => 8,
        Outcome::QuotaExceeded { .. } => 9,
        Outcome::Interrupted => 13,
    }
}
