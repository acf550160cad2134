//! The flame graph of a profile, as text that the page's script draws: a line for each function and one for each
//! node of the tree. A rectangle for each node would be twenty times as large, and most nodes are never looked
//! at.

use std::collections::BTreeMap;
use std::fmt::Write;

use fractalaw_report::{OUTSIDE, Profile};

use super::shown::{Grouped, Shown};

/// The script that draws it.
pub(crate) const SCRIPT: &str = include_str!("../../templates/flame.js");

/// The nodes of a tree. Each is a line of text.
const MOST_NODES: usize = 5_000;

/// The name of the node that collects those that used least.
const SMALLER: &str = "o [smaller ones]";

/// The characters of a name. Demangled names of generic functions reach thousands.
const NAME_CHARACTERS: usize = 300;

/// A graph on the page.
#[derive(Debug)]
pub(crate) struct Flame {
    pub(crate) total: Grouped,
    /// Kind and name, such as `g malloc`, one on each line.
    pub(crate) functions: Shown,
    /// `parent function calls own-fuel`, one on each line, after the line of the parent. The parent of a root is
    /// `-`. Beside an earlier profile, the own fuel in that profile comes last.
    pub(crate) nodes: String,
    /// The nodes that were collected into others.
    pub(crate) left_out: Grouped,
}

impl Flame {
    /// The graph of a profile, beside an earlier one if there is one.
    pub(crate) fn of(profile: &Profile, before: Option<&Profile>) -> Flame {
        let graph = match before {
            Some(before) => Graph::of_both(before, profile),
            None => Graph::of(profile),
        };
        let tree = graph.tree(MOST_NODES);
        let mut functions = graph.functions.join("\n") + "\n";
        if tree.left_out > 0 {
            functions += &format!("{SMALLER}\n");
        }
        Flame {
            total: Grouped(graph.nodes.iter().map(|node| node.own).sum()),
            functions: Shown::ours(functions),
            nodes: tree.lines,
            left_out: Grouped(tree.left_out as u64),
        }
    }
}

/// Whose a function is. The first ones of a profile are not the component's, and functions without a module are
/// the host's.
pub(crate) fn kind(profile: &Profile, function: usize) -> &'static str {
    match profile.functions[function].module {
        _ if function < OUTSIDE.len() => "outside",
        None => "host",
        Some(_) => "guest",
    }
}

/// The name of a function for a page.
pub(crate) fn name(profile: &Profile, function: usize) -> Shown {
    let name = Shown::start_of_line(&profile.functions[function].name, NAME_CHARACTERS);
    if kind(profile, function) == "host" {
        // The colour says this too. The name of a guest's own function could imitate it.
        let name = name.to_string();
        return Shown::ours(name.strip_prefix("[host] ").unwrap_or(&name));
    }
    name
}

/// A call tree.
struct Graph {
    /// Kind and name of each function.
    functions: Vec<String>,
    nodes: Vec<Node>,
    /// Whether each node has a figure from before.
    has_before: bool,
}

/// A node. It comes after its parent.
#[derive(Clone, Copy, Default)]
struct Node {
    parent: Option<usize>,
    function: usize,
    calls: u64,
    own: u64,
    before: u64,
}

struct Tree {
    lines: String,
    left_out: usize,
}

/// Kind and name of each function.
fn functions(profile: &Profile) -> impl Iterator<Item = String> {
    let functions = 0..profile.functions.len();
    functions.map(|index| format!("{} {}", &kind(profile, index)[..1], name(profile, index)))
}

impl Graph {
    fn of(profile: &Profile) -> Graph {
        let nodes = profile.nodes.iter().map(|node| Node {
            parent: node.parent.map(|parent| parent as usize),
            function: node.function as usize,
            calls: node.calls,
            own: node.own_fuel,
            before: 0,
        });
        Graph {
            functions: functions(profile).collect(),
            nodes: nodes.collect(),
            has_before: false,
        }
    }

    /// Two trees as one. Across two builds, only the names of functions can be compared.
    fn of_both(before: &Profile, now: &Profile) -> Graph {
        let mut graph = Graph {
            functions: Vec::new(),
            nodes: Vec::new(),
            has_before: true,
        };
        let mut known = BTreeMap::new();
        let mut places = BTreeMap::new();
        for (profile, is_now) in [(now, true), (before, false)] {
            let own: Vec<usize> = functions(profile)
                .map(|line| {
                    *known.entry(line.clone()).or_insert_with(|| {
                        graph.functions.push(line);
                        graph.functions.len() - 1
                    })
                })
                .collect();
            let mut merged: Vec<usize> = Vec::with_capacity(profile.nodes.len());
            for node in &profile.nodes {
                let parent = node.parent.map(|parent| merged[parent as usize]);
                let function = own[node.function as usize];
                let place = *places.entry((parent, function)).or_insert_with(|| {
                    let node = Node {
                        parent,
                        function,
                        ..Node::default()
                    };
                    graph.nodes.push(node);
                    graph.nodes.len() - 1
                });
                merged.push(place);
                let merged = &mut graph.nodes[place];
                if is_now {
                    merged.calls += node.calls;
                    merged.own += node.own_fuel;
                } else {
                    merged.before += node.own_fuel;
                }
            }
        }
        graph
    }

    /// The tree with about `most` nodes. The nodes that used least are collected below their parents, so that the
    /// sum stays the same.
    fn tree(&self, most: usize) -> Tree {
        // Own fuel with the fuel of everything that it calls, now and before.
        let mut totals: Vec<[u64; 2]> = self
            .nodes
            .iter()
            .map(|node| [node.own, node.before])
            .collect();
        for (index, node) in self.nodes.iter().enumerate().rev() {
            if let Some(parent) = node.parent {
                let [own, before] = totals[index];
                totals[parent][0] += own;
                totals[parent][1] += before;
            }
        }
        let size = |[own, before]: &[u64; 2]| own.saturating_add(*before);
        let mut sizes: Vec<u64> = totals.iter().map(size).collect();
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        let least = sizes.get(most).map_or(0, |next| next + 1);
        let mut tree = Tree {
            lines: String::new(),
            left_out: 0,
        };
        // The position of each node that is kept, and what each collects of the others.
        let mut places: Vec<Option<usize>> = Vec::with_capacity(totals.len());
        let mut kept = 0;
        let mut smaller: BTreeMap<Option<usize>, Node> = BTreeMap::new();
        for (node, total) in self.nodes.iter().zip(&totals) {
            // A node uses no more than its parent, so the nodes that are kept are a tree.
            let parent = node.parent.and_then(|parent| places[parent]);
            if size(total) >= least {
                self.line(&mut tree.lines, Node { parent, ..*node });
                places.push(Some(kept));
                kept += 1;
                continue;
            }
            places.push(None);
            tree.left_out += 1;
            if node.parent.is_none() || parent.is_some() {
                let together = smaller.entry(parent).or_default();
                together.calls += node.calls;
                together.own += total[0];
                together.before += total[1];
            }
        }
        for (parent, together) in smaller {
            let function = self.functions.len();
            self.line(
                &mut tree.lines,
                Node {
                    parent,
                    function,
                    ..together
                },
            );
        }
        tree
    }

    fn line(&self, lines: &mut String, node: Node) {
        let parent = node
            .parent
            .map_or_else(|| "-".to_owned(), |parent| parent.to_string());
        let _ = write!(
            lines,
            "{parent} {} {} {}",
            node.function, node.calls, node.own
        );
        if self.has_before {
            let _ = write!(lines, " {}", node.before);
        }
        lines.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::samples::small;

    #[test]
    fn a_large_tree_loses_its_smallest_nodes_and_none_of_its_fuel() {
        let node = |parent, function, own| Node {
            parent,
            function,
            calls: 1,
            own,
            before: 0,
        };
        let graph = Graph {
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
            has_before: false,
        };
        let whole = graph.tree(7);
        assert_eq!(whole.left_out, 0);
        assert_eq!(whole.lines.lines().count(), 7);
        let cut = graph.tree(2);
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

    #[test]
    fn beside_an_earlier_profile_each_node_has_both_figures() {
        let now = small(5);
        let flame = Flame::of(&now, None);
        assert_eq!(
            flame.functions.to_string(),
            "o [instantiation]\no [run]\no [post-return]\ng outer\ng in; ner\n"
        );
        assert_eq!(flame.nodes, "- 0 1 1\n- 1 1 0\n1 3 1 3\n2 4 2 5\n");
        // A function that is gone and one that is new are both in the tree.
        let mut before = small(7);
        before.functions[3].name = "was outer".to_owned();
        let flame = Flame::of(&now, Some(&before));
        assert_eq!(flame.total.to_string(), "9");
        assert_eq!(
            flame.functions.to_string(),
            "o [instantiation]\no [run]\no [post-return]\ng outer\ng in; ner\ng was outer\n"
        );
        assert_eq!(
            flame.nodes,
            "- 0 1 1 1\n- 1 1 0 0\n1 3 1 3 0\n2 4 2 5 0\n1 5 0 0 3\n4 4 0 0 7\n"
        );
    }
}
