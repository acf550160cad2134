//! Which guests are parts of others. A part exports no `run`, so the cases of the guests that are composed of it test it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use toml::{Table, Value};

/// What the guests' manifests say about parts. `xtask` reports what is wrong there.
#[derive(Default)]
pub(crate) struct Parts {
    /// The guests without `run`.
    parts: BTreeSet<String>,
    /// What each guest is composed of.
    composed: BTreeMap<String, BTreeSet<String>>,
}

impl Parts {
    /// Reads a guest's `Cargo.toml` or `micro-app.toml`.
    pub(crate) fn add(&mut self, guest: &str, manifest: &Path) {
        let text = fs::read_to_string(manifest).unwrap_or_default();
        let table = Value::Table(text.parse::<Table>().unwrap_or_default());
        let is_cargo = manifest.ends_with("Cargo.toml");
        let place = match is_cargo {
            true => table
                .get("package")
                .and_then(|package| package.get("metadata")),
            false => Some(&table),
        };
        let declared = place.and_then(|place| place.get("micro-app"));
        let declared = |key: &str| declared.and_then(|declared| declared.get(key));
        if declared("part").and_then(Value::as_bool) == Some(true) {
            self.parts.insert(guest.to_owned());
        }
        let composed = declared("compose").and_then(Value::as_table);
        let parts = composed.into_iter().flat_map(|composed| composed.values());
        let parts = parts.filter_map(Value::as_str).map(str::to_owned);
        self.composed.insert(guest.to_owned(), parts.collect());
    }

    pub(crate) fn is_part(&self, guest: &str) -> bool {
        self.parts.contains(guest)
    }

    /// The parts that no guest with a `run` is composed of.
    pub(crate) fn without_user(&self) -> impl Iterator<Item = &str> {
        let runs = self.composed.keys().filter(|guest| !self.is_part(guest));
        let mut open: Vec<&String> = runs.collect();
        let mut used = BTreeSet::new();
        while let Some(guest) = open.pop() {
            let parts = self.composed.get(guest).into_iter().flatten();
            open.extend(parts.filter(|part| used.insert(*part)));
        }
        let unused = self.parts.iter().filter(move |part| !used.contains(part));
        unused.map(String::as_str)
    }
}
