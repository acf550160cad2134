//! A profile as the text that is committed beside a case's cost, and what moved between two of them.
//!
//! It says in a failing test which function became dearer. It is not compared when the cost is as it was: the
//! parts sum to the whole, which is.

use std::collections::BTreeMap;
use std::fmt::Write;

use fractalaw_host::Profile;
use fractalaw_host::terminal::one_line;

/// What one function used in a run: the first line of two that are equal by name holds both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Used {
    pub(crate) calls: u64,
    pub(crate) fuel: u64,
}

/// Own fuel and calls by the functions' names.
pub(crate) type Functions = BTreeMap<String, Used>;

/// What a profile says of each function that used something.
pub(crate) fn of(profile: &Profile) -> Functions {
    let mut functions = Functions::new();
    for function in &profile.functions {
        if function.calls > 0 || function.own_fuel > 0 {
            // The guest's own words, as they are committed and printed.
            let used = functions.entry(one_line(&function.name)).or_default();
            used.calls += function.calls;
            used.fuel += function.own_fuel;
        }
    }
    functions
}

/// One function a line: own fuel, calls, name.
pub(crate) fn text(functions: &Functions) -> String {
    let mut text = String::new();
    for (name, used) in functions {
        writeln!(text, "{} {} {name}", used.fuel, used.calls).expect("a string takes it");
    }
    text
}

/// Reads such a text; lines that are none are left out.
pub(crate) fn parse(text: &str) -> Functions {
    let line = |line: &str| {
        let mut words = line.trim().splitn(3, ' ');
        let fuel = words.next()?.parse().ok()?;
        let calls = words.next()?.parse().ok()?;
        Some((words.next()?.to_owned(), Used { calls, fuel }))
    };
    text.lines().filter_map(line).collect()
}

/// A function whose part moved.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) name: String,
    pub(crate) before: Used,
    pub(crate) after: Used,
}

impl Change {
    pub(crate) fn difference(&self) -> i128 {
        i128::from(self.after.fuel) - i128::from(self.before.fuel)
    }
}

/// What moved, what moved most first.
pub(crate) fn changes(before: &Functions, after: &Functions) -> Vec<Change> {
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let used = |functions: &Functions, name| functions.get(name).copied().unwrap_or_default();
    let mut changes: Vec<_> = names
        .into_iter()
        .map(|name| Change {
            name: name.clone(),
            before: used(before, name),
            after: used(after, name),
        })
        .filter(|change| change.before != change.after)
        .collect();
    sort(&mut changes);
    changes
}

/// The changes of several cases as one, by the functions' names.
pub(crate) fn together<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Vec<Change> {
    let mut sums: BTreeMap<&str, Change> = BTreeMap::new();
    for change in changes {
        let sum = sums.entry(&change.name).or_insert_with(|| Change {
            name: change.name.clone(),
            before: Used::default(),
            after: Used::default(),
        });
        for (sum, part) in [
            (&mut sum.before, change.before),
            (&mut sum.after, change.after),
        ] {
            sum.calls += part.calls;
            sum.fuel += part.fuel;
        }
    }
    let mut changes: Vec<_> = sums.into_values().collect();
    sort(&mut changes);
    changes
}

/// By size and not by sign: when fuel falls, the cause is the largest fall, and stands first too.
fn sort(changes: &mut [Change]) {
    let size = |change: &Change| change.difference().unsigned_abs();
    changes.sort_by(|a, b| {
        let largest_first = size(b).cmp(&size(a));
        largest_first
            .then_with(|| b.difference().cmp(&a.difference()))
            .then_with(|| a.name.cmp(&b.name))
    });
}

/// The first of them as lines for a person.
pub(crate) fn shown(changes: &[Change], most: usize) -> String {
    let mut text = String::new();
    for change in changes.iter().take(most) {
        writeln!(
            text,
            "  {:+} in `{}`: {} → {}, calls {} → {}",
            change.difference(),
            change.name,
            change.before.fuel,
            change.after.fuel,
            change.before.calls,
            change.after.calls,
        )
        .expect("a string takes it");
    }
    if changes.len() > most {
        writeln!(text, "  … and {} more functions", changes.len() - most)
            .expect("a string takes it");
    }
    text
}
