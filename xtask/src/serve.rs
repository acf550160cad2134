//! `cargo xtask serve`: builds the supervisor and the guests that a folder names, and starts it. With `--watch` it builds
//! what changes, and the supervisor takes the new version.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::adbc;
use crate::build_guests::{attempt, ensure};
use crate::children;
use crate::fault::FAILED;
use crate::flags;
use crate::programs::{has_supervisor, host, start, supervisor};
use crate::project::{Project, read_toml};
use crate::watch::{Watch, sources};

/// How often files are looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Runs the command. The exit code is that of `fractalaw serve`.
pub(crate) fn run(project: &Project, flags: &flags::Serve) -> Result<ExitCode> {
    has_supervisor(project)?;
    let guests = guests(project, &flags.folder)?;
    // Before the first build: what changes while it goes on is built again.
    let seen = Watch::begin(sources(project)?);
    if !guests.is_empty() {
        ensure(project, &guests)?;
    }
    // The commands that ask the supervisor stand beside it.
    host(project)?;
    let supervisor = supervisor(project)?;
    adbc::ready_for_folder(project, &flags.folder)?;
    let mut command = Command::new(&supervisor);
    command.arg("serve").arg(&flags.folder).args(&flags.options);
    match flags.watch {
        true => watch(project, &guests, seen, &mut command),
        false => start(&mut command),
    }
}

/// The guests whose components the apps of a folder have. What is wrong with its file, the supervisor says.
fn guests(project: &Project, folder: &Path) -> Result<Vec<String>> {
    let Ok(config) = read_toml(&folder.join("fractalaw.toml")) else {
        return Ok(Vec::new());
    };
    let apps = config.get("apps").and_then(toml::Value::as_table);
    let sources = apps.into_iter().flat_map(|apps| apps.values());
    let sources = sources.filter_map(|app| app.get("source")?.as_str());
    let outputs = project.outputs();
    // Paths are compared without links and dots, which needs the folder. If it cannot be made, building says so.
    let _ = fs::create_dir_all(&outputs);
    let mut known = project.guests()?;
    let wanted: Vec<PathBuf> = sources.map(|source| plain(&folder.join(source))).collect();
    known.retain(|name| wanted.contains(&plain(&outputs.join(format!("{name}.wasm")))));
    Ok(known)
}

/// A path without links and dots in its folder. The file itself may not exist yet.
fn plain(path: &Path) -> PathBuf {
    let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
    match (folder, path.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

/// Starts the supervisor, and builds its guests whenever their sources change.
fn watch(
    project: &Project,
    guests: &[String],
    mut seen: Watch,
    command: &mut Command,
) -> Result<ExitCode> {
    let mut supervisor = children::spawn(command).context("cannot start the supervisor")?;
    loop {
        if supervisor.child.try_wait()?.is_some() {
            let status = supervisor.wait()?;
            let code = status.code().and_then(|code| u8::try_from(code).ok());
            return Ok(ExitCode::from(code.unwrap_or(FAILED)));
        }
        thread::sleep(LOOK);
        if seen.look().is_empty() {
            continue;
        }
        // A guest that does not build keeps its old version. The compiler has said why.
        if let Err(error) = attempt(project, guests).and_then(|outcome| outcome.check()) {
            eprintln!("error: {error:#}");
        }
        seen.know_more(project);
    }
}
