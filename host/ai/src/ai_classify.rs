//! `fractal:app/ai-classify`: scores a text against categories, by the cosine of the angle between their vectors.

use fractalaw_host::capability::wasmtime::Result as Called;
use fractalaw_host::capability::{Payload, PricedLinker, RunState};
use serde_json::json;

use crate::embedded::embedded;
use crate::failure::{AiError, Code};
use crate::grant::CLASSIFYING;
use crate::limits::{CALL_BYTES, CATEGORIES};
use crate::session::{AiSession, asked, counted};
use crate::tables::CLASSIFY_FUNCTION;

/// How well the text fits a category.
#[derive(Debug, PartialEq, wasmtime::component::ComponentType, wasmtime::component::Lower)]
#[component(record)]
pub(crate) struct Classification {
    category: String,
    score: f32,
}

impl Payload for Classification {
    fn bytes(&self) -> u64 {
        self.category.bytes() + 4
    }
}

pub(crate) fn add_to_linker(linker: &mut PricedLinker<'_>) -> Called<()> {
    linker.async_function(&CLASSIFY_FUNCTION, classify)
}

type Ranking = Result<Vec<Classification>, AiError>;

async fn classify(
    state: &mut RunState,
    (text, categories): (String, Vec<String>),
) -> Called<(Ranking,)> {
    if let Some(error) = wrong(&categories) {
        return Ok((Err(error),));
    }
    let granted = &state.session::<AiSession>().granted;
    let model = granted.classify.clone();
    // They are copied only if they may be asked of a model: each category can have many examples.
    let length = |category: &String| match granted.examples.get(category) {
        Some(examples) => examples.iter().map(String::len).sum(),
        None => category.len(),
    };
    let bytes = categories.iter().map(length).sum::<usize>() + text.len();
    if bytes > CALL_BYTES {
        return Ok((counted(state, bytes)?.map(|()| Vec::new()),));
    }
    // Each category by its examples, or else by its name.
    let described: Vec<Vec<String>> = categories
        .iter()
        .map(|category| match granted.examples.get(category) {
            Some(examples) => examples.clone(),
            None => vec![category.clone()],
        })
        .collect();
    let request = json!({
        "categories": categories, "described": described, "kind": CLASSIFYING, "model": model.name(), "text": text,
    });
    let sizes: Vec<_> = described.iter().map(Vec::len).collect();
    let texts = std::iter::once(text).chain(described.into_iter().flatten());
    let embedded = match embedded(state, &model, texts.collect()).await? {
        Ok(embedded) => embedded,
        Err(error) => return Ok((Err(error),)),
    };
    let scores = embedded.scores(sizes.into_iter());
    let ranking = ranked(categories, scores);
    let pairs = ranking.iter().map(|of| json!([of.category, of.score]));
    let answer = json!({ "ranking": pairs.collect::<Vec<_>>() });
    let model = (&model, embedded.digest.as_deref());
    asked(state, model, CLASSIFYING, embedded.tokens, request, answer);
    Ok((Ok(ranking),))
}

fn wrong(categories: &[String]) -> Option<AiError> {
    let given = categories.len();
    let (code, message) = match given {
        0 => (
            Code::Malformed,
            "no categories, expected at least one".to_owned(),
        ),
        1..=CATEGORIES => return None,
        _ => {
            let message = format!("{given} categories, expected at most {CATEGORIES}");
            (Code::TooLong, message)
        }
    };
    Some(AiError::new(code, message))
}

/// The best category first. Equal scores keep the guest's order.
fn ranked(categories: Vec<String>, scores: Vec<f32>) -> Vec<Classification> {
    let scored = categories.into_iter().zip(scores);
    let mut ranking: Vec<_> = scored
        .map(|(category, score)| Classification { category, score })
        .collect();
    ranking.sort_by(|a, b| b.score.total_cmp(&a.score));
    ranking
}
