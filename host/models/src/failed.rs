//! Why a model gave no answer.

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failed {
    /// One of the texts is too long.
    #[error("text {text} has {tokens} tokens, at most {max} fit")]
    TooLong {
        text: usize,
        tokens: usize,
        max: usize,
    },
    /// The messages are too long.
    #[error("the prompt has {tokens} tokens, at most {max} fit")]
    PromptTooLong { tokens: usize, max: usize },
    /// The engine failed.
    #[error("the engine failed: {0}")]
    Engine(String),
    /// Nobody waits for the answer.
    #[error("nobody waits for the answer")]
    Left,
}
