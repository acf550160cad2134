//! The models of a case.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use fractalaw_host::Section;
use serde::Deserialize;
use toml::Value;

use crate::regular;

/// What stands in a case under `[ai]`: the same as in a policy under `ai`, and the file with recorded answers. A name also
/// grants the interface that needs it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct AiSpec {
    embed: Option<Value>,
    classify: Option<Value>,
    generate: Option<Value>,
    examples: Option<Value>,
    texts: Option<Value>,
    /// The list of models: a file beside the case.
    models: Option<PathBuf>,
    /// The answers of served models: a file beside the case.
    replay: Option<PathBuf>,
}

impl AiSpec {
    /// Lines of policy that grant it.
    pub(crate) fn section(&self, folder: &Path) -> Result<Section> {
        let beside = |file: &Option<PathBuf>, hint: &str| {
            let Some(file) = file else { return Ok(None) };
            let path = folder.join(file);
            regular::check(&path).map_err(|error| anyhow!("{error:#}\nhint: {hint}"))?;
            let path = path.to_str().context("the path of a case is UTF-8")?;
            anyhow::Ok(Some(Value::from(path)))
        };
        let replay = beside(
            &self.replay,
            "`replay` of `[ai]` names a file beside the case, which `--record` makes",
        )?;
        let models = beside(
            &self.models,
            "`models` of `[ai]` names a file beside the case, a list of models",
        )?;
        let mut lines = String::new();
        for (name, value, interface) in [
            ("embed", &self.embed, Some("ai-embeddings")),
            ("classify", &self.classify, Some("ai-classify")),
            ("generate", &self.generate, Some("ai-inference")),
            ("models", &models, None),
            ("replay", &replay, None),
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
