//! The copy of the contract in a repository with guests of its own: `wit/deps/fractal-app/`, beside the WIT package of the
//! repository. The contract's files come with these commands. If the copy is not there, it is written. If it differs, the
//! difference is named, because guests would be built against another contract than the one that the host has.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use fractalaw_contract::standard::APP_FILES;

use crate::fault::{FAILED, Fault};
use crate::files::write_atomically;
use crate::in_ci;
use crate::project::Project;

/// The folder of the copy. The name is the package's, as tools write it.
pub(crate) const FOLDER: &str = "wit/deps/fractal-app";

/// The folder with the contract's files.
pub(crate) fn folder(project: &Project) -> PathBuf {
    match project.is_ours() {
        true => project.root.join("wit"),
        false => project.root.join(FOLDER),
    }
}

/// Writes the copy if there is none, and otherwise compares it. Our own repository has the contract itself.
pub(crate) fn ready(project: &Project) -> Result<()> {
    if project.is_ours() {
        return Ok(());
    }
    let folder = project.root.join(FOLDER);
    if !folder.exists() && !in_ci::is_here() {
        for file in APP_FILES {
            write_atomically(&folder.join(file.file), file.text.as_bytes())?;
        }
        eprintln!("wrote the contract to `{FOLDER}`");
        return Ok(());
    }
    match difference(&folder)? {
        None => Ok(()),
        Some(what) => Err(Fault::new(FAILED, what)
            .hint(format!(
                "the files there are those of the release of Fractalaw that `Cargo.toml` names: delete `{FOLDER}`, and the \
                 next `cargo xtask build-guests` writes them again; interfaces of your own belong into `wit/`"
            ))
            .into()),
    }
}

/// The first difference between the copy and the contract.
fn difference(folder: &Path) -> Result<Option<String>> {
    for file in APP_FILES {
        let path = format!("`{FOLDER}/{}`", file.file);
        let Ok(text) = fs::read_to_string(folder.join(file.file)) else {
            return Ok(Some(format!(
                "{path} is missing, expected the contract's file"
            )));
        };
        // Another system may have other line ends.
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let (found, expected) = (lines(&text), lines(file.text));
        if let Some((at, (found, expected))) = first(&found, &expected) {
            return Ok(Some(format!(
                "{path} is not the contract's: line {} is {found}, expected {expected}",
                at + 1
            )));
        }
    }
    let known: BTreeSet<&str> = APP_FILES.iter().map(|file| file.file).collect();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list `{FOLDER}`"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !known.contains(&*name) {
            return Ok(Some(format!(
                "`{FOLDER}/{name}` is no file of the contract"
            )));
        }
    }
    Ok(None)
}

/// The first line that differs, with both as they are shown.
fn first(found: &[String], expected: &[String]) -> Option<(usize, (String, String))> {
    let shown = |line: Option<&String>| match line {
        Some(line) => format!("`{line}`"),
        None => "the end".to_owned(),
    };
    (0..found.len().max(expected.len())).find_map(|at| {
        let (found, expected) = (found.get(at), expected.get(at));
        (found != expected).then(|| (at, (shown(found), shown(expected))))
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{APP_FILES, difference};

    #[test]
    fn a_copy_is_the_contract_or_its_difference_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        let found = || difference(folder.path()).unwrap();
        assert_eq!(
            found().unwrap(),
            "`wit/deps/fractal-app/world.wit` is missing, expected the contract's file"
        );
        for file in APP_FILES {
            put(file.file, file.text);
        }
        assert_eq!(found(), None);
        let audit = APP_FILES
            .iter()
            .find(|file| file.file == "audit.wit")
            .unwrap()
            .text;
        put("audit.wit", &audit.replace('\n', "\r\n"));
        assert_eq!(found(), None);
        let line = audit
            .lines()
            .position(|line| line.contains("record-event"))
            .unwrap();
        let is = audit.lines().nth(line).unwrap();
        put("audit.wit", &audit.replace("record-event", "record"));
        assert_eq!(
            found().unwrap(),
            format!(
                "`wit/deps/fractal-app/audit.wit` is not the contract's: line {} is `{}`, expected `{is}`",
                line + 1,
                is.replace("record-event", "record")
            )
        );
        put("audit.wit", &format!("{audit}// more\n"));
        assert!(found().unwrap().ends_with("is `// more`, expected the end"));
        put("audit.wit", audit);
        put("own.wit", "");
        assert_eq!(
            found().unwrap(),
            "`wit/deps/fractal-app/own.wit` is no file of the contract"
        );
    }
}
