//! Why a server refused: whether it finds a text too long. Each server says that in its own words.

use serde::Deserialize;
use serde_json::Value;

/// What servers put into `code` or `type`.
const NAMES: [&str; 2] = ["context_length_exceeded", "exceed_context_size_error"];

/// What servers write into a message: OpenAI and vLLM, Ollama, llama-server twice, and TEI twice.
const PHRASES: [&str; 6] = [
    "maximum context length",
    "exceeds the context length",
    "exceeds the available context size",
    "too large to process",
    "must have less than",
    "maximum allowed batch size",
];

/// The fields of a refusal. OpenAI, llama-server and Ollama have them in `error`, TEI and older releases of vLLM have
/// them outside, and Ollama's own functions have the message as `error`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Reason {
    error: Option<Value>,
    message: Option<Value>,
    code: Option<Value>,
    r#type: Option<Value>,
}

impl Reason {
    fn is_too_long(&self) -> bool {
        let mut names = [&self.code, &self.r#type].into_iter().flatten();
        names.any(|name| name.as_str().is_some_and(|name| NAMES.contains(&name)))
            || self.message.as_ref().is_some_and(says)
    }
}

fn says(message: &Value) -> bool {
    let message = message.as_str().unwrap_or_default();
    PHRASES.iter().any(|phrase| message.contains(phrase))
}

/// Whether the body of a refusal says that a text is too long.
pub(super) fn is_too_long(body: &[u8]) -> bool {
    let outer: Reason = serde_json::from_slice(body).unwrap_or_default();
    let inner = outer.error.clone().unwrap_or_default();
    let is_text = says(&inner);
    let inner: Reason = serde_json::from_value(inner).unwrap_or_default();
    is_text || inner.is_too_long() || outer.is_too_long()
}
