//! Messages as the tokens of a prompt, and tokens as bytes.
//!
//! The tokens, and the form of a conversation, stand in the model's file. What a message says is only text: `<|im_end|>` in
//! it does not end it.

use std::collections::HashMap;

use candle_core::quantized::gguf_file::{Content, Value};
use candle_core::quantized::tokenizer::TokenizerFromGguf;
use tokenizers::Tokenizer;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;

use crate::failed::Failed;

/// Marks the begin of a message.
const BEGIN: &str = "<|im_start|>";

/// Marks the end of a message.
const END: &str = "<|im_end|>";

/// Marks the end of a text that is no conversation.
const TEXT_END: &str = "<|endoftext|>";

/// Who says a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    System,
    User,
    Assistant,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
        }
    }
}

/// A message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) role: Role,
    pub(crate) text: String,
}

/// The tokens of a model that was trained on conversations.
pub(crate) struct Chat {
    tokenizer: Tokenizer,
    /// The bytes of each token. A mark has none.
    bytes: Vec<Vec<u8>>,
    /// The most bytes that a token has.
    longest: usize,
    begin: u32,
    end: u32,
    text_end: Option<u32>,
    /// What the system says if the messages do not say it.
    system: Option<String>,
}

impl Chat {
    /// Reads the tokens out of the description in a model's file.
    pub(crate) fn read(content: &Content) -> Result<Chat, String> {
        let text = |key: &str| {
            let value = content.metadata.get(key);
            let text = value.and_then(|value| value.to_string().ok());
            text.ok_or_else(|| format!("it has no text `{key}`"))
        };
        // Each model splits texts in its own way, and another way gives tokens that it does not know.
        let split = text("tokenizer.ggml.pre")?;
        if split != "smollm" {
            return Err(format!(
                "its texts are split as those of `{split}`, and only `smollm` is known"
            ));
        }
        let template = text("tokenizer.chat_template")?;
        if !template.contains(BEGIN) {
            return Err(format!("its conversations have no `{BEGIN}`"));
        }
        let mut tokenizer =
            Tokenizer::from_gguf(content).map_err(|error| format!("its tokens: {error}"))?;
        tokenizer.with_pre_tokenizer(Some(Sequence::new(vec![
            Digits::new(true).into(),
            ByteLevel::new(false, true, true).into(),
        ])));
        tokenizer.set_encode_special_tokens(true);
        let mark = |name: &str| {
            let token = tokenizer.token_to_id(name);
            token.ok_or_else(|| format!("it has no token `{name}`"))
        };
        let bytes = bytes(content)?;
        Ok(Chat {
            begin: mark(BEGIN)?,
            end: mark(END)?,
            text_end: mark(TEXT_END).ok(),
            longest: bytes.iter().map(Vec::len).max().unwrap_or(0).max(1),
            bytes,
            tokenizer,
            system: said_by_the_system(template).map(str::to_owned),
        })
    }

    /// The tokens of a conversation, at which the model is to go on. There are at most `max`.
    pub(crate) fn tokens(&self, messages: &[Message], max: usize) -> Result<Vec<u32>, Failed> {
        let begins_with_system = messages.first().map(|message| message.role) == Some(Role::System);
        let system = self.system.as_ref().filter(|_| !begins_with_system);
        let system = system.map(|text| (Role::System, &**text));
        let messages = messages
            .iter()
            .map(|message| (message.role, &*message.text));
        let messages: Vec<(Role, &str)> = system.into_iter().chain(messages).collect();
        // Texts far too long are not split at all.
        let least = messages
            .iter()
            .map(|(_, text)| text.len() / self.longest)
            .sum();
        if least > max {
            return Err(Failed::PromptTooLong { tokens: least, max });
        }
        let mut tokens = Vec::new();
        for (role, text) in messages {
            tokens.push(self.begin);
            self.add(&format!("{}\n{text}", role.name()), &mut tokens)?;
            tokens.push(self.end);
            self.add("\n", &mut tokens)?;
        }
        tokens.push(self.begin);
        self.add("assistant\n", &mut tokens)?;
        match tokens.len() > max {
            true => Err(Failed::PromptTooLong {
                tokens: tokens.len(),
                max,
            }),
            false => Ok(tokens),
        }
    }

    fn add(&self, text: &str, tokens: &mut Vec<u32>) -> Result<(), Failed> {
        let encoded = self.tokenizer.encode_fast(text, false);
        let encoded = encoded.map_err(|error| Failed::Engine(error.to_string()))?;
        tokens.extend_from_slice(encoded.get_ids());
        Ok(())
    }

    /// Whether the answer is whole when this token comes.
    pub(crate) fn ends(&self, token: u32) -> bool {
        token == self.end || Some(token) == self.text_end
    }

    pub(crate) fn bytes(&self, token: u32) -> &[u8] {
        self.bytes.get(token as usize).map_or(&[], Vec::as_slice)
    }
}

/// What the form of a conversation has the system say if the messages do not say it.
fn said_by_the_system(template: &str) -> Option<&str> {
    let (_, rest) = template.split_once("'<|im_start|>system\n")?;
    let (text, _) = rest.split_once(END)?;
    (!text.contains(['\'', '{', '}', '\\'])).then_some(text)
}

/// The bytes of all tokens. In the file, each byte of a token is a visible character.
fn bytes(content: &Content) -> Result<Vec<Vec<u8>>, String> {
    let list = |key: &str| {
        let value = content.metadata.get(key);
        let list = value.and_then(|value| value.to_vec().ok());
        list.ok_or_else(|| format!("it has no list `{key}`"))
    };
    let texts = list("tokenizer.ggml.tokens")?;
    let kinds = list("tokenizer.ggml.token_type")?;
    if texts.len() != kinds.len() {
        return Err(format!(
            "it has {} tokens, and the kinds of {}",
            texts.len(),
            kinds.len()
        ));
    }
    let byte_of: HashMap<char, u8> = characters().zip(0..=u8::MAX).collect();
    let of_token = |(text, kind): (&Value, &Value)| {
        let text = text.to_string().map_err(|error| error.to_string())?;
        // 1 is a token of texts. The others are marks.
        if kind.to_i32().ok() != Some(1) {
            return Ok(Vec::new());
        }
        let bytes: Option<_> = text.chars().map(|c| byte_of.get(&c).copied()).collect();
        bytes.ok_or_else(|| format!("its token `{text}` is no bytes"))
    };
    texts.iter().zip(kinds).map(of_token).collect()
}

/// The character of each byte, from 0 to 255: itself if it is visible, and otherwise the next one from U+0100 on.
fn characters() -> impl Iterator<Item = char> {
    let mut next = 0x100;
    (0..=u8::MAX).map(move |byte| match byte {
        b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF => char::from(byte),
        _ => {
            next += 1;
            char::from_u32(next - 1).unwrap_or(char::REPLACEMENT_CHARACTER)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{characters, said_by_the_system};

    #[test]
    fn each_byte_has_a_visible_character() {
        let characters: String = characters().collect();
        assert_eq!(characters.chars().count(), 256);
        let shown: String = characters.chars().skip(32).take(3).collect();
        assert_eq!(shown, "Ġ!\"");
        assert!(characters.starts_with("ĀāĂă") && characters.ends_with("ýþÿ"));
        let different: std::collections::BTreeSet<char> = characters.chars().collect();
        assert_eq!(different.len(), 256);
    }

    #[test]
    fn what_the_system_says_is_read_out_of_the_form() {
        for (template, expected) in [
            (
                "{{ '<|im_start|>system\nBe kind<|im_end|>\n' }}{{ '<|im_start|>' }}",
                Some("Be kind"),
            ),
            ("{{ '<|im_start|>' + message['role'] }}", None),
            ("'<|im_start|>system\n' + messages[0] + '<|im_end|>'", None),
        ] {
            assert_eq!(said_by_the_system(template), expected, "{template}");
        }
    }
}
