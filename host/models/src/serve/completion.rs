//! The answer of `POST /v1/chat/completions`.

use serde::Serialize;

use crate::generator::{Token, Written};

#[derive(Serialize)]
struct Completion<'a> {
    /// OpenAI's clients expect one. Answers are not kept here, so nobody can ask for one by it.
    id: &'static str,
    object: &'static str,
    created: u64,
    model: &'a str,
    /// The digest of the model.
    system_fingerprint: &'a str,
    choices: [Choice<'a>; 1],
    usage: Usage,
}

#[derive(Serialize)]
struct Choice<'a> {
    index: usize,
    message: Message<'a>,
    logprobs: Option<Logprobs<'a>>,
    finish_reason: &'static str,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
}

#[derive(Serialize)]
struct Logprobs<'a> {
    content: Vec<One<'a>>,
}

/// A token. Its text can be half a character, and then only the bytes are exact.
#[derive(Serialize)]
struct One<'a> {
    token: String,
    logprob: f32,
    bytes: &'a [u8],
    top_logprobs: [(); 0],
}

#[derive(Serialize)]
struct Usage {
    prompt_tokens: usize,
    completion_tokens: usize,
    total_tokens: usize,
}

impl One<'_> {
    fn new(token: &Token) -> One<'_> {
        One {
            token: String::from_utf8_lossy(&token.bytes).into_owned(),
            logprob: token.logprob as f32,
            bytes: &token.bytes,
            top_logprobs: [],
        }
    }
}

/// The answer as JSON.
pub(super) fn written(
    model: &str,
    digest: &str,
    written: &Written,
    shows_logprobs: bool,
) -> serde_json::Result<String> {
    let content = || written.tokens.iter().map(One::new).collect();
    let logprobs = shows_logprobs.then(|| Logprobs { content: content() });
    serde_json::to_string(&Completion {
        id: "chatcmpl-0",
        object: "chat.completion",
        created: 0,
        model,
        system_fingerprint: digest,
        choices: [Choice {
            index: 0,
            message: Message {
                role: "assistant",
                content: &written.text,
            },
            logprobs,
            finish_reason: match written.is_cut {
                true => "length",
                false => "stop",
            },
        }],
        usage: Usage {
            prompt_tokens: written.prompt_tokens,
            completion_tokens: written.made_tokens,
            total_tokens: written.prompt_tokens + written.made_tokens,
        },
    })
}
