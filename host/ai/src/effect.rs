//! What a run asked models, as effects: each call with the digests of its request and its answer.

use fractalaw_host::{Effect, Settled};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::canonical::{digest, sha256, text};
use crate::limits::{SHOWN_CALLS, SHOWN_TEXT_BYTES};

/// A call that had an answer.
pub(crate) struct Asked {
    /// The name in the policy of what was done, such as `embed`.
    pub(crate) kind: &'static str,
    /// The model, with what identifies its contents.
    pub(crate) model: String,
    pub(crate) tokens: u64,
    pub(crate) request: Value,
    pub(crate) answer: Value,
}

/// The effects of one run, as its calls are made.
#[derive(Default)]
pub(crate) struct Effects {
    shows_texts: bool,
    shown: Vec<Effect>,
    further: u64,
    further_tokens: u64,
    further_digest: Sha256,
}

impl Effects {
    /// None yet. Texts are shown if the policy says so.
    pub(crate) fn shows(texts: bool) -> Effects {
        Effects {
            shows_texts: texts,
            ..Effects::default()
        }
    }

    pub(crate) fn add(&mut self, asked: &Asked) {
        let mut fields = vec![
            ("tokens".to_owned(), json!(asked.tokens)),
            ("request".to_owned(), json!(digest(&asked.request))),
            ("answer".to_owned(), json!(digest(&asked.answer))),
        ];
        if self.shows_texts {
            fields.push(("asked".to_owned(), shown(&asked.request)));
            fields.push(("answered".to_owned(), shown(&asked.answer)));
        }
        let effect = effect(asked.kind, &asked.model, fields);
        if self.shown.len() < SHOWN_CALLS {
            self.shown.push(effect);
            return;
        }
        let line = effect.to_string();
        self.further += 1;
        self.further_tokens = self.further_tokens.saturating_add(asked.tokens);
        self.further_digest
            .update((line.len() as u64).to_le_bytes());
        self.further_digest.update(line);
    }

    /// All effects. The calls beyond those that are shown are one, with a digest over all of them. If no model was asked, and
    /// the answers are from a recording, the last effect says so, with the SHA-256 of the recording.
    pub(crate) fn all(&self, replayed_from: Option<&str>) -> Vec<Effect> {
        let mut effects = self.shown.clone();
        if self.further > 0 {
            let digest: [u8; 32] = self.further_digest.clone().finalize().into();
            let fields = vec![
                ("calls".to_owned(), json!(self.further)),
                ("tokens".to_owned(), json!(self.further_tokens)),
                ("sha256".to_owned(), json!(sha256(&digest))),
            ];
            effects.push(effect("further-calls", "all", fields));
        }
        if let Some(digest) = replayed_from {
            let fields = vec![("sha256".to_owned(), json!(digest))];
            effects.push(effect("replay", "recording", fields));
        }
        effects
    }
}

fn effect(kind: &str, model: &str, fields: Vec<(String, Value)>) -> Effect {
    Effect {
        capability: "ai".to_owned(),
        kind: kind.to_owned(),
        subject: model.to_owned(),
        fields,
        settled: Settled::Done,
    }
}

/// What a policy lets a report show: all of it, or if that is long, how long it is.
fn shown(value: &Value) -> Value {
    let text = text(value);
    match text.len() <= SHOWN_TEXT_BYTES {
        true => json!(text),
        false => json!({ "bytes": text.len() }),
    }
}
