//! Finds the notes of a field study that tell of what somebody asks, by their meaning. Its first argument says what to do:
//!
//! - `index`: gives a vector to each note that has none;
//! - `search WORDS`: the notes whose vectors are near to that of the words, nearest first.
//!
//! The host's model makes the vectors, and they stand in the table beside the notes.

mod index;
mod search;

use std::env;

use micro_app::contract::fractal::app::ai_embeddings::AiError;

micro_app::main!(run);

fn run() -> Result<String, String> {
    let args: Vec<String> = env::args().skip(1).collect();
    match args.split_first() {
        Some((command, [])) if command == "index" => index::index(),
        Some((command, words)) if command == "search" && !words.is_empty() => {
            search::search(&words.join(" "))
        }
        _ => Err("expected `index`, or `search` and the words to search for".to_owned()),
    }
}

/// Why a model gave no answer. The numbers are those of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    TooLong,
    NoFurtherCall,
    Other,
}

impl Reason {
    fn of(error: &AiError) -> Reason {
        match error.code {
            2 => Reason::TooLong,
            3 => Reason::NoFurtherCall,
            _ => Reason::Other,
        }
    }
}

fn said(error: &AiError) -> String {
    format!("the model failed ({}): {}", error.code, error.message)
}
