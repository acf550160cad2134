//! What is known of a model.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use crate::address::Address;
use crate::digest;

/// A model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// What it gives.
    pub kind: Kind,
    /// What runs it, and the files that this needs.
    pub engine: Engine,
    /// Where it is served. `None` if a host has only recorded answers of it.
    pub url: Option<Address>,
    /// The name by which its server knows it, if that is another one.
    pub model: Option<String>,
    /// The environment variable with the key that its server asks for.
    pub key: Option<String>,
    /// Embeddings: the tokens of a text, with those that mark its begin and end. Generation: the tokens of the prompt and
    /// the answer together.
    pub max_tokens: usize,
    /// What a host charges, if that is more than its own price.
    pub price: Price,
    /// An SPDX expression.
    pub licence: String,
}

/// What a model gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Vectors.
    Embeddings {
        /// The numbers of a vector.
        dimensions: usize,
    },
    /// Answers to prompts.
    Generation,
}

/// What runs a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Engine {
    /// `fractalaw-models`, by the crate `rten`.
    Rten {
        /// In ONNX.
        network: File,
        /// BERT's tokens, one a line.
        vocabulary: File,
    },
    /// `fractalaw-models`, by the crate `candle`.
    Candle {
        /// In GGUF, with its tokens.
        network: File,
    },
    /// Another server that speaks OpenAI's protocol.
    Server {
        /// Its file, if it is at hand.
        file: Option<File>,
        /// What identifies the model, if the file is not at hand.
        sha256: Option<String>,
    },
}

/// The name of a kind, as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KindName {
    /// [`Kind::Embeddings`].
    Embeddings,
    /// [`Kind::Generation`].
    Generation,
}

/// The name of an engine, as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EngineName {
    /// [`Engine::Rten`].
    Rten,
    /// [`Engine::Candle`].
    Candle,
    /// [`Engine::Server`].
    Server,
}

/// A price in units of fuel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Price {
    /// For a call.
    pub call: u64,
    /// For a token: for embeddings one that is read, for generation one that is read or written.
    pub token: u64,
}

/// A file, relative to the folder of the list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct File {
    /// Where it is.
    pub path: String,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
}

impl Model {
    /// The files with their roles.
    pub fn files(&self) -> Vec<(&'static str, &File)> {
        match &self.engine {
            Engine::Rten {
                network,
                vocabulary,
            } => vec![("model", network), ("vocabulary", vocabulary)],
            Engine::Candle { network } => vec![("model", network)],
            Engine::Server { file, .. } => file.iter().map(|file| ("model", file)).collect(),
        }
    }

    /// The digest of the model: that of the lines `ROLE SHA-256` of its files, or what the list says if it has no files.
    pub fn digest(&self) -> String {
        if let Engine::Server {
            file: None,
            sha256: Some(sha256),
        } = &self.engine
        {
            return sha256.clone();
        }
        let files = self.files().into_iter();
        let lines = files.map(|(role, file)| format!("{role} {}\n", file.sha256));
        digest::hex(lines.collect::<String>().as_bytes())
    }
}

impl Kind {
    /// The numbers of a vector, if it gives vectors.
    pub fn dimensions(self) -> Option<usize> {
        match self {
            Kind::Embeddings { dimensions } => Some(dimensions),
            Kind::Generation => None,
        }
    }

    /// Its name.
    pub fn name(self) -> KindName {
        match self {
            Kind::Embeddings { .. } => KindName::Embeddings,
            Kind::Generation => KindName::Generation,
        }
    }
}

impl Engine {
    /// Its name.
    pub fn name(&self) -> EngineName {
        match self {
            Engine::Rten { .. } => EngineName::Rten,
            Engine::Candle { .. } => EngineName::Candle,
            Engine::Server { .. } => EngineName::Server,
        }
    }
}

/// Text that is no name of a kind or an engine. The message says what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unknown(&'static str);

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Unknown {}

impl FromStr for KindName {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<KindName, Unknown> {
        match text {
            "embeddings" => Ok(KindName::Embeddings),
            "generation" => Ok(KindName::Generation),
            _ => Err(Unknown("expected `embeddings` or `generation`")),
        }
    }
}

impl FromStr for EngineName {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<EngineName, Unknown> {
        match text {
            "rten" => Ok(EngineName::Rten),
            "candle" => Ok(EngineName::Candle),
            "server" => Ok(EngineName::Server),
            _ => Err(Unknown("expected `rten`, `candle` or `server`")),
        }
    }
}

impl fmt::Display for KindName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            KindName::Embeddings => "embeddings",
            KindName::Generation => "generation",
        })
    }
}

impl fmt::Display for EngineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EngineName::Rten => "rten",
            EngineName::Candle => "candle",
            EngineName::Server => "server",
        })
    }
}
