//! The call tree while it grows, with recursion folded.

use std::collections::HashMap;

use fractalaw_report::ProfileNode;

use crate::limits::{PROFILE_CALLS, PROFILE_NODES};

/// The nodes, and where each call leads from each of them.
pub(super) struct Tree {
    pub(super) nodes: Vec<ProfileNode>,
    /// The node that a call of a function leads to: a child, or the function's own node further up. Only single
    /// entries are looked up, so the order does not matter.
    leads: HashMap<(u32, u32), u32>,
}

/// The tree has reached the limit of its nodes or of the calls between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Tree {
    pub(super) fn new(roots: impl IntoIterator<Item = u32>) -> Tree {
        let mut tree = Tree {
            nodes: Vec::new(),
            leads: HashMap::new(),
        };
        for function in roots {
            tree.push(None, function);
        }
        tree
    }

    /// Goes from a node to the node of a function called there, and counts the call.
    pub(super) fn call(&mut self, from: u32, function: u32) -> Result<u32, Full> {
        let to = match self.leads.get(&(from, function)) {
            Some(to) => *to,
            None if self.leads.len() >= PROFILE_CALLS => return Err(Full),
            None => {
                let to = match self.above(from, function) {
                    Some(to) => to,
                    None if self.nodes.len() >= PROFILE_NODES => return Err(Full),
                    None => self.push(Some(from), function),
                };
                self.leads.insert((from, function), to);
                to
            }
        };
        self.nodes[to as usize].calls += 1;
        Ok(to)
    }

    /// The node of a function on the path to this one, including this one. A path contains each function at most
    /// once, so it is short however deep the calls are.
    fn above(&self, node: u32, function: u32) -> Option<u32> {
        let mut at = Some(node);
        while let Some(node) = at {
            let ProfileNode {
                parent,
                function: found,
                ..
            } = self.nodes[node as usize];
            if found == function {
                return Some(node);
            }
            at = parent;
        }
        None
    }

    fn push(&mut self, parent: Option<u32>, function: u32) -> u32 {
        let index = self.nodes.len() as u32;
        self.nodes.push(ProfileNode {
            parent,
            function,
            calls: 0,
            own_fuel: 0,
        });
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recursion_goes_back_to_the_node_on_the_path() {
        let mut tree = Tree::new([9]);
        let a = tree.call(0, 1).unwrap();
        let b = tree.call(a, 2).unwrap();
        assert_eq!(tree.call(b, 1), Ok(a));
        assert_eq!(tree.call(a, 1), Ok(a));
        assert_eq!(tree.call(b, 2), Ok(b));
        // On another path it is another node.
        let other = tree.call(0, 2).unwrap();
        assert_ne!(other, b);
        assert_eq!(tree.nodes.len(), 4);
        assert_eq!(tree.nodes[a as usize].calls, 3);
    }

    /// Each function of a path calls all others above it: few nodes, and many calls between them.
    #[test]
    fn recursion_from_everywhere_to_everywhere_is_bounded() {
        let mut tree = Tree::new([0]);
        let depth = 2 * u32::try_from(PROFILE_CALLS.isqrt()).unwrap();
        let mut path = vec![0];
        let full = (1..depth).find_map(|function| {
            let at = tree.call(path[path.len() - 1], function).ok()?;
            path.push(at);
            (0..function).find_map(|above| tree.call(at, above).err())
        });
        assert_eq!(full, Some(Full));
        assert_eq!(tree.leads.len(), PROFILE_CALLS);
        assert!(tree.nodes.len() < 2_000);
    }

    #[test]
    fn a_full_tree_takes_calls_on_known_paths_only() {
        let mut tree = Tree::new([0]);
        for function in 1..PROFILE_NODES as u32 {
            tree.call(0, function).unwrap();
        }
        assert_eq!(tree.call(0, PROFILE_NODES as u32), Err(Full));
        assert_eq!(tree.call(0, 1), Ok(1));
        assert_eq!(tree.call(1, 0), Ok(0));
    }
}
