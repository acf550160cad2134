//! Finds files beside cases and scenarios that none of them names: nothing reads them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::Result;
use toml::Value;

use crate::misplaced::{all_files, shown};

/// The rooms with files that are read because a case or a scenario names them, and how deep its own file is.
const ROOMS: [(&str, usize); 2] = [("cases", 2), ("scenarios", 1)];

/// A message for each file that is neither a case nor a scenario, and that none of them names, itself or a folder around it.
pub(crate) fn find(tests: &Path) -> Result<Vec<String>> {
    let (mut named, mut others) = (BTreeSet::new(), Vec::new());
    for (room, depth) in ROOMS {
        let room = tests.join(room);
        for path in all_files(&room)? {
            let is_toml = path
                .extension()
                .is_some_and(|extension| extension == "toml");
            if is_toml && path.strip_prefix(&room)?.components().count() == depth {
                names(&path, &mut named);
            } else if !is_for_people(&path) {
                others.push(path);
            }
        }
    }
    let unread = others
        .iter()
        .filter(|path| !path.ancestors().any(|part| named.contains(part)));
    Ok(unread
        .map(|path| {
            format!(
                "`{}` is read by nothing: no case and no scenario names it\n\
                 hint: delete it, or name it where it is needed, such as in `data.seed`",
                shown(tests, path)
            )
        })
        .collect())
}

/// Pages, and what keeps a folder.
fn is_for_people(path: &Path) -> bool {
    let is_page = path.extension().is_some_and(|extension| extension == "md");
    is_page || path.file_name().is_some_and(|name| name == ".keep")
}

/// What a file may name: each of its texts and keys, as a path from its folder. A file that is not TOML fails by its own name.
fn names(path: &Path, named: &mut BTreeSet<PathBuf>) {
    let text = fs::read_to_string(path).unwrap_or_default();
    let folder = path.parent().unwrap_or(path);
    if let Ok(table) = text.parse::<toml::Table>() {
        texts(&Value::Table(table), &mut |text| {
            named.insert(resolved(folder, Path::new(text)));
        });
    }
}

fn texts(value: &Value, take: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => take(text),
        Value::Array(values) => values.iter().for_each(|value| texts(value, take)),
        Value::Table(table) => {
            for (key, value) in table {
                take(key);
                texts(value, take);
            }
        }
        _ => {}
    }
}

/// The path without `.` and `..`. A text that leads to the folder itself names nothing in it.
fn resolved(folder: &Path, text: &Path) -> PathBuf {
    let mut resolved = folder.to_owned();
    for component in text.components() {
        match component {
            Component::ParentDir => drop(resolved.pop()),
            Component::CurDir => {}
            other => resolved.push(other),
        }
    }
    if folder.starts_with(&resolved) {
        return PathBuf::new();
    }
    resolved
}
