//! An inspection as text for people.

use fractalaw_report::{Item, Listed, grouped};

use super::inspection::{Inspection, Verdict};
use fractalaw_manifest::terminal::{lines, one_line};

pub(super) fn render(inspection: &Inspection, verdict: &Verdict) -> String {
    let app = &inspection.app;
    let name = app.name.as_deref().map_or("unnamed".to_owned(), one_line);
    let version = app.version.as_deref().map_or(String::new(), one_line);
    let mut text = format!("{} {version}", name).trim_end().to_owned() + "\n";
    let mut part = |label: &str, lines: Vec<String>| {
        for (index, line) in lines.iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            text += format!("  {label:<10}{line}").trim_end();
            text += "\n";
        }
    };
    part("sha256", vec![app.digest.to_string()]);
    part(
        "size",
        vec![format!("{} bytes", grouped(inspection.bytes as u64))],
    );
    part("manifest", vec![manifest(inspection)]);
    part("asks for", items(&inspection.asks()));
    part(
        "metadata",
        listed(&inspection.metadata, |(name, text)| {
            format!("{name}: {}", one_line(text))
        }),
    );
    part(
        "made by",
        listed(&inspection.producers, |(role, name, version)| {
            one_line(&format!("{name} {version}")).trim_end().to_owned()
                + &format!(" ({})", one_line(role))
        }),
    );
    let (wanted, _) = inspection.wanted();
    let mut wanted = wanted.into_iter();
    part(
        "imports",
        listed(&inspection.imports, |import| {
            let parts = wanted.next().unwrap_or_default();
            match inspection.needs_grant(import) {
                Some(_) => {
                    let wanted = match parts.is_empty() {
                        true => String::new(),
                        false => format!(", for {}", one_line(&parts.join(", "))),
                    };
                    format!("{}  needs a grant{wanted}", one_line(import))
                }
                None => one_line(import),
            }
        }),
    );
    part(
        "exports",
        listed(&inspection.exports, |export| one_line(export)),
    );
    part(
        "parts",
        listed(&inspection.parts, |part| {
            let version = part.version.as_deref().unwrap_or_default();
            let name = one_line(&format!("{} {version}", part.name));
            let language = part.language.as_deref().map_or(String::new(), |language| {
                format!("  in {}", one_line(language))
            });
            let exports: Vec<_> = part.exports.iter().map(|export| one_line(export)).collect();
            let exports = match exports.is_empty() {
                true => String::new(),
                false => format!("  exports {}", exports.join(", ")),
            };
            let name = name.trim_end();
            format!("{name}{language}  sha256 {}{exports}", part.sha256)
        }),
    );
    part("policy", vec![policy(verdict)]);
    let granted = verdict.decision.granted.iter();
    part(
        "granted",
        granted
            .map(|granted| format!("{} ({})", granted.item, granted.by.name()))
            .collect(),
    );
    part("not asked", items(&verdict.decision.not_asked));
    match &verdict.refusal {
        None => text += "it starts\n",
        Some(refusal) => {
            text += &format!("it does not start: {}\n", lines(&refusal.to_string()));
            text += &format!("hint: {}\n", refusal.hint());
        }
    }
    text
}

/// A line for each item, and one line for those that are only counted.
fn listed<T>(listed: &Listed<T>, line: impl FnMut(&T) -> String) -> Vec<String> {
    let omitted = listed.omitted();
    let more = (omitted > 0).then(|| format!("and {} more", grouped(omitted)));
    listed.iter().map(line).chain(more).collect()
}

fn items(items: &[Item]) -> Vec<String> {
    items.iter().map(Item::to_string).collect()
}

fn manifest(inspection: &Inspection) -> String {
    match &inspection.manifest {
        None => "none: the defaults hold".to_owned(),
        Some(manifest) => {
            let json = serde_json::to_string(manifest).expect("a manifest is plain data");
            one_line(&json)
        }
    }
}

fn policy(verdict: &Verdict) -> String {
    let Some(id) = &verdict.decision.policy else {
        return "none".to_owned();
    };
    let path = one_line(&id.path.display().to_string());
    let sections: Vec<_> = verdict
        .decision
        .sections
        .iter()
        .map(|name| format!("`{}`", one_line(name)))
        .collect();
    let sections = if sections.is_empty() {
        "no section is about it".to_owned()
    } else {
        sections.join(", ")
    };
    format!("`{path}`, sha256 {}: {sections}", id.sha256)
}
