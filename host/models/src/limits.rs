//! How much the program reads, holds and waits for. The table in `.github/SECURITY.md` has these limits too.

use std::time::Duration;

/// How long a model may take until it has answered once. The engine reads some files that are no network for ever.
pub(crate) const LOAD_TIME: Duration = Duration::from_secs(60);

/// The body of a request, in bytes: the host's 256 KiB of texts, if JSON writes each byte as six.
pub(crate) const BODY_BYTES: usize = 2 * 1024 * 1024;

/// How much of a body that is too large is read and thrown away, in bytes. A client that still sends does not read the
/// answer.
pub(crate) const DISCARDED_BYTES: usize = 32 * 1024 * 1024;

/// The head of a request, in bytes. A client of models sends 200 bytes, and a key.
pub(crate) const HEAD_BYTES: usize = 16 * 1024;

/// The header fields of a request.
pub(crate) const HEADERS: usize = 64;

/// The texts of one request: as many as the host allows a guest.
pub(crate) const BATCH_TEXTS: usize = 256;

/// The messages of one conversation. A host sends two.
pub(crate) const MESSAGES: usize = 256;

/// The texts with which an answer stops, as OpenAI has it, and the bytes of each.
pub(crate) const STOPS: usize = 4;
pub(crate) const STOP_BYTES: usize = 256;

/// The tokens of an answer, also if a request asks for more or does not say. A model of 135 million weights takes half a
/// minute for them.
pub(crate) const ANSWER_TOKENS: usize = 1_024;

/// The tokens of a prompt that are read at once. Attention holds a number for each of them and each token before, and for
/// each head: 9 MB for SmolLM2.
pub(crate) const PROMPT_STEP_TOKENS: usize = 64;

/// The connections at one time. Further clients wait until one ends. One body of each can be in memory.
pub(crate) const CONNECTIONS: usize = 64;

/// The requests that wait for one model. The sixteenth waits for minutes if all are large.
pub(crate) const WAITING_REQUESTS: usize = 16;

/// How long the program waits for another one that opens its socket in the same folder, which takes a millisecond.
pub(crate) const OPEN_TIME: Duration = Duration::from_secs(5);

/// How long a client may take for the head of a request. It may also leave a connection unused for so long.
pub(crate) const HEAD_TIME: Duration = Duration::from_secs(10);

/// How long a client may take to send a body: at 200 KB/s, ten seconds.
pub(crate) const BODY_TIME: Duration = Duration::from_secs(10);

/// How long a client may take to read an answer. The largest one has 1 MB.
pub(crate) const ANSWER_TIME: Duration = Duration::from_secs(30);

/// How long the program goes on after SIGTERM for the requests in flight. The largest request takes half of that.
pub(crate) const STOP_TIME: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_on_security_has_these_limits() {
        let page = include_str!("../../../.github/SECURITY.md");
        let (_, rest) = page.split_once("`host/models/src/limits.rs`").unwrap();
        let rows = rest.lines().skip_while(|line| !line.starts_with("| `"));
        let found: Vec<_> = rows
            .take_while(|line| !line.is_empty())
            .map(|line| line.split(" | ").take(2).collect::<Vec<_>>().join(" "))
            .collect();
        let number = |name: &str, value: u64| format!("| `{name}` {value}");
        let time = |name: &str, value: Duration| format!("| `{name}` {} s", value.as_secs());
        assert_eq!(
            found,
            [
                time("LOAD_TIME", LOAD_TIME),
                number("BODY_BYTES", BODY_BYTES as u64),
                number("DISCARDED_BYTES", DISCARDED_BYTES as u64),
                number("HEAD_BYTES", HEAD_BYTES as u64),
                number("HEADERS", HEADERS as u64),
                number("BATCH_TEXTS", BATCH_TEXTS as u64),
                number("MESSAGES", MESSAGES as u64),
                number("STOPS", STOPS as u64),
                number("STOP_BYTES", STOP_BYTES as u64),
                number("ANSWER_TOKENS", ANSWER_TOKENS as u64),
                number("PROMPT_STEP_TOKENS", PROMPT_STEP_TOKENS as u64),
                number("CONNECTIONS", CONNECTIONS as u64),
                number("WAITING_REQUESTS", WAITING_REQUESTS as u64),
                time("OPEN_TIME", OPEN_TIME),
                time("HEAD_TIME", HEAD_TIME),
                time("BODY_TIME", BODY_TIME),
                time("ANSWER_TIME", ANSWER_TIME),
                time("STOP_TIME", STOP_TIME),
            ]
        );
    }
}
