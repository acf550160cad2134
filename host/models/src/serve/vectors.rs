//! The answer of `POST /v1/embeddings`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::question::Encoding;
use crate::embedder::Embedded;

#[derive(Serialize)]
struct List<'a> {
    object: &'static str,
    model: &'a str,
    data: Vec<One<'a>>,
    usage: Usage,
}

#[derive(Serialize)]
struct One<'a> {
    object: &'static str,
    index: usize,
    embedding: Vector<'a>,
}

/// Numbers are written with the fewest digits that read as the same 32-bit float.
#[derive(Serialize)]
#[serde(untagged)]
enum Vector<'a> {
    Float(&'a [f32]),
    Base64(String),
}

#[derive(Serialize)]
struct Usage {
    prompt_tokens: usize,
    total_tokens: usize,
}

impl One<'_> {
    fn new(index: usize, vector: &[f32], encoding: Encoding) -> One<'_> {
        let embedding = match encoding {
            Encoding::Float => Vector::Float(vector),
            Encoding::Base64 => {
                let bytes = vector.iter().flat_map(|number| number.to_le_bytes());
                Vector::Base64(STANDARD.encode(bytes.collect::<Vec<u8>>()))
            }
        };
        One {
            object: "embedding",
            index,
            embedding,
        }
    }
}

/// The answer as JSON.
pub(super) fn written(
    model: &str,
    embedded: &Embedded,
    encoding: Encoding,
) -> serde_json::Result<String> {
    serde_json::to_string(&List {
        object: "list",
        model,
        data: embedded
            .vectors
            .iter()
            .enumerate()
            .map(|(index, vector)| One::new(index, vector, encoding))
            .collect(),
        usage: Usage {
            prompt_tokens: embedded.tokens,
            total_tokens: embedded.tokens,
        },
    })
}
