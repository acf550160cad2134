//! The profile that guests are built with, taken from the root manifest to cargo's command line.

use anyhow::Result;
use toml::{Table, Value};

use crate::fault::{FAILED, Fault, list};
use crate::project::{Project, read_toml};

/// Its name.
pub(crate) const PROFILE: &str = "guest";

/// All keys of a profile. If one were missing, a machine's configuration could set it.
const KEYS: [&str; 12] = [
    "codegen-units",
    "debug",
    "debug-assertions",
    "incremental",
    "inherits",
    "lto",
    "opt-level",
    "overflow-checks",
    "panic",
    "rpath",
    "split-debuginfo",
    "strip",
];

/// The profile as arguments: `--config profile.guest.KEY=VALUE`.
pub(crate) fn arguments(project: &Project) -> Result<Vec<String>> {
    let manifest = read_toml(&project.root.join("Cargo.toml"))?;
    let none = Table::new();
    let table = manifest
        .get("profile")
        .and_then(|profiles| profiles.get(PROFILE))
        .and_then(Value::as_table)
        .unwrap_or(&none);
    let missing: Vec<_> = KEYS
        .iter()
        .filter(|key| !table.contains_key(**key))
        .collect();
    if !missing.is_empty() {
        return Err(Fault::new(
            FAILED,
            format!(
                "`[profile.{PROFILE}]` in `Cargo.toml` does not say {}",
                list(missing)
            ),
        )
        .hint("write every key, so that no cargo configuration of a machine decides it")
        .into());
    }
    let mut lines = Vec::new();
    flatten(&format!("profile.{PROFILE}"), table, &mut lines);
    Ok(lines
        .into_iter()
        .flat_map(|line| ["--config".to_owned(), line])
        .collect())
}

/// Cargo takes dotted keys on its command line and no inline tables, such as `package.NAME` and `build-override`.
fn flatten(prefix: &str, table: &Table, lines: &mut Vec<String>) {
    for (key, value) in table {
        let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let key = if key.chars().all(bare) {
            key.clone()
        } else {
            // The key as TOML writes a text: quoted, and escaped if needed.
            Value::from(key.as_str()).to_string()
        };
        match value {
            Value::Table(inner) => flatten(&format!("{prefix}.{key}"), inner, lines),
            value => lines.push(format!("{prefix}.{key}={value}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::flatten;

    #[test]
    fn tables_become_dotted_keys() {
        let table = r#"
            lto = "fat"
            build-override = { opt-level = 1 }
            package."*".strip = true
            package."serde@1.0.200" = { opt-level = "z", codegen-units = 4 }
            package.kernels.opt-level = 3
        "#;
        let mut lines = Vec::new();
        flatten("profile.guest", &table.parse().unwrap(), &mut lines);
        lines.sort();
        assert_eq!(
            lines,
            [
                "profile.guest.build-override.opt-level=1",
                "profile.guest.lto=\"fat\"",
                "profile.guest.package.\"*\".strip=true",
                "profile.guest.package.\"serde@1.0.200\".codegen-units=4",
                "profile.guest.package.\"serde@1.0.200\".opt-level=\"z\"",
                "profile.guest.package.kernels.opt-level=3",
            ]
        );
    }
}
