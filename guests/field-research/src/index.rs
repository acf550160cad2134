//! Vectors for notes that have none.

use micro_app::contract::fractal::app::ai_embeddings::{AiError, embed, embed_batch};
use micro_app::{Vector, execute, query_as, record, sql};
use serde::Deserialize;

use crate::{Reason, said};

/// Notes of one call. If the model allows no further call, those of earlier calls are done.
const BATCH: usize = 4;

#[derive(Deserialize)]
struct Note {
    id: i64,
    text: String,
}

/// What became of the notes.
#[derive(Default)]
struct Indexed {
    notes: usize,
    too_long: usize,
}

pub(crate) fn index() -> Result<String, String> {
    let notes: Vec<Note> =
        query_as("SELECT id, text FROM note WHERE embedding IS NULL ORDER BY id")?;
    let mut done = Indexed::default();
    for batch in notes.chunks(BATCH) {
        let texts: Vec<String> = batch.iter().map(|note| note.text.clone()).collect();
        match embed_batch(&texts) {
            Ok(vectors) => {
                for (note, vector) in batch.iter().zip(vectors) {
                    done.keep(note, &vector)?;
                }
            }
            // One text is enough for that, and nobody says which.
            Err(error) if Reason::of(&error) == Reason::TooLong => done.one_by_one(batch)?,
            Err(error) if Reason::of(&error) == Reason::NoFurtherCall => {
                record("indexing-paused", "note", error.message);
                break;
            }
            Err(error) => return Err(said(&error)),
        }
    }
    let left = notes.len() - done.notes - done.too_long;
    record("indexed", "note", format!("{} vectors", done.notes));
    Ok(format!(
        "{} notes indexed, {} too long, {left} left",
        done.notes, done.too_long
    ))
}

impl Indexed {
    fn one_by_one(&mut self, batch: &[Note]) -> Result<(), String> {
        for note in batch {
            match embed(&note.text) {
                Ok(vector) => self.keep(note, &vector)?,
                Err(error) => self.skip(note, &error)?,
            }
        }
        Ok(())
    }

    fn skip(&mut self, note: &Note, error: &AiError) -> Result<(), String> {
        if Reason::of(error) != Reason::TooLong {
            return Err(said(error));
        }
        record("note-too-long", note.id.to_string(), &*error.message);
        self.too_long += 1;
        Ok(())
    }

    fn keep(&mut self, note: &Note, vector: &[f32]) -> Result<(), String> {
        execute(sql!(
            "UPDATE note SET embedding = ? WHERE id = ?",
            Vector(vector),
            note.id
        ))?;
        self.notes += 1;
        Ok(())
    }
}
