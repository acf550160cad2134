//! What moved between two profiles, by function.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use fractalaw_manifest::terminal::one_line;
use fractalaw_report::Profile;

/// What a function used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Used {
    pub(crate) calls: u64,
    pub(crate) fuel: u64,
}

/// A function whose part moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Change {
    /// Safe to print.
    pub(crate) name: String,
    pub(crate) before: Used,
    pub(crate) after: Used,
}

impl Change {
    pub(crate) fn difference(&self) -> i128 {
        i128::from(self.after.fuel) - i128::from(self.before.fuel)
    }
}

/// The functions that moved, what moved most first; what is the same is left out. By size and not by sign: when
/// fuel falls, the cause is the largest fall, and stands first too.
pub(crate) fn functions(before: &Profile, after: &Profile) -> Vec<Change> {
    let (before, after) = (by_name(before), by_name(after));
    let names: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
    let used =
        |functions: &BTreeMap<&str, Used>, name| functions.get(name).copied().unwrap_or_default();
    let mut changes: Vec<Change> = names
        .into_iter()
        .map(|name| Change {
            name: one_line(name),
            before: used(&before, name),
            after: used(&after, name),
        })
        .filter(|change| change.before != change.after)
        .collect();
    let size = |change: &Change| change.difference().unsigned_abs();
    changes.sort_by(|a, b| {
        let largest_first = size(b).cmp(&size(a));
        largest_first
            .then_with(|| b.difference().cmp(&a.difference()))
            .then_with(|| a.name.cmp(&b.name))
    });
    changes
}

/// Functions of one name count as one: which is which cannot be told across two builds.
fn by_name(profile: &Profile) -> BTreeMap<&str, Used> {
    let mut functions: BTreeMap<&str, Used> = BTreeMap::new();
    for function in &profile.functions {
        let used = functions.entry(&function.name).or_default();
        used.calls += function.calls;
        used.fuel += function.own_fuel;
    }
    functions
}
