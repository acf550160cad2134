//! Starts programs that stand beside `fractalaw`: the auditor's, which needs no runtime, the supervisor, whose server
//! nothing else needs, and the one that signs components and moves them, which has a client of HTTP. They get the arguments as
//! they are, and their signals and exit codes are their own.

use std::borrow::Cow;
use std::env;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::exit::Exit;
use crate::{policy, printing};

/// A program.
pub(crate) struct Program {
    name: Cow<'static, str>,
    /// The program that starts it.
    beside: Cow<'static, str>,
    hint: &'static str,
}

impl Program {
    const fn new(name: &'static str, hint: &'static str) -> Program {
        Program {
            name: Cow::Borrowed(name),
            beside: Cow::Borrowed("fractalaw"),
            hint,
        }
    }
}

/// The auditor's program.
pub(crate) const LEDGER: Program = Program::new(
    "fractalaw-ledger",
    "build it with `cargo build -p fractalaw-auditor`, or use `cargo xtask ledger`",
);

/// The supervisor that offers what `fractalaw` does.
const SERVE: Program = Program::new(
    "fractalaw-serve",
    "build it with `cargo build -p fractalaw-serve`, or use `cargo xtask serve`",
);

/// What signs components, and pushes and pulls them.
pub(crate) const REGISTRY: Program = Program::new(
    "fractalaw-registry",
    "build it with `cargo build -p fractalaw-registry`",
);

/// What this program is called: `fractalaw`, or something else in a repository with a host of its own.
pub(crate) fn own_name() -> String {
    let own = env::current_exe().ok();
    let own = own.as_deref().and_then(Path::file_stem).unwrap_or_default();
    own.to_string_lossy().into_owned()
}

/// The supervisor that offers what this program does. If that is more than `fractalaw` offers, it is the program `NAME-serve`:
/// the other one would refuse the guests that use the rest.
pub(crate) fn supervisor() -> Program {
    if policy::added().is_empty() {
        return SERVE;
    }
    let own = own_name();
    Program {
        name: format!("{own}-serve").into(),
        beside: own.into(),
        hint: "build it with `cargo xtask serve FOLDER`; it is a program of one line, `fractalaw_serve::main(offers)`",
    }
}

/// Starts the program in our own folder, or else the one on the path.
pub(crate) fn run(
    program: &Program,
    arguments: impl IntoIterator<Item = impl AsRef<std::ffi::OsStr>>,
) -> ExitCode {
    let Program { name, beside, hint } = program;
    let Some(path) = find(name) else {
        printing::error(
            format_args!("`{name}` is neither beside `{beside}` nor on the path"),
            Some(hint),
        );
        return Exit::HostFailed.into();
    };
    start(Command::new(&path).args(arguments)).unwrap_or_else(|error| {
        let path = path.display();
        printing::error(format_args!("could not start `{path}`: {error}"), None);
        Exit::HostFailed.into()
    })
}

/// The arguments of a command that is the program's own too.
pub(crate) fn command(name: &str, arguments: Vec<OsString>) -> Vec<OsString> {
    let mut all = vec![OsString::from(name)];
    all.extend(arguments);
    all
}

fn find(name: &str) -> Option<PathBuf> {
    let name = format!("{name}{}", env::consts::EXE_SUFFIX);
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
