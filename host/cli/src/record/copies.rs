//! Copies of what a run reads: standard input, folders, its database, its list of models and its recorded answers.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, Result};
use fractalaw_host::Given;
use fractalaw_sqlite::by_hand;

use super::models;
use super::place::{ANSWERS, path};
use crate::limits::{RECORDED_BYTES, RECORDED_FILES};
use crate::usage::wrong;

/// The names of the copies.
pub(super) const STDIN: &str = "stdin";
pub(super) const DATABASE: &str = "before.db";
pub(super) const MODELS: &str = "models.toml";

/// What was copied, and how.
pub(super) struct Copies {
    /// For each granted folder the name of its copy, or `None` if it was empty.
    pub(super) folders: Vec<Option<String>>,
    pub(super) has_database: bool,
    pub(super) has_models: bool,
}

impl Copies {
    /// Copies all that the run is given to this folder.
    pub(super) fn of(given: &Given, to: &Path) -> Result<Copies> {
        let mut room = Room::default();
        if let Some(bytes) = &given.grants.stdin {
            room.take(bytes.len() as u64)?;
            write(&to.join(STDIN), bytes)?;
        }
        let mut folders = Vec::new();
        for (number, dir) in given.grants.dirs.iter().enumerate() {
            let name = format!("folder-{number}");
            let is_empty = copy(&dir.host, &to.join(&name), &mut room)? == 0;
            folders.push((!is_empty).then_some(name));
        }
        let mut copies = Copies {
            folders,
            has_database: false,
            has_models: false,
        };
        for name in &given.names {
            match (name.key(), name.name()) {
                ("data", "adbc") => {
                    return Err(wrong(
                        "a database behind a driver cannot be recorded",
                        "record a run on an SQLite file, with `--data FILE`",
                    ));
                }
                ("data", "file") => {
                    let Some(from) = path(name) else { continue };
                    by_hand::copy(&from, &to.join(DATABASE))?;
                    let length = fs::metadata(to.join(DATABASE)).map_or(0, |file| file.len());
                    room.take(length)?;
                    copies.has_database = true;
                }
                ("ai", "models") => {
                    let Some(from) = path(name) else { continue };
                    let text = read(&from, &mut room)?;
                    let list = models::kept(given, &String::from_utf8_lossy(&text))
                        .with_context(|| format!("could not read `{}`", from.display()))?;
                    if let Some(list) = list {
                        write(&to.join(MODELS), list.as_bytes())?;
                        copies.has_models = true;
                    }
                }
                ("ai", "replay") => {
                    let Some(from) = path(name) else { continue };
                    write(&to.join(ANSWERS), &read(&from, &mut room)?)?;
                }
                _ => {}
            }
        }
        Ok(copies)
    }
}

/// Reads a file that is to be kept.
fn read(path: &Path, room: &mut Room) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(RECORDED_BYTES + 1).read_to_end(&mut bytes))
        .with_context(|| format!("could not read `{}`", path.display()))?;
    room.take(bytes.len() as u64)?;
    Ok(bytes)
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("could not write `{}`", path.display()))
}

/// How much was copied.
#[derive(Default)]
struct Room {
    bytes: u64,
    files: usize,
}

impl Room {
    fn take(&mut self, bytes: u64) -> Result<()> {
        self.bytes += bytes;
        self.files += 1;
        if self.bytes > RECORDED_BYTES || self.files > RECORDED_FILES {
            let most = RECORDED_BYTES >> 20;
            return Err(wrong(
                format!(
                    "the run is given more than can be recorded: {most} MiB in {RECORDED_FILES} files"
                ),
                "record it with a smaller folder or database",
            ));
        }
        Ok(())
    }
}

/// Copies a folder, and returns how many entries it has.
fn copy(from: &Path, to: &Path, room: &mut Room) -> Result<usize> {
    let context = || format!("could not record the folder `{}`", from.display());
    let mut count = 0;
    for entry in fs::read_dir(from).with_context(context)? {
        let entry = entry.with_context(context)?;
        let kind = entry.file_type().with_context(context)?;
        fs::create_dir_all(to).with_context(context)?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        count += 1;
        if kind.is_dir() {
            if copy(&path, &target, room)? == 0 {
                return Err(wrong(
                    format!(
                        "the folder `{}` is empty, and git keeps no empty folder",
                        path.display()
                    ),
                    "put a file into it, or remove it, and run again",
                ));
            }
        } else if kind.is_file() {
            let copied = File::open(&path).and_then(|file| {
                // A file that grows meanwhile is cut at the limit, and is over it then.
                let mut copy = File::create_new(&target)?;
                io::copy(&mut file.take(RECORDED_BYTES + 1), &mut copy)
            });
            room.take(copied.with_context(context)?)?;
        } else {
            return Err(wrong(
                format!(
                    "`{}` is neither file nor folder, and cannot be recorded",
                    path.display()
                ),
                "remove it from the granted folder, and run again",
            ));
        }
    }
    Ok(count)
}
