//! How much one run may ask of models, and how large one call may be. A policy can lower the quotas.

use fractalaw_host::{Quota, QuotaLimit};

/// The calls of one run. The fuel of the heavy tier pays for a tenth of them.
pub(crate) static CALLS: QuotaLimit =
    QuotaLimit::host(Quota::new("ai-calls", "calls of models"), 10_000);

/// The tokens that models read and wrote for one run. The fuel of the heavy tier pays for 14 000 tokens that are read.
/// Those that are written are not paid with fuel, so this bounds them.
pub(crate) static TOKENS: QuotaLimit =
    QuotaLimit::host(Quota::new("ai-tokens", "tokens of models"), 1_000_000);

/// The bytes of all texts of one call. They are split into tokens while other runs wait. A byte of English takes 46 ns and
/// of Korean 134 ns, measured on a busy machine, so a call takes 6 to 18 ms. The base of its price stands for 5 ms.
pub const CALL_BYTES: usize = 128 * 1024;

/// The texts of one `embed-batch`. Servers of models allow as many or more.
pub const BATCH_TEXTS: usize = 256;

/// The categories of one `classify`. Nobody tells more of them apart by a name.
pub const CATEGORIES: usize = 256;

/// The tokens of one text that the exact model reads. It has no window. Further tokens would hardly change the sum.
pub const TEXT_TOKENS: u64 = 8_192;

/// The tokens of an answer that is written. A guest that asks for more is given these.
pub const GENERATED_TOKENS: u32 = 4_096;

/// An answer of a server, in bytes: 256 vectors of 1 024 numbers as text are 4 MB.
pub const ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// The headers of an answer, in bytes. Servers allow themselves 8 to 16 KB.
pub const HEADER_BYTES: usize = 64 * 1024;

/// The shortest key of a server, in bytes. A shorter one is no secret, and could not be told from other text in an answer.
pub const KEY_BYTES_MIN: usize = 8;

/// The file of recorded answers, in bytes. It is read as a whole.
pub const RECORDING_BYTES: u64 = 64 * 1024 * 1024;

/// The calls that a report shows one by one. Further calls are counted, with one digest over all of them.
pub const SHOWN_CALLS: usize = 1_000;

/// The bytes of one text that a report shows, if the policy says so. For a longer text, it shows the length and the
/// digest.
pub const SHOWN_TEXT_BYTES: usize = 4 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_on_security_has_these_limits() {
        let page = include_str!("../../../.github/SECURITY.md");
        let (_, rest) = page.split_once("`host/ai/src/limits.rs`").unwrap();
        let rows = rest.lines().skip_while(|line| !line.starts_with("| `"));
        let found: Vec<_> = rows
            .take_while(|line| !line.is_empty())
            .map(|line| line.split(" | ").take(2).collect::<Vec<_>>().join(" "))
            .collect();
        let limits = [
            ("CALLS", CALLS.most),
            ("TOKENS", TOKENS.most),
            ("CALL_BYTES", CALL_BYTES as u64),
            ("BATCH_TEXTS", BATCH_TEXTS as u64),
            ("CATEGORIES", CATEGORIES as u64),
            ("TEXT_TOKENS", TEXT_TOKENS),
            ("GENERATED_TOKENS", u64::from(GENERATED_TOKENS)),
            ("ANSWER_BYTES", ANSWER_BYTES as u64),
            ("HEADER_BYTES", HEADER_BYTES as u64),
            ("KEY_BYTES_MIN", KEY_BYTES_MIN as u64),
            ("RECORDING_BYTES", RECORDING_BYTES),
            ("SHOWN_CALLS", SHOWN_CALLS as u64),
            ("SHOWN_TEXT_BYTES", SHOWN_TEXT_BYTES as u64),
        ];
        assert_eq!(
            found,
            limits.map(|(name, value)| format!("| `{name}` {value}"))
        );
    }
}
