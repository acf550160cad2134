//! Finds obligations in a body of law that the host keeps. Its first argument says what to do:
//!
//! - `index`: gives a vector to each provision that has none;
//! - `search WORDS`: the provisions that have the words, and those that are like them, best first.
//!
//! It works without a network and without a model: a vector is made of the letters that words consist of.

mod embedding;
mod index;
mod search;
mod words;

use std::env;

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
