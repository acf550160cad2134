//! What a model is asked. The canonical form of a question decides which recorded answer belongs to it.

use serde_json::{Value, json};

use crate::canonical::as_number;

/// A question to a model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Question {
    /// The vectors of texts.
    Embed(Vec<String>),
    /// An answer to a prompt.
    Generate {
        system: Option<String>,
        user: String,
        max_tokens: u32,
        temperature: f32,
    },
}

impl Question {
    /// Everything that the answer depends on, the model's name included.
    pub(crate) fn canonical(&self, model: &str) -> Value {
        match self {
            Question::Embed(texts) => json!({ "kind": "embed", "model": model, "texts": texts }),
            Question::Generate {
                system,
                user,
                max_tokens,
                temperature,
            } => json!({
                "kind": "generate",
                "max-tokens": max_tokens,
                "model": model,
                "system-prompt": system,
                "temperature": as_number(*temperature),
                "user-prompt": user,
            }),
        }
    }
}

/// The vectors as JSON.
pub(crate) fn as_json(vectors: &[Vec<f32>]) -> Value {
    let numbers = |vector: &Vec<f32>| vector.iter().copied().map(as_number).collect();
    vectors.iter().map(numbers).collect::<Vec<Value>>().into()
}
