//! `cargo xtask new --repository PATH`: makes a repository with a micro-app, an interface of its own, and a host that offers
//! it. `cargo xtask test` passes there at once.

// From the ground up, as in `lib.rs`.
mod origin;

mod files;

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use super::name;
use crate::fault::{FAILED, Fault, USAGE};
use crate::files::write_atomically;
use crate::flags;
use crate::lock::Lock;
use crate::project::Project;
use files::Texts;
use origin::Origin;

/// The file with the versions of all packages. The new repository begins with ours, so that it compiles what was tested here.
const LOCK: &str = "Cargo.lock";

/// Runs the command.
pub(crate) fn run(project: &Project, flags: &flags::New, path: &Path) -> Result<ExitCode> {
    if !project.is_ours() {
        return Err(Fault::new(
            USAGE,
            "`cargo xtask new --repository` is not for this workspace: the new repository depends on a clone of Fractalaw",
        )
        .hint("run it in a clone of Fractalaw")
        .into());
    }
    let place = Place::check(project, path)?;
    let from = match &flags.git {
        Some(address) => Origin::Git {
            address: address.clone(),
            commit: commit(project)?,
        },
        None => Origin::Folder(relative(&place.parent.join(&place.name), &project.root)?),
    };
    let texts = Texts {
        name: &place.name,
        from: &from,
    };
    make(project, &place, &texts)?;
    if flags.init {
        init(&place.path())?;
    }
    println!("made the repository `{}`:", place.name);
    for (path, _) in texts.all() {
        println!("    {path}");
    }
    println!("    {LOCK}");
    println!("\nnext:");
    println!("    cd {}", path.display());
    println!("    cargo xtask test");
    Ok(ExitCode::SUCCESS)
}

/// A folder that does not exist yet, or is empty.
struct Place {
    parent: PathBuf,
    name: String,
}

impl Place {
    fn check(project: &Project, path: &Path) -> Result<Place> {
        let given = path.display();
        let Some(last) = path.file_name().and_then(|last| last.to_str()) else {
            return Err(Fault::new(USAGE, format!("`{given}` names no folder"))
                .hint("name the folder that is to be made, such as `../desk`")
                .into());
        };
        check_name(project, last)?;
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let parent = fs::canonicalize(parent).map_err(|error| {
            let parent = parent.display();
            Fault::new(
                USAGE,
                format!("the folder `{parent}` cannot be used: {error}"),
            )
            .hint("make it first, or name another one")
        })?;
        let place = Place {
            parent,
            name: last.to_owned(),
        };
        if place.path().starts_with(fs::canonicalize(&project.root)?) {
            return Err(
                Fault::new(USAGE, format!("`{given}` is inside of this repository"))
                    .hint(format!("choose a folder beside it, such as `../{last}`"))
                    .into(),
            );
        }
        let is_free = match fs::symlink_metadata(place.path()) {
            Err(_) => true,
            Ok(found) => found.is_dir() && fs::read_dir(place.path())?.next().is_none(),
        };
        if !is_free {
            return Err(Fault::new(
                USAGE,
                format!("`{given}` exists, and nothing is overwritten"),
            )
            .hint("choose another folder, or an empty one")
            .into());
        }
        Ok(place)
    }

    fn path(&self) -> PathBuf {
        self.parent.join(&self.name)
    }
}

/// The folder's name becomes the name of a program, of packages and of a crate.
fn check_name(project: &Project, name: &str) -> Result<()> {
    if !name::is_kebab(name) {
        return Err(Fault::new(USAGE, format!("`{name}` is no name for a repository"))
            .hint("its packages are called so: use lower-case words and digits with `-` between them, such as `permit-desk`")
            .into());
    }
    let lock = Lock::read(&project.root)?;
    let packages = ["host", "serve", "tests"].map(|part| format!("{name}-{part}"));
    let is_package = |name: &str| lock.packages.iter().any(|package| package.name == name);
    if name::RESERVED.contains(&name)
        || is_package(name)
        || packages.iter().any(|name| is_package(name))
    {
        return Err(Fault::new(USAGE, format!("the name `{name}` is taken: a package, a binary, a folder of cargo's, or a group of tests is called so"))
            .hint("choose another name")
            .into());
    }
    Ok(())
}

/// Writes all of the files, and then puts the folder in its place, so that there is never half a repository.
fn make(project: &Project, place: &Place, texts: &Texts<'_>) -> Result<()> {
    let aside = tempfile::Builder::new()
        .prefix(name::ASIDE)
        .tempdir_in(&place.parent)
        .with_context(|| format!("cannot write into `{}`", place.parent.display()))?;
    let folder = aside.path().join(&place.name);
    for (path, text) in texts.all() {
        write_atomically(&folder.join(path), text.as_bytes())?;
    }
    let lock = project.root.join(LOCK);
    fs::copy(&lock, folder.join(LOCK))
        .with_context(|| format!("cannot copy `{}`", lock.display()))?;
    let to = place.path();
    fs::rename(&folder, &to).with_context(|| format!("cannot make `{}`", to.display()))
}

/// Makes the folder a git repository. Nothing is committed.
fn init(folder: &Path) -> Result<()> {
    let status = Command::new("git")
        .args(["init", "--quiet", "--initial-branch", "main"])
        .arg(folder)
        .status()
        .context("cannot start `git`")?;
    if !status.success() {
        bail!("`git init` failed in `{}`", folder.display());
    }
    Ok(())
}

/// The commit of this clone.
fn commit(project: &Project) -> Result<String> {
    let output = Command::new("git")
        .args(["rev-parse", "HEAD"])
        .current_dir(&project.root)
        .output()
        .context("cannot start `git`")?;
    if !output.status.success() {
        return Err(
            Fault::new(FAILED, "git does not know the commit of this clone")
                .hint("leave out `--git`: the new repository then depends on this folder")
                .into(),
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The path from one folder to another.
fn relative(from: &Path, to: &Path) -> Result<PathBuf> {
    let to = fs::canonicalize(to).with_context(|| format!("cannot find `{}`", to.display()))?;
    let (from, to): (Vec<Component<'_>>, Vec<Component<'_>>) =
        (from.components().collect(), to.components().collect());
    let shared = from
        .iter()
        .zip(&to)
        .take_while(|(one, two)| one == two)
        .count();
    let up = from[shared..].iter().map(|_| Component::ParentDir);
    Ok(up.chain(to[shared..].iter().copied()).collect())
}
