//! Folded stacks: a line for each node of the call tree, outermost function first, with its own fuel.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::Result;
use fractalaw_manifest::terminal::one_line;
use fractalaw_report::{Profile, ProfileNode};

use crate::fault::{FAILED, Fault};
use crate::numbers::grouped;

/// The most bytes of all stacks together. Other tools read them. Each stack repeats the names of all functions
/// around it, so the stacks of a deep profile are many times its size.
const STACKS_BYTES: u64 = 64 << 20;

/// The stacks and their fuel, in the order of the tree. Stacks without fuel of their own are left out.
///
/// # Errors
///
/// If they are too large.
pub(crate) fn stacks(profile: &Profile) -> Result<String> {
    let stacks = Stacks::of(profile)?;
    let mut text = String::new();
    for (node, fuel) in stacks.with_fuel() {
        let _ = writeln!(text, "{} {fuel}", stacks.text(node));
    }
    Ok(text)
}

/// The stacks of two profiles with both figures, for differential flame graphs.
///
/// # Errors
///
/// If they are too large.
pub(crate) fn both(before: &Profile, after: &Profile) -> Result<String> {
    let mut together: BTreeMap<String, [u64; 2]> = BTreeMap::new();
    for (place, profile) in [before, after].into_iter().enumerate() {
        let stacks = Stacks::of(profile)?;
        for (node, fuel) in stacks.with_fuel() {
            together.entry(stacks.text(node)).or_default()[place] += fuel;
        }
    }
    let mut text = String::new();
    for (stack, [before, after]) in together {
        let _ = writeln!(text, "{stack} {before} {after}");
    }
    Ok(text)
}

/// A profile whose stacks are within the bound.
struct Stacks<'a> {
    profile: &'a Profile,
    /// By function.
    frames: Vec<String>,
}

impl Stacks<'_> {
    fn of(profile: &Profile) -> Result<Stacks<'_>> {
        let functions = profile.functions.iter();
        let frames: Vec<String> = functions.map(|function| frame(&function.name)).collect();
        check_size(profile, &frames)?;
        Ok(Stacks { profile, frames })
    }

    fn with_fuel(&self) -> impl Iterator<Item = (&ProfileNode, u64)> {
        let nodes = self.profile.nodes.iter();
        nodes
            .filter(|node| node.own_fuel > 0)
            .map(|node| (node, node.own_fuel))
    }

    /// The names, outermost first.
    fn text(&self, node: &ProfileNode) -> String {
        let mut names = vec![&*self.frames[node.function as usize]];
        let mut at = node.parent;
        while let Some(parent) = at {
            let parent = &self.profile.nodes[parent as usize];
            names.push(&*self.frames[parent.function as usize]);
            at = parent.parent;
        }
        names.reverse();
        names.join(";")
    }
}

/// Checks that all stacks together are within the bound, without making a stack.
fn check_size(profile: &Profile, frames: &[String]) -> Result<()> {
    let mut sizes: Vec<u64> = Vec::with_capacity(profile.nodes.len());
    let mut whole = 0_u64;
    for node in &profile.nodes {
        // A node comes after its parent.
        let around = node.parent.map_or(0, |parent| sizes[parent as usize]);
        let size = around.saturating_add(frames[node.function as usize].len() as u64 + 1);
        sizes.push(size);
        if node.own_fuel > 0 {
            whole = whole.saturating_add(size);
        }
    }
    if whole <= STACKS_BYTES {
        return Ok(());
    }
    let message = format!(
        "the profile has {} bytes of stacks, expected at most {}",
        grouped(whole),
        grouped(STACKS_BYTES)
    );
    Err(Fault::new(FAILED, message)
        .hint("`--format table` and `--format json` show it without stacks")
        .into())
}

/// The name for a stack, in which `;` separates the frames and a line contains one stack.
fn frame(name: &str) -> String {
    one_line(name).replace(';', ":")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::samples::{deep, small};

    #[test]
    fn stacks_sum_to_the_whole_and_a_semicolon_parts_no_name() {
        assert_eq!(
            stacks(&small(5)).unwrap(),
            "[instantiation] 1\n[run];outer 3\n[run];outer;in: ner 5\n"
        );
        assert_eq!(
            both(&small(5), &small(7)).unwrap(),
            "[instantiation] 1 1\n[run];outer 3 3\n[run];outer;in: ner 5 7\n"
        );
    }

    /// Each function calls the next: a million bytes of names, and a thousand times as many of stacks.
    #[test]
    fn stacks_that_are_too_much_are_told_before_they_are_made() {
        let shallow = stacks(&deep(100, 1_000)).unwrap();
        // 100 lines, with 1 to 100 names and a separator after each, and the fuel.
        assert_eq!(shallow.len(), 5_050 * 1_001 + 100 * 2);
        let profile = deep(1_200, 1_000);
        let hint = "hint: `--format table` and `--format json` show it without stacks";
        let expected = format!(
            "the profile has 721,320,600 bytes of stacks, expected at most 67,108,864\n{hint}"
        );
        assert_eq!(stacks(&profile).unwrap_err().to_string(), expected);
        assert_eq!(both(&profile, &profile).unwrap_err().to_string(), expected);
    }
}
