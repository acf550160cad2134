//! A profile on the page: the functions that used most, and the call tree as text that the page draws.
//!
//! The tree is two texts, a line for each function and a line for each node, because a rectangle for each
//! node would be twenty times as large and most are never looked at.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::record::{Function, Profile};
use super::written::{Grouped, Share, Shown};

/// Functions in the table.
const MOST_FUNCTIONS: usize = 12;

/// Nodes of a tree; a line of text each.
const MOST_NODES: usize = 5_000;

/// What those that used least are called where they stand together.
const SMALLER: &str = "o [smaller ones]";

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
    /// Nodes that stand together.
    pub(super) left_out: Grouped,
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
    let tree = tree(profile, MOST_NODES);
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
        functions: functions(profile, tree.left_out > 0),
        nodes: tree.lines,
        left_out: Grouped(tree.left_out as u64),
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

fn functions(profile: &Profile, and_smaller: bool) -> Shown {
    let mut lines = String::new();
    for (index, function) in profile.functions.iter().enumerate() {
        let initial = &kind(index, function)[..1];
        let _ = writeln!(lines, "{initial} {}", name(index, function));
    }
    if and_smaller {
        let _ = writeln!(lines, "{SMALLER}");
    }
    Shown::ours(lines)
}

/// The tree with at most about so many nodes: those that used least stand together below their parents, so
/// that the sum stays what it is.
fn tree(profile: &Profile, most: usize) -> Tree {
    let mut totals: Vec<u64> = profile.nodes.iter().map(|node| node.own_fuel).collect();
    for (index, node) in profile.nodes.iter().enumerate().rev() {
        if let Some(parent) = node.parent {
            totals[parent] += totals[index];
        }
    }
    let mut sorted = totals.clone();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    let least = sorted.get(most).map_or(0, |next| next + 1);
    let mut lines = String::new();
    // Where each node that is kept stands among those that are, and what each keeps of the others.
    let mut places: Vec<Option<usize>> = Vec::with_capacity(totals.len());
    let mut kept = 0;
    let mut smaller: BTreeMap<Option<usize>, (u64, u64)> = BTreeMap::new();
    let mut left_out = 0;
    for (node, total) in profile.nodes.iter().zip(&totals) {
        // A node uses no more than its parent, so what is kept is a tree.
        let parent = match node.parent {
            Some(parent) => places[parent],
            None => None,
        };
        let is_below_kept = node.parent.is_none() || parent.is_some();
        if *total >= least {
            line(&mut lines, parent, node.function, node.calls, node.own_fuel);
            places.push(Some(kept));
            kept += 1;
            continue;
        }
        places.push(None);
        left_out += 1;
        if is_below_kept {
            let (calls, fuel) = smaller.entry(parent).or_default();
            *calls += node.calls;
            *fuel += total;
        }
    }
    for (parent, (calls, fuel)) in smaller {
        line(&mut lines, parent, profile.functions.len(), calls, fuel);
    }
    Tree { lines, left_out }
}

struct Tree {
    lines: String,
    left_out: usize,
}

fn line(lines: &mut String, parent: Option<usize>, function: usize, calls: u64, own: u64) {
    let parent = parent.map_or_else(|| "-".to_owned(), |parent| parent.to_string());
    let _ = writeln!(lines, "{parent} {function} {calls} {own}");
}

#[cfg(test)]
mod tests {
    use super::super::record::Node;
    use super::*;

    #[test]
    fn a_large_tree_loses_its_smallest_nodes_and_none_of_its_fuel() {
        let node = |parent, function, own_fuel| Node {
            parent,
            function,
            calls: 1,
            own_fuel,
        };
        let profile = Profile {
            functions: Vec::new(),
            nodes: vec![
                node(None, 0, 1),
                node(None, 1, 100),
                node(Some(1), 2, 50),
                node(Some(1), 3, 4),
                node(Some(3), 4, 3),
                node(Some(1), 5, 2),
                node(Some(2), 6, 1),
            ],
        };
        let whole = tree(&profile, 7);
        assert_eq!(whole.left_out, 0);
        assert_eq!(whole.lines.lines().count(), 7);
        let cut = tree(&profile, 2);
        assert_eq!(cut.left_out, 5);
        assert_eq!(
            cut.lines,
            "- 1 1 100\n0 2 1 50\n- 0 1 1\n0 0 2 9\n1 0 1 1\n"
        );
        for tree in [whole, cut] {
            let own = tree.lines.lines().map(|line| line.rsplit(' ').next());
            let own = own.map(|own| own.unwrap().parse::<u64>().unwrap());
            assert_eq!(own.sum::<u64>(), 161);
        }
    }
}
