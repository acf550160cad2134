//! The body of `POST /v1/chat/completions`.

use std::hash::{BuildHasher, RandomState};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::refusal::Refusal;
use crate::generator::{Message, Prompt, Role, Sampling};
use crate::limits::{ANSWER_TOKENS, MESSAGES, STOP_BYTES, STOPS};

/// What is asked. A field that this program does not know could change what is meant, so it is refused.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChatQuestion {
    pub(super) model: String,
    messages: Vec<Said>,
    max_tokens: Option<u64>,
    /// The newer name of the same.
    max_completion_tokens: Option<u64>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    seed: Option<i64>,
    stop: Option<Stop>,
    pub(super) logprobs: Option<bool>,
    top_logprobs: Option<u64>,
    n: Option<u64>,
    stream: Option<bool>,
    /// Who asks, for OpenAI's own use. It is not read.
    #[serde(rename = "user")]
    _user: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    role: Name,
    content: Content,
    /// A name beside the role. It is not read.
    #[serde(rename = "name")]
    _name: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Name {
    /// The newer name for those who give instructions is `developer`.
    #[serde(alias = "developer")]
    System,
    User,
    Assistant,
}

/// A text, or its parts.
#[derive(Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "expected a text, or a list of parts with `type` and `text`"
)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    #[serde(rename = "type")]
    _kind: PartKind,
    text: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum PartKind {
    Text,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a text or a list of texts")]
enum Stop {
    One(String),
    Several(Vec<String>),
}

impl ChatQuestion {
    /// What the model is asked.
    pub(super) fn prompt(self) -> Result<Prompt, Refusal> {
        self.check()?;
        let most = self.max_completion_tokens.or(self.max_tokens);
        let most = most.map_or(ANSWER_TOKENS, |most| {
            usize::try_from(most).unwrap_or(usize::MAX)
        });
        let sampling = Sampling {
            temperature: self.temperature.unwrap_or(1.0),
            top_p: self.top_p.unwrap_or(1.0),
            seed: self
                .seed
                .map_or_else(|| RandomState::new().hash_one(()), i64::cast_unsigned),
        };
        let stop = match self.stop {
            None => Vec::new(),
            Some(Stop::One(text)) => vec![text],
            Some(Stop::Several(texts)) => texts,
        };
        Ok(Prompt {
            messages: self.messages.into_iter().map(message).collect(),
            most,
            sampling,
            stop,
        })
    }

    fn check(&self) -> Result<(), Refusal> {
        let wrong = |param: &'static str, message: String| {
            Err(Refusal::malformed("invalid_value", message).of(param))
        };
        if self.messages.is_empty() {
            return wrong("messages", "there is no message".to_owned());
        }
        if self.messages.len() > MESSAGES {
            let count = self.messages.len();
            return wrong(
                "messages",
                format!("{count} messages, at most {MESSAGES} are allowed"),
            );
        }
        for (param, number) in [
            ("max_tokens", self.max_tokens),
            ("max_completion_tokens", self.max_completion_tokens),
        ] {
            if number == Some(0) {
                return wrong(param, "expected at least 1 token".to_owned());
            }
        }
        for (param, number, most) in [
            ("temperature", self.temperature, 2.0),
            ("top_p", self.top_p, 1.0),
        ] {
            if number.is_some_and(|number| !(0.0..=most).contains(&number)) {
                return wrong(param, format!("expected a number from 0 to {most}"));
            }
        }
        let stops: &[String] = match &self.stop {
            None => &[],
            Some(Stop::One(text)) => std::slice::from_ref(text),
            Some(Stop::Several(texts)) => texts,
        };
        let is_fit = |text: &String| (1..=STOP_BYTES).contains(&text.len());
        if stops.len() > STOPS || !stops.iter().all(is_fit) {
            return wrong(
                "stop",
                format!("expected at most {STOPS} texts of 1 to {STOP_BYTES} bytes"),
            );
        }
        if self.n.is_some_and(|count| count != 1) {
            return wrong(
                "n",
                "this server writes one answer: ask again for another".to_owned(),
            );
        }
        if self.top_logprobs.is_some_and(|count| count != 0) {
            return wrong(
                "top_logprobs",
                "this server gives the probabilities of the answer's own tokens only".to_owned(),
            );
        }
        if self.stream == Some(true) {
            return wrong(
                "stream",
                "this server gives an answer as a whole: leave `stream` out".to_owned(),
            );
        }
        Ok(())
    }
}

fn message(said: Said) -> Message {
    Message {
        role: match said.role {
            Name::System => Role::System,
            Name::User => Role::User,
            Name::Assistant => Role::Assistant,
        },
        text: match said.content {
            Content::Text(text) => text,
            Content::Parts(parts) => parts.into_iter().map(|part| part.text).collect(),
        },
    }
}
