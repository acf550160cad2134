//! `fractal:app/ai-embeddings`: turns texts into vectors.

use fractalaw_host::capability::wasmtime::Result as Called;
use fractalaw_host::capability::{PricedLinker, RunState};
use serde_json::json;

use crate::embedded::embedded;
use crate::failure::{AiError, Code};
use crate::grant::EMBED;
use crate::limits::BATCH_TEXTS;
use crate::session::{AiSession, asked};
use crate::tables::{EMBED_BATCH_FUNCTION, EMBED_FUNCTION};

type Vector = Vec<f32>;

pub(crate) fn add_to_linker(linker: &mut PricedLinker<'_>) -> Called<()> {
    linker.async_function(&EMBED_FUNCTION, embed)?;
    linker.async_function(&EMBED_BATCH_FUNCTION, embed_batch)
}

async fn embed(state: &mut RunState, (text,): (String,)) -> Called<(Result<Vector, AiError>,)> {
    let vectors = vectors(state, vec![text]).await?;
    Ok((vectors.map(|mut vectors| vectors.swap_remove(0)),))
}

async fn embed_batch(
    state: &mut RunState,
    (texts,): (Vec<String>,),
) -> Called<(Result<Vec<Vector>, AiError>,)> {
    if texts.len() > BATCH_TEXTS {
        let given = texts.len();
        let message = format!("{given} texts, expected at most {BATCH_TEXTS} in one call");
        return Ok((Err(AiError::new(Code::TooLong, message)),));
    }
    Ok((vectors(state, texts).await?,))
}

async fn vectors(state: &mut RunState, texts: Vec<String>) -> Called<Result<Vec<Vector>, AiError>> {
    let model = state.session::<AiSession>().granted.embed.clone();
    let request = json!({ "kind": EMBED, "model": model.name(), "texts": texts });
    let embedded = match embedded(state, &model, texts).await? {
        Ok(embedded) => embedded,
        Err(error) => return Ok(Err(error)),
    };
    let (tokens, digest) = (embedded.tokens, embedded.digest.clone());
    let vectors = embedded.into_vectors();
    let answer = json!({ "embeddings": vectors });
    let model = (&model, digest.as_deref());
    asked(state, model, EMBED, tokens, request, answer);
    Ok(Ok(vectors))
}
