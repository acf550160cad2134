//! The search itself.

use std::fmt::Write;

use micro_app::contract::fractal::app::ai_embeddings::embed;
use micro_app::{Vector, query_as, query_one, record, sql};
use serde::Deserialize;

use crate::said;

/// Notes that are shown.
const SHOWN: u32 = 3;

/// Notes that have nothing to do with the words are farther away, as cosine distance.
const NEAR: f64 = 0.75;

#[derive(Deserialize)]
struct Found {
    id: i64,
    place: String,
    text: String,
    distance: f64,
}

pub(crate) fn search(words: &str) -> Result<String, String> {
    let indexed: i64 = query_one("SELECT count(embedding) FROM note")?.unwrap_or_default();
    if indexed == 0 {
        return Err("no note has a vector\nhint: begin with `index`".to_owned());
    }
    let vector = embed(words).map_err(|error| said(&error))?;
    let found: Vec<Found> = query_as(sql!(
        "WITH near AS (
             SELECT id, cosine_distance(embedding, ?) AS distance FROM note WHERE embedding IS NOT NULL
         )
         SELECT note.id, note.place, note.text, near.distance
         FROM near JOIN note ON note.id = near.id
         WHERE near.distance < ?
         ORDER BY near.distance, note.id LIMIT ?",
        Vector(&vector),
        NEAR,
        SHOWN
    ))?;
    record(
        "searched",
        words,
        format!("{} of {indexed} notes", found.len()),
    );
    if found.is_empty() {
        return Err(format!(
            "no note tells of `{words}`\nhint: say it in other words"
        ));
    }
    let mut answer = String::new();
    for Found {
        id,
        place,
        text,
        distance,
    } in found
    {
        let _ = writeln!(answer, "{id}, {place}, {:.2}\n  {text}", 1.0 - distance);
    }
    Ok(answer)
}
