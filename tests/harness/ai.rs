//! The models of a case.

use anyhow::{Result, anyhow};
use fractalaw_host::Section;
use serde::Deserialize;
use toml::Value;

/// What stands in a case under `[ai]`: the same as in a policy under `ai`. A name also grants the interface that needs it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct AiSpec {
    embed: Option<Value>,
    classify: Option<Value>,
    examples: Option<Value>,
    texts: Option<Value>,
}

impl AiSpec {
    /// Lines of policy that grant it.
    pub(crate) fn section(&self) -> Result<Section> {
        let mut lines = String::new();
        for (name, value, interface) in [
            ("embed", &self.embed, Some("ai-embeddings")),
            ("classify", &self.classify, Some("ai-classify")),
            ("examples", &self.examples, None),
            ("texts", &self.texts, None),
        ] {
            let Some(value) = value else { continue };
            lines += &format!("ai.{name} = {value}\n");
            if let Some(interface) = interface {
                lines += &format!("interfaces.\"fractal:app/{interface}\" = true\n");
            }
        }
        Section::parse(&lines).map_err(|error| anyhow!("`[ai]`: {error}\nhint: {}", error.hint))
    }
}
