//! `fractal:app/ai-embeddings`: turns texts into vectors.

use fractalaw_host::capability::wasmtime::Result as Called;
use fractalaw_host::capability::{PricedLinker, RunState};
use serde_json::json;

use crate::exact;
use crate::failure::{AiError, Code};
use crate::grant::EMBED;
use crate::limits::BATCH_TEXTS;
use crate::session::{asked, sums};
use crate::tables::{EMBED_BATCH_FUNCTION, EMBED_FUNCTION};

type Vector = Vec<f32>;

pub(crate) fn add_to_linker(linker: &mut PricedLinker<'_>) -> Called<()> {
    linker.function(&EMBED_FUNCTION, embed)?;
    linker.function(&EMBED_BATCH_FUNCTION, embed_batch)
}

fn embed(state: &mut RunState, (text,): (String,)) -> Called<(Result<Vector, AiError>,)> {
    let vectors = vectors(state, &[text])?;
    Ok((vectors.map(|mut vectors| vectors.swap_remove(0)),))
}

fn embed_batch(
    state: &mut RunState,
    (texts,): (Vec<String>,),
) -> Called<(Result<Vec<Vector>, AiError>,)> {
    if texts.len() > BATCH_TEXTS {
        let given = texts.len();
        let message = format!("{given} texts, expected at most {BATCH_TEXTS} in one call");
        return Ok((Err(AiError::new(Code::TooLong, message)),));
    }
    Ok((vectors(state, &texts)?,))
}

fn vectors(state: &mut RunState, texts: &[String]) -> Called<Result<Vec<Vector>, AiError>> {
    let (sums, tokens) = match sums(state, texts.iter().map(String::as_str))? {
        Ok(sums) => sums,
        Err(error) => return Ok(Err(error)),
    };
    let vectors: Vec<Vector> = sums.iter().map(exact::Sum::normal).collect();
    let request = json!({ "kind": EMBED, "model": exact::NAME, "texts": texts });
    let answer = json!({ "embeddings": vectors });
    asked(state, EMBED, tokens, request, answer);
    Ok(Ok(vectors))
}
