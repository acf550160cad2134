//! A compiler whose processor time is noted. Cargo starts this program with the compiler's command line, and so do the build
//! scripts that compile C.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

/// The file of notes. If it is set, this program is a compiler.
const NOTES: &str = "FRACTALAW_BENCH_NOTES";

/// The system counts processor time in hundredths of a second (`USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;

/// One start of a compiler.
pub(crate) struct Note {
    /// The package that was compiled, and its version.
    pub(crate) package: (String, String),
    pub(crate) seconds: f64,
}

/// What cargo needs to start compilers through `program`.
pub(crate) fn environment(program: &Path, notes: &Path) -> [(&'static str, OsString); 4] {
    let mut c = program.as_os_str().to_owned();
    c.push(" cc");
    [
        (NOTES, notes.into()),
        ("RUSTC_WRAPPER", program.into()),
        ("CC", c),
        // So the crate `cc` reads that as a program before a compiler.
        (
            "CC_KNOWN_WRAPPER_CUSTOM",
            program.file_stem().unwrap_or_default().into(),
        ),
    ]
}

/// If this program was started as a compiler: compiles, and adds a note.
pub(crate) fn compile() -> Option<Result<ExitCode>> {
    let notes = env::var_os(NOTES)?;
    let mut arguments = env::args_os().skip(1);
    let compiler = arguments.next()?;
    Some(compile_as(&compiler, arguments, &notes))
}

fn compile_as(
    compiler: &OsStr,
    arguments: impl Iterator<Item = OsString>,
    notes: &OsStr,
) -> Result<ExitCode> {
    let status = Command::new(compiler)
        .args(arguments)
        .status()
        .with_context(|| format!("cannot start `{}`", compiler.display()))?;
    let of = |name: &str| env::var(name).unwrap_or_else(|_| "-".to_owned());
    let note = format!(
        "{} {} {}\n",
        of("CARGO_PKG_NAME"),
        of("CARGO_PKG_VERSION"),
        children_seconds()?
    );
    // One write, so that the lines of compilers that end at once do not mix.
    OpenOptions::new()
        .append(true)
        .create(true)
        .open(notes)?
        .write_all(note.as_bytes())?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Takes the notes out of the file.
pub(crate) fn take(notes: &Path) -> Result<Vec<Note>> {
    if !notes.exists() {
        return Ok(Vec::new());
    }
    let text = fs::read_to_string(notes)?;
    fs::remove_file(notes)?;
    text.lines()
        .map(|line| {
            let mut words = line.split(' ');
            let mut word = || words.next().context("a note has three words");
            Ok(Note {
                package: (word()?.to_owned(), word()?.to_owned()),
                seconds: word()?.parse()?,
            })
        })
        .collect()
}

/// The processor time of all processes that this one has started and waited for, with what they have started.
pub(crate) fn children_seconds() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")
        .context("processor time is read from Linux' `/proc`")?;
    // The second field is the program's name in brackets, and may have blanks in it.
    let fields = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_ascii_whitespace();
    // Fields 16 and 17: in user mode and in the system.
    let ticks: Vec<u32> = fields
        .skip(13)
        .take(2)
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    Ok(f64::from(ticks.iter().sum::<u32>()) / TICKS_PER_SECOND)
}
