//! Vectors for provisions that have none.

use micro_app::{Vector, execute, query, record, sql};
use serde::Deserialize;

use crate::embedding;

#[derive(Deserialize)]
struct Provision<'a> {
    id: i64,
    text: &'a str,
}

pub(crate) fn index() -> Result<String, String> {
    let rows = query("SELECT id, text FROM provision WHERE embedding IS NULL ORDER BY id")?;
    let mut indexed = 0;
    for provision in rows.iter::<Provision<'_>>()? {
        let Provision { id, text } = provision?;
        let vector = embedding::of(text);
        indexed += execute(sql!(
            "UPDATE provision SET embedding = ? WHERE id = ?",
            Vector(&vector),
            id
        ))?;
    }
    record("indexed", "provision", format!("{indexed} vectors"));
    Ok(format!("{indexed} provisions indexed"))
}
