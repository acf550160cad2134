//! The files of a crate as a tree of modules, and which of them a path in one of them leads to.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::source::{Named, Source, read};

/// A module by the names that lead to it. The crate's root has no name.
pub(super) type Module = Vec<String>;

/// The modules of a crate that have files of their own.
#[derive(Debug, Default)]
pub(super) struct Modules(BTreeMap<Module, File>);

/// The file of a module.
#[derive(Debug)]
pub(super) struct File {
    /// From the root of the repository.
    pub(super) path: PathBuf,
    pub(super) source: Source,
    /// Its group in the file that lists it, its head. It means nothing for the crate's root.
    pub(super) group: usize,
}

impl Modules {
    /// Reads all files, beginning at the crate's root, `src/lib.rs` or `src/main.rs`. The compiler reports a
    /// missing file.
    pub(super) fn read(repository: &Path, root: &Path) -> Modules {
        let mut modules = Modules::default();
        let folder = root.parent().unwrap_or(root);
        modules.add(repository, folder, Vec::new(), root.to_owned(), 0);
        modules
    }

    fn add(
        &mut self,
        repository: &Path,
        folder: &Path,
        module: Module,
        path: PathBuf,
        group: usize,
    ) {
        let Ok(text) = fs::read_to_string(repository.join(&path)) else {
            return;
        };
        let source = read(&text);
        for declared in &source.modules {
            let child = [&*module, &*declared.path].concat();
            let mut path = folder.join(child.iter().collect::<PathBuf>());
            path.set_extension("rs");
            self.add(repository, folder, child, path, declared.group);
        }
        let file = File {
            path,
            source,
            group,
        };
        self.0.insert(module, file);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&Module, &File)> {
        self.0.iter()
    }

    pub(super) fn file(&self, module: &[String]) -> Option<&File> {
        self.0.get(module)
    }

    /// The modules with files that lead to one, from the crate's root to itself.
    pub(super) fn way_to(&self, module: &[String]) -> Vec<&Module> {
        let prefixes = (0..=module.len()).map(|length| &module[..length]);
        let known = prefixes.filter_map(|prefix| self.0.get_key_value(prefix));
        known.map(|(module, _)| module).collect()
    }

    /// The file that a path in a file of `from` leads to, and the remaining names.
    pub(super) fn resolve(&self, from: &[String], named: &Named) -> Option<(&Module, Vec<String>)> {
        let mut base = [from, &named.within].concat();
        let mut names = &*named.path;
        match names.split_first()? {
            (first, rest) if first == "crate" => (base, names) = (Vec::new(), rest),
            (first, rest) if first == "self" => names = rest,
            _ => {
                while let Some((first, rest)) = names.split_first()
                    && first == "super"
                {
                    base.pop()?;
                    names = rest;
                }
            }
        }
        base.extend_from_slice(names);
        let module = *self.way_to(&base).last()?;
        Some((module, base[module.len()..].to_vec()))
    }
}
