//! An inspection as JSON for programs.

use fractalaw_manifest::terminal;
use serde_json::{Value, json};

use super::inspection::{Inspection, Verdict};
use super::parts::Part;

/// The version of the JSON that [`Inspection::json`] returns. It changes when a field changes its meaning or goes
/// away.
pub const INSPECTION_VERSION: u32 = 1;

pub(super) fn render(inspection: &Inspection, verdict: &Verdict) -> String {
    let pairs = |pairs: &[(String, String)]| {
        pairs
            .iter()
            .map(|(name, text)| json!({ "name": name, "text": text }))
            .collect::<Vec<_>>()
    };
    let producers = inspection
        .producers
        .iter()
        .map(|(role, name, version)| json!({ "role": role, "name": name, "version": version }));
    let is_composed = !inspection.parts.is_empty();
    let (wanted, wanted_omitted) = inspection.wanted();
    let imports = inspection.imports.iter().zip(wanted).map(|(name, wanted)| {
        let mut import = json!({ "name": name, "needs_grant": inspection.needs_grant(name) });
        if is_composed {
            import["wanted_by"] = json!(wanted);
        }
        import
    });
    let asks = inspection.asks();
    let mut value = json!({
        "version": INSPECTION_VERSION,
        "app": {
            "name": inspection.app.name.as_deref(),
            "version": inspection.app.version.as_deref(),
            "sha256": &*inspection.app.digest,
        },
        "bytes": inspection.bytes,
        "manifest": inspection.manifest,
        "metadata": pairs(&inspection.metadata),
        "producers": producers.collect::<Vec<_>>(),
        "imports": imports.collect::<Vec<_>>(),
        "exports": &*inspection.exports,
        "omitted": {
            "metadata": inspection.metadata.omitted(),
            "producers": inspection.producers.omitted(),
            "imports": inspection.imports.omitted(),
            "exports": inspection.exports.omitted(),
        },
        "asks": asks,
        "limits": verdict.limits,
        "grants": verdict.decision,
        "starts": verdict.refusal.is_none(),
        "refusal": verdict.refusal,
    });
    if is_composed {
        value["parts"] = inspection.parts.iter().map(part).collect();
        value["omitted"]["parts"] = inspection.parts.omitted().into();
        value["omitted"]["wanted_by"] = wanted_omitted.into();
    }
    terminal::json(serde_json::to_string_pretty(&value).expect("an inspection is plain data"))
}

fn part(part: &Part) -> Value {
    json!({
        "name": part.name,
        "version": part.version,
        "language": part.language,
        "sha256": part.sha256,
        "imports": &*part.imports,
        "exports": &*part.exports,
    })
}
