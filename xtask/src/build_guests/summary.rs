//! The result of building the guests: the table for people, the JSON for tools.

use fractalaw_manifest::Tier;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::contract::is_wasi;
use crate::project::Project;
use crate::tables;

/// The version of the JSON's shape. It changes when a key is removed or changes its meaning.
const SCHEMA_VERSION: u32 = 1;

/// A built guest.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Summary {
    pub(crate) name: String,
    pub(crate) tier: Tier,
    /// `None` if the guest's tools make a component at once.
    pub(crate) core_bytes: Option<usize>,
    pub(crate) component_bytes: usize,
    /// The full names of the imported interfaces, sorted.
    pub(crate) imports: Vec<String>,
}

/// Whether a build changed anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Fresh,
    Rebuilt,
}

/// A guest after a successful build.
#[derive(Clone, Debug)]
pub(crate) struct Built {
    pub(crate) summary: Summary,
    pub(crate) status: Status,
}

/// The table, with one guest on each line.
pub(crate) fn table(built: &[Built]) -> String {
    let mut table = tables::start(["guest", "tier", "core", "component", "imports", "state"]);
    for Built { summary, status } in built {
        table.add_row([
            summary.name.clone(),
            summary.tier.to_string(),
            summary.core_bytes.map_or_else(|| "-".to_owned(), bytes),
            bytes(summary.component_bytes),
            imports(&summary.imports),
            format!("{status:?}").to_lowercase(),
        ]);
    }
    let text = tables::text(table, |column| matches!(column, 2 | 3));
    text.trim_end().to_owned()
}

/// The JSON: `{"schema-version": 1, "guests": [...], "failures": [...]}`.
///
/// A guest has `name`, `tier`, `core-path`, `core-bytes`, `component-path`, `component-bytes`, `imports` (the
/// full names of interfaces, sorted) and `state` (`fresh` or `rebuilt`). The core module's path and size are `null` if
/// the guest's tools make a component at once. A failure has `name` and `message`.
pub(crate) fn json(project: &Project, built: &[Built], failures: &[(String, String)]) -> String {
    let guests = built.iter().map(|Built { summary, status }| {
        json!({
            "name": summary.name,
            "tier": summary.tier,
            "core-path": summary.core_bytes.map(|_| project.core_module(&summary.name)),
            "core-bytes": summary.core_bytes,
            "component-path": project.component(&summary.name),
            "component-bytes": summary.component_bytes,
            "imports": summary.imports,
            "state": status,
        })
    });
    let failures = failures
        .iter()
        .map(|(name, message)| json!({ "name": name, "message": message }));
    let document = json!({
        "schema-version": SCHEMA_VERSION,
        "guests": guests.collect::<Vec<_>>(),
        "failures": failures.collect::<Vec<_>>(),
    });
    format!("{document:#}")
}

/// A size for people, exact to a tenth.
fn bytes(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

/// Our interfaces by their short names, and the number of WASI's.
fn imports(names: &[String]) -> String {
    let (wasi, own): (Vec<&str>, Vec<&str>) = names
        .iter()
        .map(String::as_str)
        .partition(|name| is_wasi(name));
    let mut parts: Vec<String> = own.into_iter().map(|name| short(name).to_owned()).collect();
    if !wasi.is_empty() {
        parts.push(format!("{} of wasi", wasi.len()));
    }
    if parts.is_empty() {
        "none".to_owned()
    } else {
        parts.join(", ")
    }
}

/// `audit-log` for `fractal:app/audit-log@0.1.0`.
fn short(name: &str) -> &str {
    let name = name.rsplit_once('/').map_or(name, |(_, name)| name);
    name.split_once('@').map_or(name, |(name, _)| name)
}
