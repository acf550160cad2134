//! The search itself: what full text finds and what vectors find, in one order.

use std::fmt::Write;

use micro_app::{Error, Vector, query_as, record, sql};
use serde::Deserialize;

use crate::{embedding, words};

/// Provisions that each of the two ways may give.
const FOUND: u32 = 8;

/// Provisions that are shown.
const SHOWN: usize = 5;

/// What keeps the first of one list from always being the first of both, as usual where ranks are added.
const DAMPING: f64 = 60.0;

/// Texts that share no word's stem are farther apart, as cosine distance. A question has few of a provision's letters, so
/// what answers it is not very near either.
const NEAR: f64 = 0.8;

#[derive(Debug, Deserialize)]
struct Found {
    id: i64,
    reference: String,
    text: String,
}

struct Ranked {
    found: Found,
    score: f64,
    by_words: bool,
}

pub(crate) fn search(text: &str) -> Result<String, String> {
    let by_words = by_words(text)?;
    let by_likeness = by_likeness(text)?;
    let ranked = merge(by_words, by_likeness);
    record("searched", text, format!("{} provisions", ranked.len()));
    if ranked.is_empty() {
        return Err(format!(
            "nothing was found for `{text}`\nhint: use words as the law has them, such as `store waste`"
        ));
    }
    let mut answer = String::new();
    for Ranked {
        found, by_words, ..
    } in ranked.iter().take(SHOWN)
    {
        let how = if *by_words { "words" } else { "likeness" };
        let _ = writeln!(answer, "{} ({how})\n  {}", found.reference, found.text);
    }
    Ok(answer)
}

/// Provisions that have the words, those first in which they are rarest and closest.
fn by_words(text: &str) -> Result<Vec<Found>, Error> {
    let query = words::any_of(text);
    if query.is_empty() {
        return Ok(Vec::new());
    }
    query_as(sql!(
        "SELECT p.id, r.title || ', ' || p.paragraph AS reference,
                snippet(provision_text, 0, '[', ']', '…', 24) AS text
         FROM provision_text t
         JOIN provision p ON p.id = t.rowid
         JOIN regulation r ON r.id = p.regulation
         WHERE provision_text MATCH ?
         ORDER BY t.rank, p.id LIMIT ?",
        query,
        FOUND
    ))
}

/// Provisions whose vectors point the same way.
fn by_likeness(text: &str) -> Result<Vec<Found>, Error> {
    let vector = embedding::of(text);
    query_as(sql!(
        "WITH near AS (
             SELECT id, cosine_distance(embedding, ?) AS distance FROM provision
         )
         SELECT p.id, r.title || ', ' || p.paragraph AS reference, p.text
         FROM near
         JOIN provision p ON p.id = near.id
         JOIN regulation r ON r.id = p.regulation
         WHERE near.distance < ?
         ORDER BY near.distance, p.id LIMIT ?",
        Vector(&vector),
        NEAR,
        FOUND
    ))
}

/// One list of both, by the sum of what each place in each list is worth.
fn merge(by_words: Vec<Found>, by_likeness: Vec<Found>) -> Vec<Ranked> {
    let mut ranked: Vec<Ranked> = Vec::new();
    for (list, by_words) in [(by_words, true), (by_likeness, false)] {
        for (place, found) in list.into_iter().enumerate() {
            let score = 1.0 / (DAMPING + place as f64);
            match ranked.iter_mut().find(|other| other.found.id == found.id) {
                Some(other) => other.score += score,
                None => ranked.push(Ranked {
                    found,
                    score,
                    by_words,
                }),
            }
        }
    }
    ranked.sort_by(|one, two| two.score.total_cmp(&one.score));
    ranked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(ids: &[i64]) -> Vec<Found> {
        let found = |id: &i64| Found {
            id: *id,
            reference: String::new(),
            text: String::new(),
        };
        ids.iter().map(found).collect()
    }

    #[test]
    fn what_both_lists_have_comes_first() {
        let ranked = merge(list(&[1, 2, 3]), list(&[4, 3]));
        let ids: Vec<_> = ranked
            .iter()
            .map(|one| (one.found.id, one.by_words))
            .collect();
        assert_eq!(ids, [(3, true), (1, true), (4, false), (2, true)]);
    }
}
