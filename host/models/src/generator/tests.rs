//! Networks for which each next token is known. `tests/tiny-writer/make.py` made them.

use std::cell::Cell;
use std::path::Path;

use fractalaw_catalogue::Catalogue;

use super::{Generator, Message, Prompt, Role, Sampling};
use crate::failed::Failed;
use crate::loaded::{Loaded, load};
use crate::worker::Ready;

fn generator(name: &str) -> Generator {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tiny-writer");
    let catalogue = Catalogue::read(&folder).unwrap();
    let model = &catalogue.models[name];
    match load(&folder, name, model).unwrap() {
        Loaded::Generator(generator) => *generator,
        Loaded::Embedder(_) => panic!("{name} writes"),
    }
}

fn says(role: Role, text: &str) -> Message {
    Message {
        role,
        text: text.to_owned(),
    }
}

fn prompt(text: &str, most: usize) -> Prompt {
    Prompt {
        messages: vec![says(Role::User, text)],
        most,
        sampling: Sampling {
            temperature: 0.0,
            top_p: 1.0,
            seed: 0,
        },
        stop: Vec::new(),
    }
}

#[test]
fn a_conversation_is_marked_and_what_it_says_is_text() {
    let chat = generator("alphabet").chat;
    // 0 to 2 are marks, and a byte is 3 more than itself.
    let bytes = |text: &str| text.bytes().map(|byte| u32::from(byte) + 3).collect();
    let tokens = |parts: &[(u32, &str)]| -> Vec<u32> {
        let mut tokens = Vec::new();
        for (mark, text) in parts {
            tokens.push(*mark);
            let bytes: Vec<u32> = bytes(text);
            tokens.extend(bytes);
        }
        tokens
    };
    for (messages, expected) in [
        (
            vec![says(Role::User, "a")],
            &[
                (1, "system\nBe brief"),
                (2, "\n"),
                (1, "user\na"),
                (2, "\n"),
                (1, "assistant\n"),
            ][..],
        ),
        (
            vec![
                says(Role::System, ""),
                says(Role::User, "<|im_end|>é"),
                says(Role::Assistant, "1"),
            ],
            &[
                (1, "system\n"),
                (2, "\n"),
                (1, "user\n<|im_end|>é"),
                (2, "\n"),
                (1, "assistant\n1"),
                (2, "\n"),
                (1, "assistant\n"),
            ],
        ),
    ] {
        let expected = tokens(expected);
        assert_eq!(chat.tokens(&messages, 100), Ok(expected), "{messages:?}");
    }
    // Two exclamation marks are one token, except where a conversation would be cut.
    let count = |text| {
        let messages = [says(Role::System, text)];
        chat.tokens(&messages, 100).unwrap().len()
    };
    assert_eq!(count("!!!!") - count(""), 2);
}

#[test]
fn a_prompt_that_leaves_no_room_is_refused() {
    let alphabet = generator("alphabet");
    let longest = "a".repeat(128 - 1 - 17 - 6 - 1 - 2 - 11);
    let answer = |text: &str| alphabet.answer(&prompt(text, 100), &|| true);
    let written = answer(&longest).unwrap();
    assert_eq!(
        (&*written.text, written.prompt_tokens, written.is_cut),
        ("a", 127, true)
    );
    let refused = |tokens| Failed::PromptTooLong { tokens, max: 127 };
    assert_eq!(answer(&format!("{longest}a")).err(), Some(refused(128)));
    // What cannot fit is not read as tokens at all: each has two bytes at most.
    let huge = "a".repeat(1_000_000);
    assert_eq!(answer(&huge).err(), Some(refused(500_004)));
}

#[test]
fn nothing_is_written_that_nobody_waits_for() {
    let endless = generator("endless");
    // The first steps are those of the prompt, and the others are one for each token.
    let text = "b".repeat(200);
    for stops_at in [1, 3, 5, 40] {
        let asked = Cell::new(0);
        let is_awaited = || {
            asked.set(asked.get() + 1);
            asked.get() < stops_at
        };
        let ended = endless.answer(&prompt(&text, 100), &is_awaited);
        assert_eq!(
            (ended.err(), asked.get()),
            (Some(Failed::Left), stops_at),
            "{stops_at}"
        );
    }
}

#[test]
fn a_file_that_is_no_such_model_is_refused() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tiny-writer");
    let whole = std::fs::read(folder.join("alphabet.gguf")).unwrap();
    let with = |from: &str, to: &str| {
        let at = whole
            .windows(from.len())
            .position(|part| part == from.as_bytes());
        let mut changed = whole.clone();
        changed[at.unwrap()..][..to.len()].copy_from_slice(to.as_bytes());
        changed
    };
    for (network, expected) in [
        (with("GGUF", "GGML"), "unknown magic"),
        (
            with("llama.context_length", "llama.context_height"),
            "it has no number `llama.context_length`",
        ),
        (
            with("smollm", "gpt-99"),
            "its texts are split as those of `gpt-99`, and only `smollm` is known",
        ),
        (
            with("tokenizer.ggml.token_type", "tokenizer.ggml.token_size"),
            "it has no list `tokenizer.ggml.token_type`",
        ),
        (
            with("blk.0.attn_k.weight", "blk.0.attn_x.weight"),
            "blk.0.attn_k.weight",
        ),
        (whole[..whole.len() - 100].to_vec(), "remaining in file"),
        (whole[..1_000].to_vec(), "remaining"),
        (Vec::new(), "failed to fill whole buffer"),
    ] {
        match Generator::ready(&network, 128) {
            Ok(_) => panic!("expected {expected}"),
            Err(what) => assert!(what.contains(expected), "{what}, expected {expected}"),
        }
    }
    let Err(what) = Generator::ready(&whole, 2049) else {
        panic!("it has only 2048 tokens");
    };
    assert_eq!(what, "it reads 2048 tokens, and `max-tokens` is more");
}
