//! The text of an answer, token by token, and where it ends early.

/// A token of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    pub(crate) bytes: Vec<u8>,
    pub(crate) logprob: f64,
}

/// What was written so far.
#[derive(Default)]
pub(crate) struct Text {
    bytes: Vec<u8>,
    pub(crate) tokens: Vec<Token>,
}

impl Text {
    /// Adds a token. True if a text with which the answer is to stop was completed: then that text, and what came after
    /// it, is taken off again. A token of which nothing is left is taken off too.
    pub(crate) fn add(&mut self, token: Token, stop: &[String]) -> bool {
        let before = self.bytes.len();
        self.bytes.extend_from_slice(&token.bytes);
        self.tokens.push(token);
        let Some(longest) = stop.iter().map(String::len).max() else {
            return false;
        };
        // A stop that begins earlier would have been found earlier. A token may have no bytes.
        let from = (before + 1).saturating_sub(longest).min(before);
        let new = &self.bytes[from..];
        let found = stop
            .iter()
            .filter_map(|stop| {
                new.windows(stop.len())
                    .position(|part| part == stop.as_bytes())
            })
            .min();
        let Some(found) = found else { return false };
        self.bytes.truncate(from + found);
        let mut begin = 0;
        let kept = self.tokens.iter().position(|token| {
            let is_gone = begin >= self.bytes.len();
            begin += token.bytes.len();
            is_gone
        });
        self.tokens.truncate(kept.unwrap_or(self.tokens.len()));
        true
    }

    /// The text. If it ends within a character, that character is left out.
    pub(crate) fn finish(self) -> (String, Vec<Token>) {
        let cut = match std::str::from_utf8(&self.bytes) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => self.bytes.len(),
        };
        let text = String::from_utf8_lossy(&self.bytes[..cut]).into_owned();
        (text, self.tokens)
    }
}

#[cfg(test)]
mod tests {
    use super::{Text, Token};

    fn written(tokens: &[&[u8]], stop: &[&str]) -> (String, usize, bool) {
        let stop: Vec<String> = stop.iter().map(|stop| (*stop).to_owned()).collect();
        let mut text = Text::default();
        let mut is_stopped = false;
        for bytes in tokens {
            let token = Token {
                bytes: bytes.to_vec(),
                logprob: 0.0,
            };
            is_stopped = text.add(token, &stop);
            if is_stopped {
                break;
            }
        }
        let (text, tokens) = text.finish();
        (text, tokens.len(), is_stopped)
    }

    #[test]
    fn an_answer_ends_before_the_text_that_stops_it() {
        for (tokens, stop, expected) in [
            (&["a", " b", " c"][..], &[][..], ("a b c", 3, false)),
            (&["a", " b", " c"], &["x"], ("a b c", 3, false)),
            // A token that stands for no text.
            (&["a", "", "b"], &[], ("ab", 3, false)),
            (&["a", "", "b"], &["x"], ("ab", 3, false)),
            (&["a", "", "b"], &["ab"], ("", 0, true)),
            (&["a", " b", " c"], &[" b"], ("a", 1, true)),
            // Across tokens, within one, and at the begin.
            (&["a", " b", " c"], &["b c"], ("a ", 2, true)),
            (&["a", " b.c d"], &["c"], ("a b.", 2, true)),
            (&["\n", "\n", "a"], &["\n\n"], ("", 0, true)),
            // The first of several in the text counts.
            (&["a", " b c"], &["c", "b"], ("a ", 2, true)),
        ] {
            let tokens: Vec<&[u8]> = tokens.iter().map(|token| token.as_bytes()).collect();
            let (text, count, is_stopped) = written(&tokens, stop);
            assert_eq!((&*text, count, is_stopped), expected, "{tokens:?} {stop:?}");
        }
    }

    #[test]
    fn half_a_character_is_left_out() {
        for (tokens, expected) in [
            (&[&b"a"[..], b"\xc3", b"\xa9"][..], "aé"),
            (&[b"a", b"\xc3"], "a"),
            (&[b"a", b"\xe2\x82"], "a"),
            // What is no character anyway is replaced.
            (&[b"a", b"\xff", b"b"], "a\u{fffd}b"),
        ] {
            assert_eq!(written(tokens, &[]).0, expected, "{tokens:?}");
        }
    }
}
