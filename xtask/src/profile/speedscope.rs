//! A profile as <https://www.speedscope.app> reads it: each stack a sample, weighted with its fuel.

use anyhow::Result;
use serde_json::json;

use crate::records::Profile;

/// The document.
pub(crate) fn document(name: &str, profile: &Profile) -> Result<String> {
    let frames: Vec<_> = profile
        .functions
        .iter()
        .map(|function| json!({ "name": function.name }))
        .collect();
    let mut stacks: Vec<Vec<u32>> = Vec::with_capacity(profile.nodes.len());
    let (mut samples, mut weights) = (Vec::new(), Vec::new());
    for node in &profile.nodes {
        let mut stack = node
            .parent
            .map_or_else(Vec::new, |parent| stacks[parent as usize].clone());
        stack.push(node.function);
        if node.own_fuel > 0 {
            samples.push(stack.clone());
            weights.push(node.own_fuel);
        }
        stacks.push(stack);
    }
    let whole: u64 = weights.iter().sum();
    let document = json!({
        "$schema": "https://www.speedscope.app/file-format-schema.json",
        "exporter": "cargo xtask profile",
        "name": name,
        "shared": { "frames": frames },
        "profiles": [{
            "type": "sampled",
            "name": name,
            // Fuel is a number of units, and of what is none of the format's.
            "unit": "none",
            "startValue": 0,
            "endValue": whole,
            "samples": samples,
            "weights": weights,
        }],
    });
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}
