//! `fractalaw ledger`: starts the auditor's program, which is separate so that auditors need no runtime. Also
//! makes the ledger for a run, if it does not exist.

use std::env;
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use fractalaw_ledger::{KeyError, LedgerError, LedgerKey, create, now_unix_ns};

use crate::exit::Exit;
use crate::printing;

const PROGRAM: &str = "fractalaw-ledger";

/// Runs the command: starts the program in our own folder, or else the one on the path.
pub(crate) fn run(arguments: &[OsString]) -> ExitCode {
    let Some(program) = find() else {
        printing::error(
            format_args!("`{PROGRAM}` is neither beside `fractalaw` nor on the path"),
            Some("build it with `cargo build -p fractalaw-auditor`, or use `cargo xtask ledger`"),
        );
        return Exit::HostFailed.into();
    };
    start(Command::new(&program).args(arguments)).unwrap_or_else(|error| {
        let program = program.display();
        printing::error(format_args!("could not start `{program}`: {error}"), None);
        Exit::HostFailed.into()
    })
}

fn find() -> Option<PathBuf> {
    let name = format!("{PROGRAM}{}", env::consts::EXE_SUFFIX);
    let own = env::current_exe().ok();
    let beside = own.as_deref().and_then(Path::parent).map(Path::to_owned);
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = beside.into_iter().chain(env::split_paths(&path));
    folders
        .map(|folder| folder.join(&name))
        .find(|program| program.is_file())
}

/// Replaces this process, so that signals and the exit code are the program's own.
#[cfg(unix)]
fn start(command: &mut Command) -> io::Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    Err(command.exec())
}

#[cfg(not(unix))]
fn start(command: &mut Command) -> io::Result<ExitCode> {
    let code = command
        .status()?
        .code()
        .and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(Exit::HostFailed.into(), ExitCode::from))
}

/// Makes a ledger with its key beside it, if it does not exist. This is for a developer's workspace: whoever can
/// write such a ledger can also sign it.
pub(crate) fn ensure(path: &Path) -> Result<()> {
    if path.symlink_metadata().is_ok() {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("could not make `{}`", folder.display()))?;
    }
    let mut key_path = path.as_os_str().to_owned();
    key_path.push(".key");
    let key_path = PathBuf::from(key_path);
    let key = match LedgerKey::create(&key_path) {
        Ok(key) => key,
        // Left from an earlier ledger, or just made by another process.
        Err(KeyError::File { source, .. }) if source.kind() == ErrorKind::AlreadyExists => {
            LedgerKey::load(&key_path)?
        }
        Err(error) => return Err(error.into()),
    };
    match create(path, &node(), &key.public_key(), now_unix_ns()) {
        // Another process was faster, and its ledger is as good.
        Ok(_) | Err(LedgerError::Exists { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The machine's name, if it can be found without asking the network.
fn node() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = name.or_else(|| env::var("HOSTNAME").ok());
    let name = name.map(|name| name.trim().to_owned());
    name.filter(|name| !name.is_empty())
        .unwrap_or_else(|| "workspace".to_owned())
}
