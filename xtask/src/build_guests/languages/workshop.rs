//! A folder in which a guest is built, and the tools as they are started in it.
//!
//! The bytes of a guest must not depend on the machine. The tools for Python and JavaScript run the guest's code up to
//! its first statement at build time and keep its memory, with the seeds and times that it was given. So a library that
//! is loaded before theirs answers every question for random bytes, the time and the times of files in the same way:
//! see `still.c`. The environment is cleared except for the path.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::children;
use crate::digest;
use crate::fault::guest as fault;
use crate::files::write_atomically;
use crate::project::Project;

/// The library that answers in the same way on every machine.
const STILL: &str = include_str!("workshop/still.c");

/// The folder of the world in a workshop, and of the packages that a guest brings.
pub(super) const WIT: &str = "wit";

/// A folder in which one guest is built. It is removed in the end.
#[derive(Debug)]
pub(super) struct Workshop {
    folder: TempDir,
    tools: PathBuf,
}

impl Workshop {
    /// Makes the folder, with a copy of the guest's files in `app`.
    pub(super) fn open(project: &Project, guest: &str) -> Result<Workshop> {
        let rooms = project.workshop();
        fs::create_dir_all(&rooms).with_context(|| format!("cannot make `{}`", rooms.display()))?;
        let folder = tempfile::tempdir_in(&rooms).context("cannot make a folder")?;
        let workshop = Workshop {
            folder,
            tools: project.target.join("tools/languages"),
        };
        for folder in ["home", "temp"] {
            let path = workshop.path(folder);
            fs::create_dir(&path).with_context(|| format!("cannot make `{}`", path.display()))?;
        }
        copy(
            &project.guest_folder(guest),
            &workshop.path("app"),
            &digest::NO_SOURCES,
        )?;
        Ok(workshop)
    }

    /// A path in the folder.
    pub(super) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    /// The folder where tools keep what does not depend on a guest.
    pub(super) fn kept(&self, name: &str) -> PathBuf {
        self.tools.join(name)
    }

    /// Writes a file, with the folders that it needs.
    pub(super) fn write(&self, relative: &str, text: &str) -> Result<()> {
        write_atomically(&self.path(relative), text.as_bytes())
    }

    /// What a tool has written.
    pub(super) fn read(&self, relative: &str) -> Result<Vec<u8>> {
        fs::read(self.path(relative))
            .with_context(|| format!("the tool has written no `{relative}`"))
    }

    /// A program that starts in the folder, and knows nothing of this machine but where programs are.
    pub(super) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command
            .current_dir(self.folder.path())
            .env_clear()
            .envs(env::var_os("PATH").map(|path| ("PATH", path)))
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("temp"))
            .env("LANG", "C.UTF-8")
            .env("TZ", "UTC")
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    }

    /// The same for a tool that runs a guest's code.
    pub(super) fn still(&self, program: impl AsRef<Path>) -> Result<Command> {
        let mut command = self.command(program);
        command.env("LD_PRELOAD", self.still_library()?);
        Ok(command)
    }

    /// Runs a tool to its end. What it says is shown as it comes.
    pub(super) fn run(&self, guest: &str, tool: &str, command: &mut Command) -> Result<()> {
        self.run_or(guest, tool, command, "the tool's messages stand above")
    }

    /// The same with another hint if it fails.
    pub(super) fn run_or(
        &self,
        guest: &str,
        tool: &str,
        command: &mut Command,
        hint: &str,
    ) -> Result<()> {
        let status = children::spawn(command)
            .with_context(|| format!("cannot start `{tool}`"))?
            .wait()
            .with_context(|| format!("cannot wait for `{tool}`"))?;
        if status.success() {
            return Ok(());
        }
        Err(fault(format!(
            "`{guest}` does not build: `{tool}` ended with {status}"
        ))
        .hint(hint)
        .into())
    }

    /// The library, compiled once for each text of it.
    fn still_library(&self) -> Result<PathBuf> {
        let stem = format!("still-{}", &digest::bytes(STILL.as_bytes())[..16]);
        let library = self.tools.join(format!("{stem}.so"));
        if library.is_file() {
            return Ok(library);
        }
        self.write("still.c", STILL)?;
        let output = self
            .command("cc")
            .args([
                "-shared", "-fPIC", "-O2", "-o", "still.so", "still.c", "-ldl",
            ])
            .output()
            .context("cannot start `cc`")?;
        if !output.status.success() {
            bail!(
                "`cc` cannot compile what keeps builds reproducible: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        fs::rename(self.path("still.so"), &library)
            .with_context(|| format!("cannot write `{}`", library.display()))?;
        Ok(library)
    }
}

/// Copies the files of a folder, all with the same time. Links are followed to files only.
pub(super) fn copy(from: &Path, to: &Path, left_out: &[&str]) -> Result<()> {
    let context = || format!("cannot copy `{}`", from.display());
    fs::create_dir_all(to).with_context(context)?;
    for entry in fs::read_dir(from).with_context(context)? {
        let entry = entry.with_context(context)?;
        let name = entry.file_name();
        if left_out.iter().any(|left_out| name == *left_out) {
            continue;
        }
        let (from, to) = (entry.path(), to.join(&name));
        if entry.file_type().with_context(context)?.is_dir() {
            copy(&from, &to, &[])?;
        } else if from.is_file() {
            fs::copy(&from, &to).with_context(context)?;
            let file = File::options()
                .append(true)
                .open(&to)
                .with_context(context)?;
            file.set_modified(SystemTime::UNIX_EPOCH)
                .with_context(context)?;
        }
    }
    Ok(())
}
