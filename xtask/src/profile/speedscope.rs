//! A profile as <https://www.speedscope.app> reads it: each stack a sample, weighted with its fuel.

use anyhow::Result;
use serde_json::json;

use super::folded;
use crate::cases::records::Profile;

/// Frames of all stacks together: some tens of megabytes, which is what the page takes without complaint.
const FRAMES: u64 = 4_000_000;

/// The document.
///
/// # Errors
///
/// When it would be too large.
pub(crate) fn document(name: &str, profile: &Profile) -> Result<String> {
    let frames: Vec<_> = profile
        .functions
        .iter()
        .map(|function| json!({ "name": function.name }))
        .collect();
    folded::bounded(profile, "frames in all stacks", FRAMES, |_| 1)?;
    let (mut samples, mut weights) = (Vec::new(), Vec::new());
    for node in profile.nodes.iter().filter(|node| node.own_fuel > 0) {
        samples.push(folded::stack(profile, node));
        weights.push(node.own_fuel);
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
    Ok(serde_json::to_string(&document)? + "\n")
}
