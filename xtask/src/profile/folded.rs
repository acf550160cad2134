//! Folded stacks: a line for each place in the tree of calls, from the outside in, with its own fuel.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::records::Profile;

/// The stacks and their fuel, in the order of the tree; those that used nothing of their own are left out.
pub(crate) fn stacks(profile: &Profile) -> String {
    let mut text = String::new();
    for (stack, fuel) in paths(profile) {
        if fuel > 0 {
            let _ = writeln!(text, "{stack} {fuel}");
        }
    }
    text
}

/// Those of two profiles with both figures, as differential flame graphs are made from.
pub(crate) fn both(before: &Profile, after: &Profile) -> String {
    let mut stacks: BTreeMap<String, [u64; 2]> = BTreeMap::new();
    for (place, profile) in [before, after].into_iter().enumerate() {
        for (stack, fuel) in paths(profile) {
            stacks.entry(stack).or_default()[place] += fuel;
        }
    }
    let mut text = String::new();
    for (stack, [before, after]) in stacks {
        if before > 0 || after > 0 {
            let _ = writeln!(text, "{stack} {before} {after}");
        }
    }
    text
}

fn paths(profile: &Profile) -> Vec<(String, u64)> {
    let mut paths: Vec<(String, u64)> = Vec::with_capacity(profile.nodes.len());
    for node in &profile.nodes {
        let name = frame(&profile.functions[node.function as usize].name);
        // A node stands behind its parent.
        let path = match node.parent {
            Some(parent) => format!("{};{name}", paths[parent as usize].0),
            None => name,
        };
        paths.push((path, node.own_fuel));
    }
    paths
}

/// A name as it may stand in a stack, where `;` parts the frames, and a line holds one stack.
pub(crate) fn frame(name: &str) -> String {
    name.chars()
        .map(|character| match character {
            ';' => ':',
            character if character.is_control() => '\u{fffd}',
            character => character,
        })
        .collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::profile::{difference, speedscope};
    use crate::records::{Function, Node};

    /// `outer` calls `in; ner` twice, which uses so much.
    pub(crate) fn small(inner: u64) -> Profile {
        let function = |name: &str, calls, own_fuel, total_fuel| Function {
            name: name.to_owned(),
            calls,
            own_fuel,
            total_fuel,
        };
        let node = |parent, function, calls, own_fuel| Node {
            parent,
            function,
            calls,
            own_fuel,
        };
        Profile {
            functions: vec![
                function("[instantiation]", 1, 1, 1),
                function("[run]", 1, 0, 3 + inner),
                function("outer", 1, 3, 3 + inner),
                function("in; ner", 2, inner, inner),
            ],
            nodes: vec![
                node(None, 0, 1, 1),
                node(None, 1, 1, 0),
                node(Some(1), 2, 1, 3),
                node(Some(2), 3, 2, inner),
            ],
        }
    }

    #[test]
    fn stacks_sum_to_the_whole_and_a_semicolon_parts_no_name() {
        assert_eq!(
            stacks(&small(5)),
            "[instantiation] 1\n[run];outer 3\n[run];outer;in: ner 5\n"
        );
        assert_eq!(
            both(&small(5), &small(7)),
            "[instantiation] 1 1\n[run];outer 3 3\n[run];outer;in: ner 5 7\n"
        );
        let document = speedscope::document("small", &small(5)).unwrap();
        let document: serde_json::Value = serde_json::from_str(&document).unwrap();
        let profile = &document["profiles"][0];
        assert_eq!(profile["weights"], serde_json::json!([1, 3, 5]));
        assert_eq!(
            profile["samples"],
            serde_json::json!([[0], [1, 2], [1, 2, 3]])
        );
        assert_eq!(profile["endValue"], 9);
    }

    #[test]
    fn only_what_moved_is_a_difference_and_what_moved_most_stands_first() {
        let (before, mut after) = (small(9), small(5));
        // Of two that moved by as much, the one that became dearer; the call of `[run]` moved least.
        after.functions[2].own_fuel = 7;
        after.functions[1].own_fuel = 1;
        let changes = difference::functions(&before, &after);
        let found: Vec<_> = changes
            .iter()
            .map(|change| (&*change.name, change.difference()))
            .collect();
        assert_eq!(found, [("outer", 4), ("in; ner", -4), ("[run]", 1)]);
        after.functions[3].own_fuel = 1;
        let changes = difference::functions(&before, &after);
        assert_eq!(changes[0].name, "in; ner");
        assert_eq!(changes[0].difference(), -8);
        assert!(difference::functions(&before, &before).is_empty());
    }
}
