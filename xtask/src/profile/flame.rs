//! The flame graph: an SVG that any browser opens, with zoom and search.

use anyhow::{Context, Result};
use inferno::flamegraph::{self, Options};

use super::folded;
use crate::cases::records::Profile;

/// The graph of a profile; beside an earlier one, coloured by what became dearer (red) and cheaper (blue).
pub(crate) fn graph(name: &str, before: Option<&Profile>, now: &Profile) -> Result<String> {
    let stacks = match before {
        Some(before) => folded::both(before, now)?,
        None => folded::stacks(now)?,
    };
    let mut options = Options::default();
    options.title = format!("fuel of {name}");
    options.count_name = "fuel".to_owned();
    options.deterministic = true;
    let mut svg = Vec::new();
    flamegraph::from_lines(&mut options, stacks.lines(), &mut svg)
        .context("cannot draw the flame graph")?;
    String::from_utf8(svg).context("the flame graph is no text")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::folded::tests::small;

    #[test]
    fn a_graph_has_each_function_and_the_same_bytes_each_time() {
        let profile = small(5);
        let svg = graph("small", None, &profile).unwrap();
        assert_eq!(svg, graph("small", None, &profile).unwrap());
        for name in ["[run]", "outer", "in: ner", "fuel of small"] {
            assert!(svg.contains(name), "{name}");
        }
        let difference = graph("small", Some(&small(4)), &profile).unwrap();
        assert_ne!(svg, difference);
    }
}
