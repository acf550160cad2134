//! The vectors of texts, by whichever model, and how well the first fits the others.

use fractalaw_host::capability::RunState;
use fractalaw_host::capability::wasmtime::Result as Called;
use serde_json::Value;

use crate::exact::{self, Sum, Tokens, cosine};
use crate::failure::{AiError, Code};
use crate::grant::Model;
use crate::limits::BATCH_TEXTS;
use crate::served::Question;
use crate::session::{AiSession, answer, begun, paid};

/// The vectors of a call's texts.
pub(crate) struct Embedded {
    vectors: Vectors,
    /// The tokens of the texts.
    pub(crate) tokens: u64,
    /// The SHA-256 that identifies a served model, if it is known.
    pub(crate) digest: Option<String>,
}

enum Vectors {
    Exact(Vec<Sum>),
    Served(Vec<Vec<f32>>),
}

/// Asks the model for the vectors of these texts.
pub(crate) async fn embedded(
    state: &mut RunState,
    model: &Model,
    texts: Vec<String>,
) -> Called<Result<Embedded, AiError>> {
    let all = || texts.iter().map(String::as_str);
    if let Err(error) = begun(state, all())? {
        return Ok(Err(error));
    }
    let tokens = match paid(state, model, all())? {
        Ok(tokens) => tokens,
        Err(error) => return Ok(Err(error)),
    };
    let count = tokens.iter().map(Tokens::count).sum();
    let served = match model {
        Model::Served(served) if !texts.is_empty() => served,
        _ => {
            let sums = tokens.iter().map(|tokens| Sum::of(exact::table(), tokens));
            let vectors = Vectors::Exact(sums.collect());
            return Ok(Ok(Embedded {
                vectors,
                tokens: count,
                digest: None,
            }));
        }
    };
    let (mut all, mut digest) = (Vec::with_capacity(texts.len()), None);
    // Servers take at once what a guest may give at once. A text with its categories and their examples can be more.
    for texts in texts.chunks(BATCH_TEXTS) {
        let answer = match answer(state, served, Question::Embed(texts.to_vec())).await? {
            Ok(answer) => answer,
            Err(error) => return Ok(Err(error)),
        };
        let dimensions = &mut state.session::<AiSession>().dimensions;
        match vectors(&answer.value, texts.len(), dimensions) {
            Ok(more) => all.extend(more),
            Err(what) => {
                let message = format!("the model `{}` answered {what}", served.name);
                return Ok(Err(AiError::new(Code::Engine, message)));
            }
        }
        digest = answer.digest;
    }
    Ok(Ok(Embedded {
        vectors: Vectors::Served(all),
        tokens: count,
        digest,
    }))
}

/// The vectors in an answer. All vectors of one run have the same length.
fn vectors(
    answer: &Value,
    expected: usize,
    dimensions: &mut Option<usize>,
) -> Result<Vec<Vec<f32>>, &'static str> {
    let numbers = |vector: &Value| -> Option<Vec<f32>> {
        let numbers = vector.as_array()?.iter();
        numbers
            .map(|number| number.as_f64().map(|number| number as f32))
            .collect()
    };
    let vectors = answer.get("embeddings").and_then(Value::as_array);
    let vectors: Option<Vec<_>> = vectors.and_then(|list| list.iter().map(numbers).collect());
    let vectors = vectors.filter(|vectors| vectors.len() == expected);
    let vectors = vectors.ok_or("something other than vectors of the texts")?;
    for vector in &vectors {
        if *dimensions.get_or_insert(vector.len()) != vector.len() {
            return Err("vectors of another length than before in this run");
        }
    }
    Ok(vectors)
}

impl Embedded {
    /// The vectors for the guest. Those of the exact model have length 1, those of a served model are as it gave them.
    pub(crate) fn into_vectors(self) -> Vec<Vec<f32>> {
        match self.vectors {
            Vectors::Exact(sums) => sums.iter().map(Sum::normal).collect(),
            Vectors::Served(vectors) => vectors,
        }
    }

    /// How well the first text fits each of the following groups of texts, from 0 to 1: the cosine of the angle between
    /// its vector and the sum of theirs. An angle of more than a right one is no fit either.
    pub(crate) fn scores(&self, groups: impl Iterator<Item = usize>) -> Vec<f32> {
        let mut at = 1;
        groups
            .map(|texts| {
                let group = at..at + texts;
                at = group.end;
                let score = match &self.vectors {
                    Vectors::Exact(sums) => cosine(&sums[0], &Sum::all(&sums[group])),
                    Vectors::Served(vectors) => likeness(&vectors[0], &vectors[group]),
                };
                score.max(0.0)
            })
            .collect()
    }
}

/// The cosine between a vector and the sum of others. It is 0 if one of them has no direction. The order of all steps is
/// fixed, so the same vectors give the same bits.
fn likeness(vector: &[f32], group: &[Vec<f32>]) -> f32 {
    let (mut product, mut own, mut other) = (0.0_f64, 0.0_f64, 0.0_f64);
    for (place, number) in vector.iter().enumerate() {
        let number = f64::from(*number);
        let mut sum = 0.0;
        for of_group in group {
            sum += f64::from(of_group[place]);
        }
        product += number * sum;
        own += number * number;
        other += sum * sum;
    }
    let lengths = (own * other).sqrt();
    match lengths > 0.0 && lengths.is_finite() {
        true => ((product / lengths) as f32).clamp(-1.0, 1.0),
        false => 0.0,
    }
}
