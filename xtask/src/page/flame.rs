//! A profile on the page: the functions that used most, and the call tree as text that the page draws.
//!
//! The tree is two texts, a line for each function and a line for each node, because a rectangle for each
//! node would be twenty times as large and most are never looked at.

use std::fmt::Write;

use super::record::{Function, Profile};
use super::written::{Grouped, Share, Shown};

/// Functions in the table.
const MOST_FUNCTIONS: usize = 12;

/// Characters of a name; demangled ones of generic functions reach thousands.
const NAME_CHARACTERS: usize = 300;

/// A profile as it stands on the page.
#[derive(Debug)]
pub(super) struct Flame {
    /// By own fuel, most first.
    pub(super) top: Vec<TopFunction>,
    /// Those that are not in the table, and their own fuel.
    pub(super) others: Option<(Grouped, Grouped, Share)>,
    pub(super) count: Grouped,
    pub(super) total: Grouped,
    /// Kind and name, such as `g malloc`: one a line.
    pub(super) functions: Shown,
    /// `parent function calls own-fuel`, the parent `-` for a root: one a line, behind its parent's.
    pub(super) nodes: String,
}

/// A line of the table.
#[derive(Debug)]
pub(super) struct TopFunction {
    pub(super) name: Shown,
    pub(super) kind: &'static str,
    pub(super) calls: Grouped,
    pub(super) own: Grouped,
    pub(super) own_share: Share,
    pub(super) total: Grouped,
}

pub(super) fn flame(profile: &Profile) -> Flame {
    let whole = profile
        .functions
        .iter()
        .map(|function| function.own_fuel)
        .sum();
    let share = |part| Share { part, whole };
    let mut by_own: Vec<(usize, &Function)> = profile.functions.iter().enumerate().collect();
    by_own.sort_by(|(a_index, a), (b_index, b)| {
        b.own_fuel.cmp(&a.own_fuel).then(a_index.cmp(b_index))
    });
    by_own.retain(|(_, function)| function.own_fuel > 0);
    let rest = by_own.split_off(by_own.len().min(MOST_FUNCTIONS));
    let rest_own = rest.iter().map(|(_, function)| function.own_fuel).sum();
    Flame {
        top: by_own
            .iter()
            .map(|(index, function)| TopFunction {
                name: name(*index, function),
                kind: kind(*index, function),
                calls: Grouped(function.calls),
                own: Grouped(function.own_fuel),
                own_share: share(function.own_fuel),
                total: Grouped(function.total_fuel),
            })
            .collect(),
        others: (!rest.is_empty()).then(|| {
            (
                Grouped(rest.len() as u64),
                Grouped(rest_own),
                share(rest_own),
            )
        }),
        count: Grouped(profile.functions.len() as u64),
        total: Grouped(whole),
        functions: functions(profile),
        nodes: nodes(profile),
    }
}

/// The first three are none of the component's, and what has no module is the host's.
pub(super) fn kind(index: usize, function: &Function) -> &'static str {
    match function.module {
        _ if index < 3 => "outside",
        None => "host",
        Some(_) => "guest",
    }
}

fn name(index: usize, function: &Function) -> Shown {
    let name = function.name.start_of_line(NAME_CHARACTERS);
    if kind(index, function) == "host" {
        // The colour says so, and the name of a function of the guest's own could say it too.
        let name = name.to_string();
        return Shown::ours(name.strip_prefix("[host] ").unwrap_or(&name));
    }
    name
}

fn functions(profile: &Profile) -> Shown {
    let mut lines = String::new();
    for (index, function) in profile.functions.iter().enumerate() {
        let initial = &kind(index, function)[..1];
        let _ = writeln!(lines, "{initial} {}", name(index, function));
    }
    Shown::ours(lines)
}

fn nodes(profile: &Profile) -> String {
    let mut lines = String::new();
    for node in &profile.nodes {
        match node.parent {
            Some(parent) => write!(lines, "{parent}"),
            None => write!(lines, "-"),
        }
        .and_then(|()| writeln!(lines, " {} {} {}", node.function, node.calls, node.own_fuel))
        .expect("a string takes it");
    }
    lines
}
