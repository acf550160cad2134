//! What each function used in a run, and what changed between two runs.

use std::collections::{BTreeMap, BTreeSet};

use fractalaw_manifest::terminal::one_line;
use serde::Serialize;

use crate::profile::FunctionFuel;

/// What one function used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Used {
    /// How often it was entered.
    pub calls: u64,
    /// Its own fuel.
    pub fuel: u64,
}

impl Used {
    fn add(&mut self, other: Used) {
        self.calls = self.calls.saturating_add(other.calls);
        self.fuel = self.fuel.saturating_add(other.fuel);
    }
}

/// What each function used, by name. Functions with the same name count as one, because nobody can tell them
/// apart across two builds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FunctionsUsed(BTreeMap<String, Used>);

impl FromIterator<(String, Used)> for FunctionsUsed {
    fn from_iter<I: IntoIterator<Item = (String, Used)>>(functions: I) -> FunctionsUsed {
        let mut sums = FunctionsUsed::default();
        for (name, used) in functions {
            sums.0.entry(name).or_default().add(used);
        }
        sums
    }
}

impl FunctionsUsed {
    /// The functions of a profile that were entered or used something. Their names are the guest's text, and are
    /// made safe to print.
    pub fn of(functions: &[FunctionFuel]) -> FunctionsUsed {
        let used = functions.iter().map(|function| {
            let used = Used {
                calls: function.calls,
                fuel: function.own_fuel,
            };
            (one_line(&function.name), used)
        });
        used.filter(|(_, used)| *used != Used::default()).collect()
    }

    /// Each function with its name, in the order of names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Used)> {
        self.0.iter().map(|(name, used)| (&**name, *used))
    }

    /// Whether there is no function.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The own fuel of all functions, which is the fuel of the run.
    pub fn fuel(&self) -> u64 {
        self.0
            .values()
            .fold(0, |sum, used| sum.saturating_add(used.fuel))
    }

    /// What changed from these to `after`, the largest change first.
    pub fn moved(&self, after: &FunctionsUsed) -> Vec<FunctionMoved> {
        let names: BTreeSet<&String> = self.0.keys().chain(after.0.keys()).collect();
        let used = |functions: &FunctionsUsed, name| functions.0.get(name).copied();
        let moved = names.into_iter().map(|name| FunctionMoved {
            name: name.clone(),
            before: used(self, name).unwrap_or_default(),
            after: used(after, name).unwrap_or_default(),
        });
        sorted(moved.filter(|function| function.before != function.after))
    }
}

/// A function that changed. A function that does not exist used nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FunctionMoved {
    /// Its name.
    pub name: String,
    /// What it used.
    pub before: Used,
    /// What it uses after the change.
    pub after: Used,
}

impl FunctionMoved {
    /// The change of its own fuel.
    pub fn difference(&self) -> i128 {
        i128::from(self.after.fuel) - i128::from(self.before.fuel)
    }

    /// The changes of several runs together, by function name.
    pub fn together<'a>(moved: impl IntoIterator<Item = &'a FunctionMoved>) -> Vec<FunctionMoved> {
        let mut sums: BTreeMap<&str, [Used; 2]> = BTreeMap::new();
        for function in moved {
            let [before, after] = sums.entry(&function.name).or_default();
            before.add(function.before);
            after.add(function.after);
        }
        sorted(
            sums.into_iter()
                .map(|(name, [before, after])| FunctionMoved {
                    name: name.to_owned(),
                    before,
                    after,
                }),
        )
    }
}

/// By size and not by sign: if fuel fell, the largest fall is the cause.
fn sorted(moved: impl Iterator<Item = FunctionMoved>) -> Vec<FunctionMoved> {
    let mut moved: Vec<_> = moved.collect();
    let size = |function: &FunctionMoved| function.difference().unsigned_abs();
    moved.sort_by(|a, b| {
        let largest_first = size(b).cmp(&size(a));
        largest_first
            .then_with(|| b.difference().cmp(&a.difference()))
            .then_with(|| a.name.cmp(&b.name))
    });
    moved
}
