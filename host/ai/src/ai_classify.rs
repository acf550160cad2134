//! `fractal:app/ai-classify`: scores a text against categories, by the cosine of the angle between their vectors.

use fractalaw_host::capability::wasmtime::Result as Called;
use fractalaw_host::capability::{Payload, PricedLinker, RunState};
use serde_json::json;

use crate::exact::{self, Sum, cosine};
use crate::failure::{AiError, Code};
use crate::grant::CLASSIFYING;
use crate::limits::CATEGORIES;
use crate::session::{AiSession, asked, sums};
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
    linker.function(&CLASSIFY_FUNCTION, classify)
}

type Ranking = Result<Vec<Classification>, AiError>;

fn classify(state: &mut RunState, (text, categories): (String, Vec<String>)) -> Called<(Ranking,)> {
    if let Some(error) = wrong(&categories) {
        return Ok((Err(error),));
    }
    // Each category by its examples, or else by its name.
    let known = &state.session::<AiSession>().granted.examples;
    let described: Vec<Vec<String>> = categories
        .iter()
        .map(|category| match known.get(category) {
            Some(examples) => examples.clone(),
            None => vec![category.clone()],
        })
        .collect();
    let texts = std::iter::once(&text).chain(described.iter().flatten());
    let (sums, tokens) = match sums(state, texts.map(String::as_str))? {
        Ok(sums) => sums,
        Err(error) => return Ok((Err(error),)),
    };
    let request = json!({
        "categories": categories, "described": described, "kind": CLASSIFYING, "model": exact::NAME, "text": text,
    });
    let ranking = ranked(&sums, categories, &described);
    let pairs = ranking.iter().map(|of| json!([of.category, of.score]));
    let answer = json!({ "ranking": pairs.collect::<Vec<_>>() });
    asked(state, CLASSIFYING, tokens, request, answer);
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
fn ranked(sums: &[Sum], categories: Vec<String>, described: &[Vec<String>]) -> Vec<Classification> {
    let (text, mut rest) = (&sums[0], &sums[1..]);
    let scored = categories.into_iter().zip(described);
    let mut ranking: Vec<_> = scored
        .map(|(category, described)| {
            let (own, others) = rest.split_at(described.len());
            rest = others;
            let mut centre = Sum::zero();
            for sum in own {
                centre.add(sum);
            }
            // An angle of more than a right one is no fit either.
            let score = cosine(text, &centre).max(0.0);
            Classification { category, score }
        })
        .collect();
    ranking.sort_by(|a, b| b.score.total_cmp(&a.score));
    ranking
}
