//! The functions that used most, as a table.

use fractalaw_report::{FunctionFuel, Profile};

use crate::page::flame::{kind, name};
use crate::page::shown::{Grouped, Share, Shown};

/// The functions in the table.
const MOST_FUNCTIONS: usize = 12;

/// The table.
#[derive(Debug)]
pub(super) struct Functions {
    /// By own fuel, largest first.
    pub(super) top: Vec<TopFunction>,
    /// The number of functions that are not in the table, and their own fuel.
    pub(super) others: Option<(Grouped, Grouped, Share)>,
    pub(super) count: Grouped,
    pub(super) total: Grouped,
}

/// A row of the table.
#[derive(Debug)]
pub(super) struct TopFunction {
    pub(super) name: Shown,
    pub(super) kind: &'static str,
    pub(super) calls: Grouped,
    pub(super) own: Grouped,
    pub(super) own_share: Share,
    pub(super) total: Grouped,
}

pub(super) fn functions(profile: &Profile) -> Functions {
    let functions = &profile.functions;
    let whole = functions.iter().map(|function| function.own_fuel).sum();
    let share = |part| Share { part, whole };
    let mut by_own: Vec<(usize, &FunctionFuel)> = functions.iter().enumerate().collect();
    by_own.sort_by(|(a_index, a), (b_index, b)| {
        b.own_fuel.cmp(&a.own_fuel).then(a_index.cmp(b_index))
    });
    by_own.retain(|(_, function)| function.own_fuel > 0);
    let rest = by_own.split_off(by_own.len().min(MOST_FUNCTIONS));
    let rest_own = rest.iter().map(|(_, function)| function.own_fuel).sum();
    let line = |(index, function): &(usize, &FunctionFuel)| TopFunction {
        name: name(profile, *index),
        kind: kind(profile, *index),
        calls: Grouped(function.calls),
        own: Grouped(function.own_fuel),
        own_share: share(function.own_fuel),
        total: Grouped(function.total_fuel),
    };
    Functions {
        top: by_own.iter().map(line).collect(),
        others: (!rest.is_empty()).then(|| {
            let count = Grouped(rest.len() as u64);
            (count, Grouped(rest_own), share(rest_own))
        }),
        count: Grouped(functions.len() as u64),
        total: Grouped(whole),
    }
}
