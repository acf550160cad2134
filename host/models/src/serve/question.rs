//! The body of `POST /v1/embeddings`.

use std::fmt;

use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::limits::BATCH_TEXTS;

/// What is asked. A field that this program does not know could change what is meant, so it is refused.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    pub(super) model: String,
    pub(super) input: Input,
    #[serde(default)]
    pub(super) encoding_format: Encoding,
    pub(super) dimensions: Option<usize>,
    /// Who asks, for OpenAI's own use. It is not read.
    #[serde(rename = "user")]
    _user: Option<IgnoredAny>,
}

/// How vectors are written.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Encoding {
    /// A list of numbers.
    #[default]
    Float,
    /// The numbers as 32-bit floats, least byte first, in base64.
    Base64,
}

/// A text, or a list of texts.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) texts: Vec<String>,
    /// Texts beyond those that are allowed. They are only counted.
    pub(super) further: usize,
}

impl<'de> Deserialize<'de> for Input {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Input, D::Error> {
        struct Texts;

        impl<'de> Visitor<'de> for Texts {
            type Value = Input;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E>(self, text: &str) -> Result<Input, E> {
                Ok(Input {
                    texts: vec![text.to_owned()],
                    further: 0,
                })
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Input, A::Error> {
                let mut texts = Vec::new();
                while texts.len() < BATCH_TEXTS {
                    match list.next_element()? {
                        Some(text) => texts.push(text),
                        None => return Ok(Input { texts, further: 0 }),
                    }
                }
                let mut further = 0;
                while list.next_element::<IgnoredAny>()?.is_some() {
                    further += 1;
                }
                Ok(Input { texts, further })
            }
        }

        from.deserialize_any(Texts)
    }
}
