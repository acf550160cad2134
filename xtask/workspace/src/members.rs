//! The folders that `members` of a workspace name, as cargo reads it: paths in which a part may have `*` and `?`.

use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

/// The folders with a `Cargo.toml`, except for those in `exclude`.
pub(crate) fn folders(root: &Path, manifest: &Table) -> Vec<PathBuf> {
    let listed = |key: &str| {
        let list = manifest.get("workspace").and_then(|table| table.get(key));
        let list = list.and_then(Value::as_array).into_iter().flatten();
        list.filter_map(Value::as_str).collect::<Vec<_>>()
    };
    let excluded: Vec<PathBuf> = listed("exclude")
        .iter()
        .map(|path| root.join(path))
        .collect();
    let mut found = Vec::new();
    for pattern in listed("members") {
        let parts: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
        expand(root.to_owned(), &parts, &mut found);
    }
    found.retain(|folder| !excluded.iter().any(|path| folder.starts_with(path)));
    found
}

fn expand(folder: PathBuf, parts: &[&str], found: &mut Vec<PathBuf>) {
    let Some((part, rest)) = parts.split_first() else {
        if folder.join("Cargo.toml").is_file() {
            found.push(folder);
        }
        return;
    };
    if !part.contains(['*', '?']) {
        expand(folder.join(part), rest, found);
        return;
    }
    for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
        let fits = entry
            .file_name()
            .to_str()
            .is_some_and(|name| fits(part, name));
        if fits && entry.path().is_dir() {
            expand(entry.path(), rest, found);
        }
    }
}

/// Whether a name fits a pattern: `*` is any text, and `?` any character.
fn fits(pattern: &str, name: &str) -> bool {
    let mut rest = name.chars();
    let mut parts = pattern.chars();
    match parts.next() {
        None => name.is_empty(),
        Some('*') => {
            let after = parts.as_str();
            (0..=name.len())
                .filter(|at| name.is_char_boundary(*at))
                .any(|at| fits(after, &name[at..]))
        }
        Some(first) => {
            let found = rest.next();
            found.is_some_and(|found| first == '?' || first == found)
                && fits(parts.as_str(), rest.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn stars_and_question_marks_are_patterns() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("*", "any", true),
            ("check-*", "check-x", true),
            ("check-*", "check", false),
            ("*-app", "a-b-app", true),
            ("*-app", "a-b-apps", false),
            ("?", "é", true),
            ("?", "", false),
            ("a", "ab", false),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }
}
